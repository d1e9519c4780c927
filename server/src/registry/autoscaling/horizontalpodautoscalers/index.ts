import type {
  HorizontalPodAutoscaler,
  HPAScalingRules,
  MetricSpec,
  MetricStatus,
} from '@typernetes/openapi/types/autoscaling/v2';
import { withoutRoundTrip } from '../../conversion/horizontal-pod-autoscaler.ts';
import type { ResourceRegistration } from '../../generic/strategy.ts';
import { age, ageColumn, nameColumn, text } from '../../printing/index.ts';
import type { FieldError, Path } from '../../validation/index.ts';
import {
  invalidValue,
  NOT_NEGATIVE,
  nonNegativeFields,
  notSupported,
  optionalOneOf,
  path,
  required,
  sign,
} from '../../validation/index.ts';

import { METRIC_FIELDS, validateMetrics, validateObjectReference } from './validate-metrics.ts';

const spec = path('spec');

function defaultAutoscaler(autoscaler: HorizontalPodAutoscaler): void {
  // What v1 keeps in annotations, v2 has fields for.
  Object.assign(autoscaler, { metadata: withoutRoundTrip(autoscaler).metadata });
  const given = autoscaler.spec;
  if (!given) return;
  given.minReplicas ??= 1;
  if ((given.metrics ?? []).length === 0) {
    given.metrics = [
      { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } } },
    ];
  }
  if (!given.behavior) return;
  const percent = { type: 'Percent', value: 100, periodSeconds: 15 };
  given.behavior.scaleUp = defaultRules(given.behavior.scaleUp, {
    stabilizationWindowSeconds: 0,
    selectPolicy: 'Max',
    policies: [{ type: 'Pods', value: 4, periodSeconds: 15 }, percent],
  });
  given.behavior.scaleDown = defaultRules(given.behavior.scaleDown, { selectPolicy: 'Max', policies: [percent] });
}

function defaultRules(rules: HPAScalingRules | undefined, defaults: HPAScalingRules): HPAScalingRules {
  const set = Object.entries(rules ?? {}).filter(([, value]) => value !== undefined && value !== null);
  return { ...defaults, ...Object.fromEntries(set) };
}

function validateAutoscaler(
  autoscaler: HorizontalPodAutoscaler,
  old: Readonly<HorizontalPodAutoscaler> | undefined,
): FieldError[] {
  const given = autoscaler.spec;
  if (!given) return [required(spec.child('scaleTargetRef'), '')];
  const { minReplicas } = given;
  const maxReplicas = given.maxReplicas ?? 0;
  const lowest = old?.spec?.minReplicas === 0 ? 0 : 1;
  const errors: FieldError[] = [];
  if (minReplicas != null && minReplicas < lowest) {
    errors.push(invalidValue(spec.child('minReplicas'), minReplicas, `must be greater than or equal to ${lowest}`));
  }
  const at = spec.child('maxReplicas');
  if (maxReplicas === 0) errors.push(required(at, 'must be set and greater than 0'));
  else if (maxReplicas < 0) errors.push(invalidValue(at, maxReplicas, 'must be greater than or equal to 1'));
  if (minReplicas != null && maxReplicas < minReplicas) {
    errors.push(invalidValue(at, maxReplicas, 'must be greater than or equal to `minReplicas`'));
  }
  errors.push(...validateTarget(autoscaler, old));
  errors.push(...validateMetrics(given.metrics ?? [], old?.spec?.metrics ?? [], minReplicas, spec.child('metrics')));
  for (const direction of ['scaleUp', 'scaleDown'] as const) {
    errors.push(...validateRules(given.behavior?.[direction], spec.child('behavior', direction)));
  }
  return errors;
}

function validateTarget(
  autoscaler: HorizontalPodAutoscaler,
  old: Readonly<HorizontalPodAutoscaler> | undefined,
): FieldError[] {
  const reference = autoscaler.spec?.scaleTargetRef;
  const before = old?.spec?.scaleTargetRef;
  const unchanged =
    before !== undefined &&
    (before.apiVersion ?? '') === (reference?.apiVersion ?? '') &&
    before.kind === reference?.kind;
  // The one kind of the core group that can be scaled.
  const apiVersions = unchanged ? 'any' : reference?.kind === 'ReplicationController' ? 'core too' : 'with group';
  return validateObjectReference(reference, apiVersions, spec.child('scaleTargetRef'));
}

function validateRules(rules: HPAScalingRules | undefined, at: Path): FieldError[] {
  if (!rules) return [];
  const errors: FieldError[] = [];
  const seconds = rules.stabilizationWindowSeconds;
  const place = at.child('stabilizationWindowSeconds');
  if (seconds != null && seconds < 0)
    errors.push(invalidValue(place, seconds, 'must be greater than or equal to zero'));
  if (seconds != null && seconds > 3600)
    errors.push(invalidValue(place, seconds, 'must be less than or equal to 3600'));
  const selects = ['Disabled', 'Max', 'Min'];
  errors.push(...optionalOneOf(at.child('selectPolicy'), rules.selectPolicy, selects));
  if ((rules.policies ?? []).length === 0)
    errors.push(required(at.child('policies'), 'must specify at least one Policy'));
  for (const [index, policy] of (rules.policies ?? []).entries()) {
    const here = at.child('policies').index(index);
    if (!['Percent', 'Pods'].includes(policy.type))
      errors.push(notSupported(here.child('type'), policy.type, ['Percent', 'Pods']));
    if (policy.value <= 0) errors.push(invalidValue(here.child('value'), policy.value, 'must be greater than zero'));
    if (policy.periodSeconds <= 0)
      errors.push(invalidValue(here.child('periodSeconds'), policy.periodSeconds, 'must be greater than zero'));
    if (policy.periodSeconds > 1800) {
      errors.push(
        invalidValue(here.child('periodSeconds'), policy.periodSeconds, 'must be less than or equal to 1800'),
      );
    }
  }
  if (sign(rules.tolerance) < 0) errors.push(invalidValue(at.child('tolerance'), rules.tolerance, NOT_NEGATIVE));
  return errors;
}

/** One metric as `current/target`; resources carry their name. */
function metricText(metric: MetricSpec, status: MetricStatus | undefined): string {
  const field = METRIC_FIELDS[metric.type];
  if (field === undefined) return '<unknown type>';
  const target = metric[field]?.target;
  const current = status?.[field]?.current;
  const name = metric.resource?.name ?? metric.containerResource?.name;
  const prefix = (field === 'resource' || field === 'containerResource') && name !== undefined ? `${name}: ` : '';
  const unknown = '<unknown>';
  if (field === 'pods') return `${current?.averageValue ?? unknown}/${target?.averageValue ?? '0'}`;
  if (target?.averageValue != null) {
    const suffix = prefix === '' ? ' (avg)' : '';
    return `${prefix}${current?.averageValue ?? unknown}/${target.averageValue}${suffix}`;
  }
  if (prefix === '') return `${current?.value ?? unknown}/${target?.value ?? '0'}`;
  const percent = (value: number | undefined, other: string): string => (value == null ? other : `${value}%`);
  return `${prefix}${percent(current?.averageUtilization, unknown)}/${percent(target?.averageUtilization, '<auto>')}`;
}

function metricsText(autoscaler: HorizontalPodAutoscaler): string {
  const metrics = autoscaler.spec?.metrics ?? [];
  if (metrics.length === 0) return '<none>';
  const shown = metrics
    .slice(0, 2)
    .map((metric, index) => metricText(metric, autoscaler.status?.currentMetrics?.[index]));
  const more = metrics.length > 2 ? ` + ${metrics.length - 2} more...` : '';
  return `${shown.join(', ')}${more}`;
}

/** With the null that stands for no metrics yet. */
const emptyStatus = (): NonNullable<HorizontalPodAutoscaler['status']> =>
  Object.assign({ desiredReplicas: 0 }, { currentMetrics: null }) as { desiredReplicas: number };

export const horizontalpodautoscalers: ResourceRegistration<HorizontalPodAutoscaler> = {
  resource: { group: 'autoscaling', resource: 'horizontalpodautoscalers' },
  strategy: {
    hasGeneration: false,
    default: defaultAutoscaler,
    prepareForCreate(autoscaler) {
      autoscaler.status = emptyStatus();
    },
    prepareForUpdate(autoscaler, old) {
      autoscaler.status = structuredClone(old.status ?? emptyStatus());
    },
    // As upstream reads from its storage what came as another version.
    canonicalize: defaultAutoscaler,
    validate: (autoscaler) => validateAutoscaler(autoscaler, undefined),
    validateUpdate: validateAutoscaler,
    validateStatusUpdate: (autoscaler) =>
      nonNegativeFields(path('status'), autoscaler.status, ['currentReplicas', 'desiredReplicas']),
  },
  table: {
    columns: [
      nameColumn,
      text('Reference'),
      text('Targets'),
      text('MinPods'),
      text('MaxPods'),
      text('Replicas'),
      ageColumn,
    ],
    cells: (autoscaler, now) => [
      autoscaler.metadata?.name ?? '',
      `${autoscaler.spec?.scaleTargetRef?.kind ?? ''}/${autoscaler.spec?.scaleTargetRef?.name ?? ''}`,
      metricsText(autoscaler),
      autoscaler.spec?.minReplicas == null ? '<unset>' : String(autoscaler.spec.minReplicas),
      autoscaler.spec?.maxReplicas ?? 0,
      autoscaler.status?.currentReplicas ?? 0,
      age(autoscaler, now),
    ],
  },
};
