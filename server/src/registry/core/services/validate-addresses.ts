import type { Service } from '@typernetes/openapi/types/core/v1';
import {
  duplicate,
  type FieldError,
  familyOf,
  invalidValue,
  notSupported,
  optionalOneOf,
  path,
  required,
  validateAddress,
} from '../../validation/index.ts';
import { isHeadless } from './shape.ts';

const spec = path('spec');
const FAMILIES = ['IPv4', 'IPv6'];

/** clusterIP, clusterIPs, ipFamilies and ipFamilyPolicy among themselves. */
export function validateClusterIPs(service: Readonly<Service>, old: Readonly<Service> | undefined): FieldError[] {
  const { type, clusterIP, clusterIPs = [], ipFamilies = [], ipFamilyPolicy } = service.spec ?? {};
  if (type === 'ExternalName') return [];
  const at = spec.child('clusterIPs');
  const errors: FieldError[] = [];
  if (clusterIP) {
    if (clusterIPs.length === 0) errors.push(required(at, ''));
    else if (clusterIPs[0] !== clusterIP)
      errors.push(invalidValue(at, clusterIPs, 'first value must match `clusterIP`'));
  } else if (clusterIPs.length > 0) {
    errors.push(invalidValue(at, clusterIPs, 'must be empty when `clusterIP` is not specified'));
  }
  const seen = new Set<string>();
  for (const [index, family] of ipFamilies.entries()) {
    const here = spec.child('ipFamilies').index(index);
    if (!FAMILIES.includes(family)) errors.push(notSupported(here, family, FAMILIES));
    if (seen.has(family)) errors.push(duplicate(here, family));
    seen.add(family);
  }
  const policies = ['PreferDualStack', 'RequireDualStack', 'SingleStack'];
  errors.push(...optionalOneOf(spec.child('ipFamilyPolicy'), ipFamilyPolicy, policies));

  const bad: FieldError[] = [];
  for (const [index, address] of clusterIPs.entries()) {
    if (index === 0 && address === 'None') {
      if (clusterIPs.length > 1) bad.push(invalidValue(at, clusterIPs, "'None' must be the first and only value"));
      continue;
    }
    bad.push(...validateAddress(address, at.index(index), old?.spec?.clusterIPs ?? []));
  }
  errors.push(...bad);
  if (clusterIPs.length > 2) errors.push(invalidValue(at, clusterIPs, 'may only hold up to 2 values'));
  if (bad.length > 0) return errors;
  if (clusterIPs.length > 1 && new Set(clusterIPs.map(familyOf)).size < 2) {
    errors.push(invalidValue(at, clusterIPs, 'may specify no more than one IP for each IP family'));
  }
  if (!isHeadless(service)) {
    for (const [index, address] of clusterIPs.entries()) {
      const family = ipFamilies[index];
      if (family === undefined || !FAMILIES.includes(family) || familyOf(address) === family) continue;
      errors.push(
        invalidValue(at.index(index), address, `expected an ${family} value as indicated by \`ipFamilies[${index}]\``),
      );
    }
  }
  return errors;
}

/** Addresses and families are set once; only the second of two may come and go. */
export function validateClusterIPsUpdate(service: Readonly<Service>, old: Readonly<Service>): FieldError[] {
  if (service.spec?.type === 'ExternalName' || old.spec?.type === 'ExternalName') return [];
  const errors: FieldError[] = [];
  if (!(isHeadless(old) && isHeadless(service))) {
    errors.push(
      ...validateSetOnce(service, old, 'clusterIPs', 'primary clusterIP can not be unset', 'secondary clusterIP'),
    );
  }
  if (!isHeadless(old) && !isHeadless(service)) {
    errors.push(
      ...validateSetOnce(service, old, 'ipFamilies', 'primary ipFamily can not be unset', 'secondary ipFamily'),
    );
  }
  return errors;
}

function validateSetOnce(
  service: Readonly<Service>,
  old: Readonly<Service>,
  field: 'clusterIPs' | 'ipFamilies',
  unset: string,
  secondary: string,
): FieldError[] {
  const after = service.spec?.[field] ?? [];
  const before = old.spec?.[field] ?? [];
  const at = spec.child(field);
  // Where a family comes or goes upstream shows the addresses.
  const shown = before.length === after.length ? after : (service.spec?.clusterIPs ?? []);
  const changed = (index: number): FieldError => invalidValue(at.index(index), shown, 'may not change once set');
  if (before.length === after.length) {
    return before.flatMap((value, index) =>
      value === after[index] ? [] : [changed(field === 'clusterIPs' ? index : 0)],
    );
  }
  const errors: FieldError[] = [];
  if (before.length > after.length && (service.spec?.clusterIPs ?? []).length === 0)
    errors.push(invalidValue(at.index(0), after, unset));
  if (before.length > 0 && after.length > 0 && before[0] !== after[0]) errors.push(changed(0));
  if (before.length > after.length && after.length === 1 && service.spec?.ipFamilyPolicy !== 'SingleStack') {
    const message = `must be set to 'SingleStack' when releasing the ${secondary}`;
    errors.push(invalidValue(spec.child('ipFamilyPolicy'), service.spec?.ipFamilyPolicy, message));
  }
  return errors;
}
