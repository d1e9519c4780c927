/** ResourceSlices against upstream's rules. */
import type { ResourceSlice } from '@typernetes/openapi/types/resource/v1';
import { validateNodeSelector } from '../../core/pod/validate-scheduling.ts';
import { validateDriverName } from '../../storage/driver-name.ts';
import {
  checked,
  dns1123Subdomain,
  type FieldError,
  immutable,
  invalidValue,
  type Path,
  path,
  required,
} from '../../validation/index.ts';
import { validatePoolName } from '../names.ts';
import { validateCounterSets, validateDevices } from './devices.ts';

type Spec = ResourceSlice['spec'];

const at = path('spec');
const nodeChoices = 'exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required';

export function validateSlice(slice: ResourceSlice): FieldError[] {
  return validateSpec(slice.spec ?? {}, undefined);
}

export function validateSliceUpdate(slice: ResourceSlice, old: Readonly<ResourceSlice>): FieldError[] {
  return validateSpec(slice.spec ?? {}, old.spec ?? {});
}

/** Clients may leave out whatever the types promise. */
function validateSpec(spec: Partial<Spec>, old: Partial<Spec> | undefined): FieldError[] {
  return [
    ...validateDriverName(spec.driver, at.child('driver')),
    ...validatePool(spec.pool ?? {}, at.child('pool')),
    ...(old ? validateChange(spec, old) : []),
    ...validateNodes(spec),
    ...(spec.sharedCounters !== undefined && spec.devices !== undefined
      ? [invalidValue(at, '', 'only one of `sharedCounters` or `devices` is allowed')]
      : []),
    ...validateDevices(spec, old, at.child('devices')),
    ...validateCounterSets(spec.sharedCounters, at.child('sharedCounters')),
  ];
}

function validateChange(spec: Partial<Spec>, old: Partial<Spec>): FieldError[] {
  return [
    ...immutable(at.child('pool', 'name'), spec.pool?.name, old.pool?.name),
    ...immutable(at.child('driver'), spec.driver, old.driver),
    ...immutable(at.child('nodeName'), spec.nodeName, old.nodeName),
  ];
}

function validatePool(pool: Partial<Spec['pool']>, here: Path): FieldError[] {
  const { name, resourceSliceCount = 0, generation = 0 } = pool;
  const errors = validatePoolName(name, here.child('name'));
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
    const terms = nodeSelector.nodeSelectorTerms ?? null;
    const termsAt = at.child('nodeSelector', 'nodeSelectorTerms');
    if (terms?.length !== 1) errors.push(invalidValue(termsAt, terms, 'must have exactly one node selector term'));
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
