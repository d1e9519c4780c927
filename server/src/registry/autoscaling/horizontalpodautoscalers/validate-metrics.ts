import type { CrossVersionObjectReference, MetricSpec, MetricTarget } from '@typernetes/openapi/types/autoscaling/v2';
import type { FieldError, Path } from '../../validation/index.ts';
import {
  checked,
  dns1123Label,
  forbiddenField,
  invalidValue,
  notSupported,
  pathSegmentName,
  required,
  sign,
  validateContainerResourceName,
} from '../../validation/index.ts';

export const METRIC_FIELDS: Readonly<Record<string, SourceField>> = {
  ContainerResource: 'containerResource',
  External: 'external',
  Object: 'object',
  Pods: 'pods',
  Resource: 'resource',
};
type SourceField = 'object' | 'external' | 'pods' | 'resource' | 'containerResource';

type ApiVersions = 'any' | 'core too' | 'with group';

/** A reference to an object, and what its apiVersion may be. */
export function validateObjectReference(
  reference: CrossVersionObjectReference | undefined,
  apiVersions: ApiVersions,
  at: Path,
): FieldError[] {
  const { kind, name, apiVersion = '' } = reference ?? {};
  const errors = Object.entries({ kind, name }).flatMap(([part, value]) =>
    value ? checked(at.child(part), value, pathSegmentName(value)) : [required(at.child(part), '')],
  );
  const wrong = apiVersionMessage(apiVersion, apiVersions);
  if (wrong !== undefined) errors.push(invalidValue(at.child('apiVersion'), apiVersion, wrong));
  return errors;
}

function apiVersionMessage(apiVersion: string, allowed: ApiVersions): string | undefined {
  if (allowed === 'any') return undefined;
  if (apiVersion.split('/').length > 2) return `unexpected GroupVersion string: ${apiVersion}`;
  const hasGroup = apiVersion.includes('/') && !apiVersion.startsWith('/');
  return allowed === 'core too' || hasGroup ? undefined : 'apiVersion must specify API group';
}

export function validateMetrics(
  metrics: readonly MetricSpec[],
  old: readonly MetricSpec[],
  minReplicas: number | undefined,
  at: Path,
): FieldError[] {
  // One that was there already does no harm.
  const alreadyWrong = old.some(
    ({ type, object }) =>
      type === 'Object' &&
      object &&
      apiVersionMessage(object.describedObject?.apiVersion ?? '', 'core too') !== undefined,
  );
  const errors = metrics.flatMap((metric, index) =>
    validateMetric(metric, alreadyWrong ? 'any' : 'core too', at.index(index)),
  );
  if (minReplicas === 0 && !metrics.some(({ type }) => type === 'Object' || type === 'External')) {
    const message = 'must specify at least one Object or External metric to support scaling to zero replicas';
    errors.push(forbiddenField(at, message));
  }
  return errors;
}

/** Upstream looks at the first source in this order; the type comes in when it tells which one should be there. */
const ORDER: readonly SourceField[] = ['object', 'external', 'pods', 'resource', 'containerResource'];

function validateMetric(metric: MetricSpec, apiVersions: ApiVersions, at: Path): FieldError[] {
  const types = Object.keys(METRIC_FIELDS);
  const { type } = metric;
  const expected = Object.hasOwn(METRIC_FIELDS, type) ? METRIC_FIELDS[type] : undefined;
  const unknown = notSupported(at.child('type'), type, types);
  const errors: FieldError[] = [];
  if (!type) errors.push(required(at.child('type'), 'must specify a metric source type'));
  if (expected === undefined) errors.push(unknown);
  const present = ORDER.filter((field) => metric[field] !== undefined);
  const [first] = present;
  if (first !== undefined) errors.push(...validateSource(metric, first, apiVersions, at.child(first)));
  if (expected === undefined) errors.push(unknown);
  else if (metric[expected] === undefined)
    errors.push(required(at.child(expected), 'must populate information for the given metric source'));
  if (present.length !== 1)
    for (const field of present)
      if (field !== expected)
        errors.push(forbiddenField(at.child(field), 'must populate the given metric source only'));
  return errors;
}

function validateSource(metric: MetricSpec, field: SourceField, apiVersions: ApiVersions, at: Path): FieldError[] {
  const source = metric[field];
  if (source === undefined) return [];
  const { target } = source;
  const place = at.child('target');
  const errors: FieldError[] = [];
  if (field === 'object')
    errors.push(...validateObjectReference(metric.object?.describedObject, apiVersions, at.child('describedObject')));
  if ('metric' in source) {
    const { name } = source.metric;
    const here = at.child('metric', 'name');
    errors.push(
      ...(name ? checked(here, name, pathSegmentName(name)) : [required(here, 'must specify a metric name')]),
    );
  } else errors.push(...validateResource(metric, field, at));
  errors.push(...validateTarget(target, place));
  const { value, averageValue, averageUtilization } = target ?? {};
  const average = place.child('averageValue');
  switch (field) {
    case 'object':
      if (value === undefined && averageValue === undefined)
        errors.push(required(average, 'must set either a target value or averageValue'));
      break;
    case 'external':
      if (value === undefined && averageValue === undefined)
        errors.push(required(average, 'must set either a target value for metric or a per-pod target'));
      if (value !== undefined && averageValue !== undefined) {
        const message = 'may not set both a target value for metric and a per-pod target';
        errors.push(forbiddenField(place.child('value'), message));
      }
      break;
    case 'pods':
      if (averageValue === undefined) errors.push(required(average, 'must specify a positive target averageValue'));
      break;
    case 'resource':
    case 'containerResource':
      if (averageUtilization === undefined && averageValue === undefined) {
        const message = 'must set either a target raw value or a target utilization';
        errors.push(required(place.child('averageUtilization'), message));
      }
      if (averageUtilization !== undefined && averageValue !== undefined)
        errors.push(forbiddenField(average, 'may not set both a target raw value and a target utilization'));
      break;
    default:
      field satisfies never;
  }
  return errors;
}

function validateResource(metric: MetricSpec, field: SourceField, at: Path): FieldError[] {
  if (field === 'resource')
    return metric.resource?.name ? [] : [required(at.child('name'), 'must specify a resource name')];
  const { name, container } = metric.containerResource ?? {};
  return [
    ...(name
      ? validateContainerResourceName(name, at.child('name'))
      : [required(at.child('name'), 'must specify a resource name')]),
    ...(container
      ? checked(at.child('container'), container, dns1123Label(container))
      : [required(at.child('container'), 'must specify a container')]),
  ];
}

function validateTarget(target: MetricTarget | undefined, at: Path): FieldError[] {
  const { type = '', value, averageValue, averageUtilization } = target ?? {};
  const errors: FieldError[] = [];
  if (type === '') errors.push(required(at.child('type'), 'must specify a metric target type'));
  if (!['Utilization', 'Value', 'AverageValue'].includes(type))
    errors.push(invalidValue(at.child('type'), type, 'must be either Utilization, Value, or AverageValue'));
  for (const [field, quantity] of Object.entries({ value, averageValue }))
    if (quantity !== undefined && sign(quantity) !== 1)
      errors.push(invalidValue(at.child(field), quantity, 'must be positive'));
  if (averageUtilization !== undefined && averageUtilization < 1)
    errors.push(invalidValue(at.child('averageUtilization'), averageUtilization, 'must be greater than 0'));
  return errors;
}
