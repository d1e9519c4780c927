/** Defaults of what devices and requests for them have in common in every version. */
import { formatTime } from '@typernetes/openapi/meta';
import type {
  DeviceClaim,
  DeviceTaint,
  DeviceToleration,
  ResourceClaimStatus,
} from '@typernetes/openapi/types/resource/v1';

export interface DeviceRequestLike {
  allocationMode?: string;
  count?: number;
  tolerations?: DeviceToleration[];
}

/** One device unless the request says otherwise. */
export function defaultDeviceRequest(request: DeviceRequestLike | undefined): void {
  if (!request) return;
  request.allocationMode ||= 'ExactCount';
  if (request.allocationMode === 'ExactCount') request.count ||= 1;
  defaultTolerations(request.tolerations);
}

export function defaultTolerations(tolerations: readonly DeviceToleration[] | undefined): void {
  for (const toleration of tolerations ?? []) toleration.operator ||= 'Equal';
}

export function defaultDevices(devices: DeviceClaim | undefined): void {
  for (const request of devices?.requests ?? []) {
    defaultDeviceRequest(request.exactly);
    for (const alternative of request.firstAvailable ?? []) defaultDeviceRequest(alternative);
  }
}

export function defaultClaimStatus(status: ResourceClaimStatus | undefined): void {
  for (const { tolerations } of status?.allocation?.devices?.results ?? []) defaultTolerations(tolerations);
}

/** A taint counts from when it was first seen. */
export function defaultTaints(taints: readonly DeviceTaint[] | undefined): void {
  for (const taint of taints ?? []) taint.timeAdded ??= formatTime(new Date());
}
