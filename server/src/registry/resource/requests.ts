/** What a claim asks for. Clients may leave out whatever the types promise. */
import type {
  DeviceClaimConfiguration,
  DeviceConstraint,
  DeviceRequest,
  DeviceSubRequest,
  ExactDeviceRequest,
  ResourceClaimSpec,
} from '@typernetes/openapi/types/resource/v1';
import {
  checked,
  dns1123Subdomain,
  type FieldError,
  invalidValue,
  notSupported,
  type Path,
  required,
} from '../validation/index.ts';
import { maxConfigurations, validateConfiguration } from './configuration.ts';
import type { DeviceRequestLike } from './defaults.ts';
import { validateFullyQualifiedName, validateItems, validateLabelName, validateSet } from './names.ts';
import { validateDeviceSelectors } from './selectors.ts';
import { validateTolerations } from './taints.ts';

const maxRequests = 32;
const maxConstraints = 32;
const maxAlternatives = 8;
const allocationModes = ['All', 'ExactCount'];
const exactlyOne = 'exactly one of `exactly` or `firstAvailable` is required';
const unknownRequest =
  "must be the name of a request in the claim or the name of a request and a subrequest separated by '/'";

export function validateClaimSpec(spec: ResourceClaimSpec | undefined, at: Path): FieldError[] {
  const { requests, constraints, config } = spec?.devices ?? {};
  const here = at.child('devices');
  const names = requestNames(requests ?? []);
  return [
    ...validateSet(requests, maxRequests, validateRequest, ({ name }) => name ?? '', here.child('requests')),
    ...validateItems(
      constraints,
      maxConstraints,
      (each, at) => validateConstraint(each, names, at),
      here.child('constraints'),
    ),
    ...validateItems(
      config,
      maxConfigurations,
      (each, at) => validateClaimConfiguration(each, names, at),
      here.child('config'),
    ),
  ];
}

/** Of requests, and of requests with one of their alternatives. */
export function requestNames(requests: readonly DeviceRequest[]): Set<string> {
  return new Set(
    requests.flatMap(({ name, firstAvailable }) => [
      name,
      ...(firstAvailable ?? []).map((alternative) => `${name}/${alternative.name}`),
    ]),
  );
}

function validateRequest(request: DeviceRequest, at: Path): FieldError[] {
  const errors = validateLabelName(request.name, at.child('name'));
  const alternatives = request.firstAvailable ?? [];
  if (request.exactly && alternatives.length > 0)
    errors.push(invalidValue(at, null, `${exactlyOne}, but multiple fields are set`));
  else if (request.exactly) errors.push(...validateDevices(request.exactly, at.child('exactly')));
  else if (alternatives.length === 0) errors.push(required(at, exactlyOne));
  else {
    const here = at.child('firstAvailable');
    const check = (each: DeviceSubRequest, at: Path): FieldError[] => [
      ...validateLabelName(each.name, at.child('name')),
      ...validateDevices(each, at),
    ];
    errors.push(...validateSet(alternatives, maxAlternatives, check, ({ name }) => name ?? '', here));
  }
  return errors;
}

function validateDevices(request: ExactDeviceRequest | DeviceSubRequest, at: Path): FieldError[] {
  const { deviceClassName } = request;
  const classAt = at.child('deviceClassName');
  return [
    ...(deviceClassName
      ? checked(classAt, deviceClassName, dns1123Subdomain(deviceClassName))
      : [required(classAt, '')]),
    ...validateDeviceSelectors(request.selectors, at.child('selectors')),
    ...validateAllocation(request, at),
    ...validateTolerations(request.tolerations, at.child('tolerations')),
  ];
}

function validateAllocation({ allocationMode = '', count = 0 }: DeviceRequestLike, at: Path): FieldError[] {
  if (allocationMode === 'All')
    return count === 0
      ? []
      : [invalidValue(at.child('count'), count, "must not be specified when allocationMode is 'All'")];
  if (allocationMode === 'ExactCount')
    return count > 0 ? [] : [invalidValue(at.child('count'), count, 'must be greater than zero')];
  return [notSupported(at.child('allocationMode'), allocationMode, allocationModes)];
}

function validateConstraint(constraint: DeviceConstraint, names: ReadonlySet<string>, at: Path): FieldError[] {
  const { matchAttribute, distinctAttribute } = constraint;
  const errors = validateReferences(constraint.requests, names, at);
  if (matchAttribute != null) errors.push(...validateFullyQualifiedName(matchAttribute, at.child('matchAttribute')));
  else if (distinctAttribute != null)
    errors.push(...validateFullyQualifiedName(distinctAttribute, at.child('distinctAttribute')));
  else {
    const message = 'exactly one of "matchAttribute" or "distinctAttribute" is required, but multiple fields are set';
    errors.push(required(at, message));
  }
  return errors;
}

function validateClaimConfiguration(
  config: DeviceClaimConfiguration,
  names: ReadonlySet<string>,
  at: Path,
): FieldError[] {
  return [...validateReferences(config.requests, names, at), ...validateConfiguration(config, at)];
}

export function validateReferences(
  requests: readonly string[] | undefined,
  names: ReadonlySet<string>,
  at: Path,
): FieldError[] {
  const check = (name: string, at: Path): FieldError[] => validateReference(name, names, at);
  return validateSet(requests, maxRequests, check, (name) => name, at.child('requests'));
}

/** To one of the requests. */
export function validateReference(name: string, names: ReadonlySet<string>, at: Path): FieldError[] {
  const parts = name.split('/');
  if (parts.length > 2) return [invalidValue(at, name, unknownRequest)];
  return [
    ...parts.flatMap((part) => validateLabelName(part, at)),
    ...(names.has(name) ? [] : [invalidValue(at, name, unknownRequest)]),
  ];
}
