/** What becomes of a claim: its allocation, who holds it, what drivers say of its devices. */
import type {
  AllocatedDeviceStatus,
  AllocationResult,
  DeviceAllocationConfiguration,
  DeviceRequestAllocationResult,
  NetworkDeviceData,
  ResourceClaim,
  ResourceClaimConsumerReference,
} from '@typernetes/openapi/types/resource/v1';
import { validateNodeSelector } from '../../core/pod/validate-scheduling.ts';
import { validateDriverName } from '../../storage/driver-name.ts';
import {
  type FieldError,
  forbiddenField,
  immutable,
  invalidValue,
  oneOf,
  type Path,
  path,
  required,
  semanticEqual,
  tooLong,
  tooMany,
  validateConditions,
  validateInterfaceAddress,
} from '../../validation/index.ts';
import { validateBinding } from '../binding-conditions.ts';
import { maxConfigurations, validateConfiguration, validateParameters } from '../configuration.ts';
import { validateItems, validateLabelName, validatePoolName, validateSet } from '../names.ts';
import { requestNames, validateReference, validateReferences } from '../requests.ts';
import { allocatedDevices, sharedDeviceId } from './devices.ts';
import { validateShareId } from './share-id.ts';

const maxConsumers = 256;
const maxResults = 32;
const maxConditions = 8;
const maxAddresses = 16;
const maxInterfaceName = 256;
const maxHardwareAddress = 128;
const at = path('status');

/** Clients may leave out whatever the types promise. */
export function validateClaimStatus(claim: ResourceClaim, old: Readonly<ResourceClaim>): FieldError[] {
  const { allocation, reservedFor, devices } = claim.status ?? {};
  const before = old.status?.allocation;
  const names = requestNames(claim.spec?.devices?.requests ?? []);
  const allocated = allocatedDevices(claim.status);
  return [
    ...validateSet(reservedFor, maxConsumers, validateConsumer, ({ uid }) => uid ?? '', at.child('reservedFor')),
    ...validateSet(
      devices,
      Infinity,
      (device, at) => validateDevice(device, allocated, at),
      sharedDeviceId,
      at.child('devices'),
    ),
    ...validateReservation(claim, old),
    // What was decided stays; it is not judged again, for rules grow stricter.
    ...(allocation && before ? immutable(at.child('allocation'), allocation, before) : []),
    ...(allocation && !before ? validateAllocation(allocation, names, at.child('allocation')) : []),
  ];
}

function validateConsumer(consumer: Partial<ResourceClaimConsumerReference>, at: Path): FieldError[] {
  return (['resource', 'name', 'uid'] as const)
    .filter((field) => !consumer[field])
    .map((field) => required(at.child(field), ''));
}

/** Only what is allocated can be held, and nobody may begin to once it is to go. */
function validateReservation({ metadata, status }: ResourceClaim, old: Readonly<ResourceClaim>): FieldError[] {
  const here = at.child('reservedFor');
  const holders = status?.reservedFor ?? [];
  if (holders.length === 0) return [];
  if (!status?.allocation) return [forbiddenField(here, 'may not be specified when `allocated` is not set')];
  if (!metadata?.deletionTimestamp) return [];
  const held = old.status?.reservedFor ?? [];
  if (holders.every((holder) => held.some((other) => semanticEqual(holder, other)))) return [];
  const message = 'new entries may not be added while `deallocationRequested` or `deletionTimestamp` are set';
  return [forbiddenField(here, message)];
}

function validateAllocation(
  { devices, nodeSelector }: AllocationResult,
  names: ReadonlySet<string>,
  at: Path,
): FieldError[] {
  const result = (each: DeviceRequestAllocationResult, at: Path): FieldError[] => validateResult(each, names, at);
  const configuration = (each: DeviceAllocationConfiguration, at: Path): FieldError[] => [
    ...oneOf(at.child('source'), each.source, ['FromClaim', 'FromClass']),
    ...validateReferences(each.requests, names, at),
    ...validateConfiguration(each, at),
  ];
  return [
    ...validateItems(devices?.results, maxResults, result, at.child('devices', 'results')),
    // The class's and the claim's.
    ...validateItems(devices?.config, 2 * maxConfigurations, configuration, at.child('devices', 'config')),
    ...(nodeSelector ? validateNodeSelector(nodeSelector, at.child('nodeSelector')) : []),
  ];
}

function validateResult(
  result: Partial<DeviceRequestAllocationResult>,
  names: ReadonlySet<string>,
  at: Path,
): FieldError[] {
  return [
    ...validateReference(result.request ?? '', names, at.child('request')),
    ...validateDriverName(result.driver, at.child('driver')),
    ...validatePoolName(result.pool, at.child('pool')),
    ...validateLabelName(result.device, at.child('device')),
    ...validateBinding(result, at),
    ...validateShareId(result.shareID, at.child('shareID')),
  ];
}

function validateDevice(
  device: Partial<AllocatedDeviceStatus>,
  allocated: ReadonlySet<string>,
  at: Path,
): FieldError[] {
  const id = sharedDeviceId(device);
  const conditions = device.conditions ?? [];
  const conditionsAt = at.child('conditions');
  return [
    ...validateDriverName(device.driver, at.child('driver')),
    ...validatePoolName(device.pool, at.child('pool')),
    ...validateLabelName(device.device, at.child('device')),
    ...validateShareId(device.shareID, at.child('shareID')),
    ...(allocated.has(id) ? [] : [invalidValue(at, printedId(device), 'must be an allocated device in the claim')]),
    ...(conditions.length > maxConditions ? [tooMany(conditionsAt, conditions.length, maxConditions)] : []),
    ...validateConditions(conditions, conditionsAt),
    ...(device.data == null ? [] : validateParameters(device.data, at.child('data'))),
    ...validateNetworkData(device.networkData, at.child('networkData')),
  ];
}

function validateNetworkData(data: NetworkDeviceData | undefined | null, at: Path): FieldError[] {
  if (!data) return [];
  const limited = (field: 'interfaceName' | 'hardwareAddress', most: number): FieldError[] =>
    Buffer.byteLength(data[field] ?? '') > most ? [tooLong(at.child(field), '', most)] : [];
  return [
    ...limited('interfaceName', maxInterfaceName),
    ...limited('hardwareAddress', maxHardwareAddress),
    ...validateSet(
      data.ips,
      maxAddresses,
      (address, at) => validateInterfaceAddress(address, at),
      (address) => address,
      at.child('ips'),
    ),
  ];
}

const printedId = ({ driver = '', pool = '', device = '', shareID }: Partial<AllocatedDeviceStatus>): object => ({
  Driver: driver,
  Pool: pool,
  Device: device,
  ShareID: shareID ?? '',
});
