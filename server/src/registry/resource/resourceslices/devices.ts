/** The devices of a slice. Clients may leave out whatever the types promise. */
import type {
  CounterSet,
  Device,
  DeviceAttribute,
  DeviceCounterConsumption,
  ResourceSlice,
} from '@typernetes/openapi/types/resource/v1';
import { validateNodeSelector } from '../../core/pod/validate-scheduling.ts';
import {
  checked,
  dns1123Subdomain,
  type FieldError,
  invalidValue,
  type Path,
  required,
  semanticEqual,
  tooLong,
} from '../../validation/index.ts';
import { validateBinding } from '../binding-conditions.ts';
import { validateItems, validateLabelName, validateMap, validateQualifiedName, validateSet } from '../names.ts';
import { validateTaint } from '../taints.ts';
import { validateCapacity } from './capacity.ts';

type Spec = Partial<ResourceSlice['spec']>;

const maxDevices = 128;
const maxDevicesWithAdvancedFeatures = 64;
const maxAttributesAndCapacities = 32;
const maxAttributeValue = 64;
const maxTaints = 16;
const maxCounterSets = 8;
const maxCounters = 32;
const maxConsumedCounterSets = 2;
const nodeChoices =
  'exactly one of `nodeName`, `nodeSelector`, or `allNodes` is required when `perDeviceNodeSelection` is set to true in the ResourceSlice spec';
const noNodeChoice =
  '`nodeName`, `nodeSelector` and `allNodes` can only be set if `perDeviceNodeSelection` is set to true in the ResourceSlice spec';
const semver =
  /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-(?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)(?:\.(?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*))*)?(?:\+[0-9a-zA-Z-]+(?:\.[0-9a-zA-Z-]+)*)?$/;

export function validateDevices(spec: Spec, old: Spec | undefined, at: Path): FieldError[] {
  const devices = spec.devices ?? [];
  const advanced = devices.some(
    ({ taints, consumesCounters }) => (taints?.length ?? 0) > 0 || (consumesCounters?.length ?? 0) > 0,
  );
  const check = (device: Device, here: Path): FieldError[] => {
    const before = old?.devices?.find(({ name }) => name === device.name);
    return validateDevice(device, before, spec.perDeviceNodeSelection === true, here);
  };
  const most = advanced ? maxDevicesWithAdvancedFeatures : maxDevices;
  return validateSet(devices, most, check, ({ name }) => name ?? '', at);
}

function validateDevice(device: Device, old: Device | undefined, placed: boolean, at: Path): FieldError[] {
  const { attributes, capacity } = device;
  const errors = validateLabelName(device.name, at.child('name'));
  const count = Object.keys(attributes ?? {}).length + Object.keys(capacity ?? {}).length;
  if (count > maxAttributesAndCapacities) {
    const message = `the total number of attributes and capacities must not exceed ${maxAttributesAndCapacities}`;
    errors.push(invalidValue(at, count, message));
  }
  const shared = device.allowMultipleAllocations === true;
  errors.push(
    ...validateMap(attributes, Infinity, validateQualifiedName, validateAttribute, at.child('attributes')),
    ...validateMap(
      capacity,
      Infinity,
      validateQualifiedName,
      (each, at) => validateCapacity(each, shared, at),
      at.child('capacity'),
    ),
  );
  if (!old || !semanticEqual(old.taints, device.taints))
    errors.push(...validateItems(device.taints, maxTaints, validateTaint, at.child('taints')));
  return [
    ...errors,
    ...validateSet(
      device.consumesCounters,
      maxConsumedCounterSets,
      validateConsumption,
      ({ counterSet }) => counterSet ?? '',
      at.child('consumesCounters'),
    ),
    ...(placed ? validatePlace(device, at) : refusePlace(device, at)),
    ...validateBinding(device, at),
  ];
}

function validatePlace({ nodeName, nodeSelector, allNodes }: Device, at: Path): FieldError[] {
  const errors: FieldError[] = [];
  const set: string[] = [];
  if (nodeName === '') errors.push(invalidValue(at.child('nodeName'), nodeName, 'must not be empty'));
  else if (nodeName != null) {
    set.push('`nodeName`');
    errors.push(...checked(at.child('nodeName'), nodeName, dns1123Subdomain(nodeName)));
  }
  if (nodeSelector) {
    set.push('`nodeSelector`');
    errors.push(...validateNodeSelector(nodeSelector, at.child('nodeSelector')));
  }
  if (allNodes === true) set.push('`allNodes`');
  else if (allNodes === false)
    errors.push(invalidValue(at.child('allNodes'), allNodes, 'must be either unset or set to true'));
  if (set.length === 0) errors.push(required(at, nodeChoices));
  else if (set.length > 1) errors.push(invalidValue(at, `{${set.join(', ')}}`, nodeChoices));
  return errors;
}

const refusePlace = ({ nodeName, nodeSelector, allNodes }: Device, at: Path): FieldError[] =>
  (nodeName ?? nodeSelector ?? allNodes ?? undefined) === undefined ? [] : [invalidValue(at, null, noNodeChoice)];

/** One value, of one type. */
function validateAttribute(attribute: DeviceAttribute, at: Path): FieldError[] {
  const given = (['bool', 'int', 'string', 'version'] as const).filter((name) => attribute[name] != null);
  const errors: FieldError[] = [];
  const { string, version } = attribute;
  if (string != null && Buffer.byteLength(string) > maxAttributeValue)
    errors.push(tooLong(at.child('string'), '', maxAttributeValue));
  if (version != null) {
    const here = at.child('version');
    if (!semver.test(version))
      errors.push(invalidValue(here, version, 'must be a string compatible with semver.org spec 2.0.0'));
    if (Buffer.byteLength(version) > maxAttributeValue) errors.push(tooLong(here, '', maxAttributeValue));
  }
  if (given.length !== 1)
    errors.push(invalidValue(at, given.length === 0 ? '' : attribute, 'exactly one value must be specified'));
  return errors;
}

function validateConsumption({ counterSet, counters }: Partial<DeviceCounterConsumption>, at: Path): FieldError[] {
  return [
    ...(counterSet ? validateLabelName(counterSet, at.child('counterSet')) : [required(at.child('counterSet'), '')]),
    ...validateCounters(counters, at.child('counters')),
  ];
}

export function validateCounterSets(sets: readonly CounterSet[] | undefined, at: Path): FieldError[] {
  const check = ({ name, counters }: Partial<CounterSet>, at: Path): FieldError[] => [
    ...(name ? validateLabelName(name, at.child('name')) : [required(at.child('name'), '')]),
    ...validateCounters(counters, at.child('counters')),
  ];
  return validateSet(sets, maxCounterSets, check, ({ name }) => name ?? '', at);
}

function validateCounters(counters: CounterSet['counters'] | undefined, at: Path): FieldError[] {
  if (Object.keys(counters ?? {}).length === 0) return [required(at, '')];
  return validateMap(counters, maxCounters, validateLabelName, () => [], at);
}
