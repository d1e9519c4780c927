/**
 * Charges a new or grown object to every quota of its namespace that covers it, before it is stored. The charge is a
 * compare-and-swap on the quota's status, so that several API servers never hand out the same remainder; the quota
 * controller gives back what failed writes and deletions leave over.
 */
import { isNotFound } from '@typernetes/openapi/meta';
import type { Pod, ResourceQuota } from '@typernetes/openapi/types/core/v1';
import type { AdmissionAttributes, AdmissionPlugin } from '../admission.ts';
import { readLimitedResources } from '../configuration/resource-quota.ts';
import type { AdmissionDependencies } from '../dependencies.ts';
import { refuse } from '../refusal.ts';
import { checkLimitedResources } from './limited-resources.ts';
import { isTerminating, matchesScopes } from './quota-scopes.ts';
import { unstated, usageOf } from './quota-usage.ts';
import { increase, printList, type ResourceList, resourceList, storedList, sum } from './resource-list.ts';

const quotas = { group: '', resource: 'resourcequotas' };

export function resourceQuota(
  { registry, now = () => new Date() }: AdmissionDependencies,
  configuration?: string,
): AdmissionPlugin {
  const limited = readLimitedResources(configuration);
  return {
    name: 'ResourceQuota',
    handles: (operation) => operation === 'CREATE' || operation === 'UPDATE',
    async validate(attributes) {
      if (!applies(attributes)) return;
      const { object, resource, namespace } = attributes;
      if (object === undefined) return;
      const covering = await registry.list<ResourceQuota>(quotas, namespace);
      if (covering.length === 0 && limited.length === 0) return;
      const usage = usageOf(resource, object, now());
      const negative = [...usage].filter(([, amount]) => amount.sign() < 0).map(([name]) => name);
      if (negative.length > 0) {
        throw refuse(attributes, `quota usage is negative for resource(s): ${negative.sort().join(',')}`);
      }
      const matching = covering.flatMap((quota) => chargeTo(quota, attributes, usage, now()) ?? []);
      const charges = matching.filter(({ charge }) => charge.size > 0);
      if (limited.length > 0) {
        const restricted = new Set(matching.flatMap(({ covered }) => covered));
        const isMore = matching.length > 0 ? charges.length > 0 : isGrown(attributes, usage, now());
        if (isMore) checkLimitedResources(limited, attributes, usage, restricted, covering);
      }
      for (const { quota, charge } of charges) checkFits(quota, charge, attributes);
      if (attributes.dryRun) return;
      for (const { quota, charge } of charges) {
        try {
          await registry.update<ResourceQuota>(
            quotas,
            namespace,
            quota.metadata?.name ?? '',
            (current) => {
              checkFits(current, charge, attributes);
              const used = sum(resourceList(current.status?.used), charge);
              return { ...current, status: { ...current.status, used: storedList(used) } };
            },
            { subresource: 'status' },
          );
        } catch (error) {
          if (!isNotFound(error)) throw error; // a quota that was deleted limits nothing
        }
      }
    },
  };
}

/**
 * What grows in place, or comes under another quota, is charged on update: pods by resize and when they get a deadline,
 * services by ports, claims by size and by the class their status tells; the rest on create.
 */
function applies({ operation, resource, subresource, namespace, object, oldObject }: AdmissionAttributes): boolean {
  if (
    namespace === '' ||
    (resource.group === '' && (resource.resource === 'events' || resource.resource === 'namespaces'))
  )
    return false;
  if (operation === 'CREATE') return subresource === '';
  if (resource.group !== '') return false;
  switch (resource.resource) {
    case 'pods':
      if (subresource !== '') return subresource === 'resize';
      return object !== undefined && oldObject !== undefined && isTerminating(object) !== isTerminating(oldObject);
    case 'services':
      return subresource === '';
    case 'persistentvolumeclaims':
      return subresource === '' || subresource === 'status';
    default:
      return false;
  }
}

interface Charge {
  quota: ResourceQuota;
  /** What of the object's usage the quota limits. */
  covered: string[];
  /** How much of that is new. */
  charge: ResourceList;
}

/** Undefined where the quota is not about the object. */
function chargeTo(
  quota: ResourceQuota,
  attributes: AdmissionAttributes,
  usage: ResourceList,
  now: Date,
): Charge | undefined {
  const { object, oldObject, resource } = attributes;
  if (object === undefined || !matchesScopes(quota, resource, object)) return undefined;
  // What the controller has not seen yet does not count.
  const hard = resourceList(quota.status?.hard);
  const isPod = resource.group === '' && resource.resource === 'pods';
  const covered = [...hard.keys()].filter(
    (name) => usage.has(name) || (isPod && /^((requests|limits)\.)?(cpu|memory)$/.test(name)),
  );
  if (covered.length === 0) return undefined;
  const name = quota.metadata?.name ?? '';
  const missing = isPod ? unstated(object as Pod, covered) : undefined;
  if (missing !== undefined) throw refuse(attributes, `failed quota: ${name}: ${missing}`);
  const known = resourceList(quota.status?.used);
  if (covered.some((resourceName) => !known.has(resourceName))) {
    throw refuse(attributes, `status unknown for quota: ${name}, resources: ${covered.sort().join(',')}`);
  }
  const counted = oldObject !== undefined && matchesScopes(quota, resource, oldObject);
  const grown = counted ? increase(usage, usageOf(resource, oldObject, now)) : usage;
  const charge = new Map([...grown].filter(([resourceName, amount]) => hard.has(resourceName) && !amount.isZero()));
  return { quota, covered, charge };
}

function isGrown({ oldObject, resource }: AdmissionAttributes, usage: ResourceList, now: Date): boolean {
  const grown = oldObject === undefined ? usage : increase(usage, usageOf(resource, oldObject, now));
  return [...grown.values()].some((amount) => !amount.isZero());
}

function checkFits(quota: ResourceQuota, charge: ResourceList, attributes: AdmissionAttributes): void {
  const hard = resourceList(quota.status?.hard);
  const used = resourceList(quota.status?.used);
  const exceeded = [...charge].filter(([name, amount]) => {
    const limit = hard.get(name);
    return limit !== undefined && (used.get(name)?.add(amount) ?? amount).compare(limit) > 0;
  });
  if (exceeded.length === 0) return;
  const only = (list: ResourceList): ResourceList =>
    new Map(
      exceeded.flatMap(([name]) => {
        const amount = list.get(name);
        return amount === undefined ? [] : [[name, amount] as const];
      }),
    );
  throw refuse(
    attributes,
    `exceeded quota: ${quota.metadata?.name ?? ''}, requested: ${printList(only(charge))}, used: ${printList(only(used))}, limited: ${printList(only(hard))}`,
  );
}
