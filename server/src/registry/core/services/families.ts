/** Which IP families a Service gets: what it asks for, what it had, what the cluster has. */
import { invalid } from '@typernetes/openapi/meta';
import type { Service } from '@typernetes/openapi/types/core/v1';
import { type FieldError, familyOf, invalidValue, path } from '../../validation/index.ts';
import { isHeadless, needsClusterIP, sameList } from './shape.ts';
import { validateClusterIPs } from './validate-addresses.ts';

const spec = path('spec');

/** `clusterIP` and the first of `clusterIPs` are one field in two shapes; old clients know only the first. */
export function normalizeClusterIPs(service: Service, old: Readonly<Service> | undefined): void {
  const after = service.spec;
  if (!after) return;
  if (!old) {
    if (after.clusterIP && (after.clusterIPs ?? []).length === 0) after.clusterIPs = [after.clusterIP];
    return;
  }
  const before = old.spec ?? {};
  const had = before.clusterIPs ?? [];
  if (had.length > 0 && (after.clusterIPs ?? []).length === 0 && before.clusterIP === after.clusterIP)
    after.clusterIPs = [...had];
  if ((before.clusterIP ?? '') === (after.clusterIP ?? '') || !sameList(had, after.clusterIPs)) return;
  if (before.clusterIP && !after.clusterIP) delete after.clusterIPs;
  else if (after.clusterIP) after.clusterIPs = [after.clusterIP];
}

/** A dual-stack Service on its way through single-stack clients keeps what it has. */
export function keepsPreferDualStack(service: Service, old: Readonly<Service> | undefined): boolean {
  if (!old || service.spec?.ipFamilyPolicy !== 'PreferDualStack' || !needsClusterIP(service)) return false;
  if (old.spec?.type !== service.spec.type) return false;
  if (old.spec?.ipFamilyPolicy && old.spec.ipFamilyPolicy !== 'PreferDualStack') return false;
  return (
    sameList(old.spec?.clusterIPs, service.spec.clusterIPs) && sameList(old.spec?.ipFamilies, service.spec.ipFamilies)
  );
}

/** Fills ipFamilyPolicy and ipFamilies. `families`: the cluster's, its default first. Throws invalid. */
export function initializeFamilies(
  service: Service,
  old: Readonly<Service> | undefined,
  families: readonly string[],
): void {
  const after = service.spec;
  if (!after || !needsClusterIP(service) || keepsPreferDualStack(service, old)) return;
  const withoutSelector = Object.keys(after.selector ?? {}).length === 0;
  const selectorless = after.clusterIP === 'None' && withoutSelector;
  after.ipFamilyPolicy ??= old?.spec?.ipFamilyPolicy ?? (selectorless ? 'RequireDualStack' : 'SingleStack');
  refuse(service, validateClusterIPs(service, old));

  const single = after.ipFamilyPolicy === 'SingleStack';
  const policyPath = spec.child('ipFamilyPolicy');
  const errors: FieldError[] = [];
  const wrong = (message: string): number => errors.push(invalidValue(policyPath, after.ipFamilyPolicy, message));
  if (old && single) {
    if (sameList(old.spec?.clusterIPs, after.clusterIPs)) after.clusterIPs = (after.clusterIPs ?? []).slice(0, 1);
    if (sameList(old.spec?.ipFamilies, after.ipFamilies)) after.ipFamilies = (after.ipFamilies ?? []).slice(0, 1);
  } else if (old) {
    if (isReduced(after.clusterIPs, old.spec?.clusterIPs))
      wrong("must be 'SingleStack' to release the secondary cluster IP");
    if (isReduced(after.ipFamilies, old.spec?.ipFamilies))
      wrong("must be 'SingleStack' to release the secondary IP family");
  }
  if (single && after.clusterIPs?.length === 2) {
    wrong("must be 'RequireDualStack' or 'PreferDualStack' when multiple cluster IPs are specified");
  }
  if (single && after.ipFamilies?.length === 2) {
    wrong("must be 'RequireDualStack' or 'PreferDualStack' when multiple IP families are specified");
  }
  const chosen = [...(after.ipFamilies ?? [])];
  if (!isHeadless(service)) {
    for (const [index, address] of (after.clusterIPs ?? []).entries()) {
      const family = familyOf(address);
      if (index < chosen.length || address === 'None' || family === undefined) continue;
      if (families.includes(family)) chosen.push(family);
      else
        errors.push(
          invalidValue(
            spec.child('clusterIPs').index(index),
            after.clusterIPs,
            `${family} is not configured on this cluster`,
          ),
        );
    }
  }
  refuse(service, errors);

  if (!selectorless) {
    if (after.ipFamilyPolicy === 'RequireDualStack' && families.length < 2) {
      wrong('this cluster is not configured for dual-stack services');
    }
    for (const [index, family] of chosen.entries()) {
      if (families.includes(family)) continue;
      errors.push(invalidValue(spec.child('ipFamilies').index(index), family, 'not configured on this cluster'));
    }
    refuse(service, errors);
  }
  const first = chosen[0] ?? families[0] ?? 'IPv4';
  if (chosen.length === 0) chosen.push(first);
  if (!single && chosen.length === 1 && (selectorless || families.length === 2))
    chosen.push(first === 'IPv4' ? 'IPv6' : 'IPv4');
  after.ipFamilies = chosen;
}

function isReduced(next: readonly string[] | undefined, old: readonly string[] | undefined): boolean {
  return (next ?? []).length > 0 && (next ?? []).length < (old ?? []).length;
}

function refuse(service: Service, errors: readonly FieldError[]): void {
  if (errors.length > 0) throw invalid({ group: '', kind: 'Service' }, service.metadata?.name ?? '', errors);
}
