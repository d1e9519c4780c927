import type { DeviceClaim, ResourceClaimSpec } from '@typernetes/openapi/types/resource/v1';
import type { FieldError, Path } from '../validation/index.ts';
import { checked, dns1123Label, duplicate, invalidValue, required, tooMany } from '../validation/index.ts';
import { validateDeviceSelectors } from './selectors.ts';

interface DeviceRequestLike {
  allocationMode?: string;
  count?: number;
}

function defaultRequest(request: DeviceRequestLike | undefined): void {
  if (!request) return;
  request.allocationMode ||= 'ExactCount';
  if (request.allocationMode === 'ExactCount') request.count ||= 1;
}

/** One device unless the request says otherwise. */
export function defaultDevices(devices: DeviceClaim | undefined): void {
  for (const request of devices?.requests ?? []) {
    defaultRequest(request.exactly);
    for (const alternative of request.firstAvailable ?? []) defaultRequest(alternative);
  }
}

export function validateClaimSpec(spec: ResourceClaimSpec | undefined, at: Path): FieldError[] {
  const requests = spec?.devices?.requests ?? [];
  const here = at.child('devices', 'requests');
  if (requests.length > 32) return [tooMany(here, requests.length, 32)];
  const names = new Set<string>();
  return requests.flatMap((request, index) => {
    const place = here.index(index);
    const name = request.name ?? '';
    const errors: FieldError[] = checked(place.child('name'), name, dns1123Label(name));
    if (names.has(request.name)) errors.push(duplicate(place, request.name));
    names.add(request.name);
    const alternatives = request.firstAvailable ?? [];
    if (request.exactly && alternatives.length > 0) {
      errors.push(
        invalidValue(
          place,
          null,
          'exactly one of `exactly` or `firstAvailable` is required, but multiple fields are set',
        ),
      );
    } else if (!request.exactly && alternatives.length === 0) {
      errors.push(required(place, 'exactly one of `exactly` or `firstAvailable` is required'));
    }
    if (request.exactly && !request.exactly.deviceClassName)
      errors.push(required(place.child('exactly', 'deviceClassName'), ''));
    errors.push(...validateDeviceSelectors(request.exactly?.selectors, place.child('exactly', 'selectors')));
    for (const [at, { selectors }] of alternatives.entries())
      errors.push(...validateDeviceSelectors(selectors, place.child('firstAvailable').index(at).child('selectors')));
    return errors;
  });
}
