/** The devices of a claim's status: which are allocated, and what drivers report of them. */
import type { AllocatedDeviceStatus, ResourceClaim } from '@typernetes/openapi/types/resource/v1';
import { semanticEqual } from '../../validation/index.ts';

type Status = Partial<NonNullable<ResourceClaim['status']>>;
type DeviceName = Partial<Pick<AllocatedDeviceStatus, 'driver' | 'pool' | 'device' | 'shareID'>>;

/** Upstream's SharedDeviceID: none of the parts but the pool's name has a slash. */
export function sharedDeviceId({ driver = '', pool = '', device = '', shareID }: DeviceName): string {
  return [driver, pool, device, ...(shareID ? [shareID] : [])].join('/');
}

export function allocatedDevices(status: Status | undefined): ReadonlySet<string> {
  return new Set((status?.allocation?.devices?.results ?? []).map(sharedDeviceId));
}

/** Reports of devices that are no longer allocated go: clients that know nothing of them need not take them out. */
export function reportedDevices(
  status: Status | undefined,
  old: Status | undefined,
): AllocatedDeviceStatus[] | undefined {
  const now = allocatedDevices(status);
  const before = allocatedDevices(old);
  const kept = (status?.devices ?? []).filter((device) => {
    const id = sharedDeviceId(device);
    return now.has(id) || !before.has(id);
  });
  return kept.length === 0 ? undefined : kept;
}

export function dropDeallocatedDevices(claim: ResourceClaim, old: Readonly<ResourceClaim>): void {
  if (claim.status === undefined) return;
  const devices = reportedDevices(claim.status, old.status);
  if (devices === undefined) delete claim.status.devices;
  else claim.status.devices = devices;
}

/** Of the devices whose report is new, changed or gone; in order. */
export function driversOfChanges(status: Status, old: Status | undefined): string[] {
  const before = new Map((old?.devices ?? []).map((device) => [sharedDeviceId(device), device]));
  const drivers = new Set<string>();
  for (const device of status.devices ?? []) {
    const id = sharedDeviceId(device);
    if (!before.has(id) || !semanticEqual(before.get(id), device)) drivers.add(device.driver);
    before.delete(id);
  }
  for (const { driver } of before.values()) drivers.add(driver);
  return [...drivers].sort();
}
