/** ResourceSlices against upstream's rules. */
import type { DeviceAttribute, ResourceSlice } from '@typernetes/openapi/types/resource/v1';
import { validateNodeSelector } from '../../core/pod/validate-scheduling.ts';
import {
  checked,
  dns1123Label,
  dns1123Subdomain,
  duplicate,
  type FieldError,
  immutable,
  invalidValue,
  type Path,
  path,
  required,
  tooLong,
  tooMany,
} from '../../validation/index.ts';

type Spec = NonNullable<ResourceSlice['spec']>;
type Device = NonNullable<Spec['devices']>[number];

const at = path('spec');
const maxDriverName = 63;
const maxPoolName = 253;
const maxDevices = 128;
const maxDevicesWithAdvancedFeatures = 64;
const maxAttributesAndCapacities = 32;
const maxCounterSets = 8;
const nodeChoices = 'exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required';

export function validateSlice(slice: ResourceSlice): FieldError[] {
  return validateSpec(slice.spec ?? {});
}

export function validateSliceUpdate(slice: ResourceSlice, old: Readonly<ResourceSlice>): FieldError[] {
  return [
    ...validateSpec(slice.spec ?? {}, (spec) => [
      ...immutable(at.child('pool', 'name'), spec.pool?.name, old.spec?.pool?.name),
      ...immutable(at.child('driver'), spec.driver, old.spec?.driver),
      ...immutable(at.child('nodeName'), spec.nodeName, old.spec?.nodeName),
    ]),
  ];
}

/** Clients may leave out whatever the types promise. */
function validateSpec(spec: Partial<Spec>, change: (spec: Partial<Spec>) => FieldError[] = () => []): FieldError[] {
  return [
    ...validateDriver(spec.driver, at.child('driver')),
    ...validatePool(spec.pool ?? {}, at.child('pool')),
    ...change(spec),
    ...validateNodes(spec),
    ...(spec.sharedCounters !== undefined && spec.devices !== undefined
      ? [invalidValue(at, '', 'only one of `sharedCounters` or `devices` is allowed')]
      : []),
    ...validateDevices(spec.devices ?? [], at.child('devices')),
    ...validateNames(spec.sharedCounters ?? [], maxCounterSets, at.child('sharedCounters')),
  ];
}

function validateDriver(driver: string | undefined, here: Path): FieldError[] {
  if (!driver) return [required(here, '')];
  return [
    ...(driver.length > maxDriverName ? [tooLong(here, '', maxDriverName)] : []),
    ...checked(here, driver, dns1123Subdomain(driver.toLowerCase())),
  ];
}

function validatePool(pool: Partial<Spec['pool']>, here: Path): FieldError[] {
  const { name = '', resourceSliceCount = 0, generation = 0 } = pool;
  const errors: FieldError[] = [];
  const nameAt = here.child('name');
  if (name === '') errors.push(required(nameAt, ''));
  else {
    if (name.length > maxPoolName) errors.push(tooLong(nameAt, '', maxPoolName));
    for (const part of name.split('/')) errors.push(...checked(nameAt, part, dns1123Subdomain(part)));
  }
  if (resourceSliceCount <= 0)
    errors.push(invalidValue(here.child('resourceSliceCount'), resourceSliceCount, 'must be greater than zero'));
  if (generation < 0)
    errors.push(invalidValue(here.child('generation'), generation, 'must be greater than or equal to zero'));
  return errors;
}

/** Where the devices are: said in one way only. */
function validateNodes(spec: Partial<Spec>): FieldError[] {
  const { nodeName, nodeSelector } = spec;
  const set: string[] = [];
  const errors: FieldError[] = [];
  if (nodeName === '')
    errors.push(invalidValue(at.child('nodeName'), nodeName, 'must be either unset or set to a non-empty string'));
  else if (nodeName !== undefined) {
    set.push('`nodeName`');
    errors.push(...checked(at.child('nodeName'), nodeName, dns1123Subdomain(nodeName)));
  }
  if (nodeSelector !== undefined) {
    set.push('`nodeSelector`');
    errors.push(...validateNodeSelector(nodeSelector, at.child('nodeSelector')));
    const terms = nodeSelector.nodeSelectorTerms;
    if (terms.length !== 1)
      errors.push(
        invalidValue(at.child('nodeSelector', 'nodeSelectorTerms'), terms, 'must have exactly one node selector term'),
      );
  }
  for (const field of ['allNodes', 'perDeviceNodeSelection'] as const) {
    if (spec[field] === true) set.push(`\`${field}\``);
    else if (spec[field] === false)
      errors.push(invalidValue(at.child(field), false, 'must be either unset or set to true'));
  }
  if (set.length === 0) errors.push(required(at, nodeChoices));
  else if (set.length > 1)
    errors.push(invalidValue(at, `{${set.join(', ')}}`, `${nodeChoices}, but multiple fields are set`));
  return errors;
}

function validateDevices(devices: readonly Device[], here: Path): FieldError[] {
  const advanced = devices.some(
    ({ taints, consumesCounters }) => (taints?.length ?? 0) > 0 || (consumesCounters?.length ?? 0) > 0,
  );
  const errors = validateNames(devices, advanced ? maxDevicesWithAdvancedFeatures : maxDevices, here);
  for (const [index, { attributes, capacity }] of devices.entries()) {
    for (const [name, attribute] of Object.entries(attributes ?? {}))
      errors.push(...validateAttribute(attribute, here.index(index).child('attributes').key(name)));
    const count = Object.keys(attributes ?? {}).length + Object.keys(capacity ?? {}).length;
    if (count > maxAttributesAndCapacities)
      errors.push(
        invalidValue(
          here.index(index),
          count,
          `the total number of attributes and capacities must not exceed ${maxAttributesAndCapacities}`,
        ),
      );
  }
  return errors;
}

const maxAttributeValue = 64;
const semver =
  /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-(?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)(?:\.(?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*))*)?(?:\+[0-9a-zA-Z-]+(?:\.[0-9a-zA-Z-]+)*)?$/;

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

/** Items with a DNS label each of their own; of too many nothing else is said. */
function validateNames(items: readonly { name?: string }[], most: number, here: Path): FieldError[] {
  if (items.length > most) return [tooMany(here, items.length, most)];
  const names = items.map(({ name = '' }) => name);
  return [
    ...names.flatMap((name, index) => {
      const nameAt = here.index(index).child('name');
      return checked(nameAt, name, dns1123Label(name));
    }),
    ...names.flatMap((name, index) => (names.indexOf(name) < index ? [duplicate(here.index(index), name)] : [])),
  ];
}
