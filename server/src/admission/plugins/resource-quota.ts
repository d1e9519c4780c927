/**
 * Charges a new or grown object to every quota of its namespace that covers it, before it is stored. The charge is a
 * compare-and-swap on the quota's status, so that several API servers never hand out the same remainder; the quota
 * controller gives back what failed writes and deletions leave over.
 */
import { type GroupResource, isNotFound, type KubernetesObject } from '@typernetes/openapi/meta';
import type { Pod, ResourceQuota } from '@typernetes/openapi/types/core/v1';
import type { DeviceClass, ResourceClaim } from '@typernetes/openapi/types/resource/v1';
import type { RegistryReader } from '../../registry/generic/rest.ts';
import type { AdmissionAttributes, AdmissionPlugin } from '../admission.ts';
import { readLimitedResources } from '../configuration/resource-quota.ts';
import type { AdmissionDependencies } from '../dependencies.ts';
import { plainError, refuse } from '../refusal.ts';
import { checkLimitedResources } from './limited-resources.ts';
import { DeviceClasses, type DeviceContext, isDeviceClaim, podOwner } from './quota-devices.ts';
import { isCounted, namesAbout } from './quota-names.ts';
import { isTerminating, matchesScopes, scopeProblem } from './quota-scopes.ts';
import { unstated, usageOf } from './quota-usage.ts';
import {
  increase,
  printList,
  type ResourceList,
  resourceList,
  storedList,
  sum,
  withoutZeros,
} from './resource-list.ts';

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
      const { object, oldObject, namespace } = attributes;
      if (object === undefined) return;
      const covering = await registry.list<ResourceQuota>(quotas, namespace);
      if (covering.length === 0 && limited.length === 0) return;
      const measure = await measureOf(registry, attributes, now());
      const coverages = covering.flatMap((quota) => coverage(quota, attributes, measure.classes) ?? []);
      const usage = measure.usage(object);
      const negative = [...usage].filter(([, amount]) => amount.sign() < 0).map(([name]) => name);
      if (negative.length > 0) {
        throw refuse(attributes, `quota usage is negative for resource(s): ${negative.sort().join(',')}`);
      }
      const growth = withoutZeros(oldObject === undefined ? usage : increase(usage, measure.usage(oldObject)));
      const charges = coverages
        .map((each) => ({ ...each, more: each.coveredBefore ? growth : withoutZeros(usage) }))
        .filter(({ more }) => more.size > 0);
      if (coverages.length === 0 ? growth.size === 0 : charges.length === 0) return;
      if (limited.length > 0) {
        const restricted = new Set(coverages.flatMap(({ names }) => names));
        checkLimitedResources(limited, attributes, usage, restricted, covering);
      }
      for (const { quota, more } of charges) checkFits(quota, more, attributes);
      if (attributes.dryRun) return;
      for (const { quota, more } of charges) {
        const charge = limitedBy(quota, more);
        if (charge.size === 0) continue;
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
            { subresource: 'status', client: true },
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
  if (namespace === '' || !isCounted(resource) || concernsNamespaces(resource)) return false;
  if (operation === 'CREATE') return subresource === '';
  if (isDeviceClaim(resource)) return subresource === '';
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

const concernsNamespaces = ({ group, resource }: GroupResource): boolean => group === '' && resource === 'namespaces';

interface Measure {
  classes: DeviceClasses | undefined;
  usage(object: Readonly<KubernetesObject>): ResourceList;
}

async function measureOf(registry: RegistryReader, attributes: AdmissionAttributes, now: Date): Promise<Measure> {
  const { resource, object } = attributes;
  const devices =
    object !== undefined && isDeviceClaim(resource)
      ? await deviceContext(registry, attributes, object as ResourceClaim)
      : undefined;
  return { classes: devices?.classes, usage: (measured) => usageOf(resource, measured, now, devices) };
}

async function deviceContext(
  registry: RegistryReader,
  { resource, namespace }: AdmissionAttributes,
  claim: ResourceClaim,
): Promise<DeviceContext> {
  const classes = new DeviceClasses(await registry.list<DeviceClass>({ ...resource, resource: 'deviceclasses' }));
  const owner = podOwner(claim)?.name;
  if (owner === undefined) return { classes, claims: [], pod: () => undefined };
  const pod = await registry.get<Pod>({ group: '', resource: 'pods' }, namespace, owner);
  const claims = await registry.list<ResourceClaim>(resource, namespace);
  return { classes, claims, pod: (name) => (name === owner ? pod : undefined) };
}

interface Coverage {
  quota: ResourceQuota;
  /** What the quota limits of objects of this kind. */
  names: string[];
  /** The object as it was before is counted already. */
  coveredBefore: boolean;
}

/** Undefined where the quota is not about the object. */
function coverage(
  quota: ResourceQuota,
  attributes: AdmissionAttributes,
  classes: DeviceClasses | undefined,
): Coverage | undefined {
  const { object, oldObject, resource } = attributes;
  const wrong = scopeProblem(quota, resource);
  if (wrong !== undefined)
    throw plainError(
      `error matching scopes of quota ${quota.metadata?.name ?? ''}, err: error on matching scope ${wrong}`,
    );
  if (object === undefined || !matchesScopes(quota, resource, object)) return undefined;
  // What the controller has not seen yet does not count.
  const names = namesAbout(resource, Object.keys(quota.status?.hard ?? {}), classes).sort();
  if (names.length === 0) return undefined;
  const name = quota.metadata?.name ?? '';
  const isPod = resource.group === '' && resource.resource === 'pods';
  const missing = isPod ? unstated(object as Pod, names) : undefined;
  if (missing !== undefined) throw refuse(attributes, `failed quota: ${name}: ${missing}`);
  const used = quota.status?.used ?? {};
  if (names.some((each) => !Object.hasOwn(used, each))) {
    throw refuse(attributes, `status unknown for quota: ${name}, resources: ${names.join(',')}`);
  }
  const coveredBefore = oldObject !== undefined && matchesScopes(quota, resource, oldObject);
  return { quota, names, coveredBefore };
}

function limitedBy(quota: ResourceQuota, usage: ResourceList): ResourceList {
  const hard = quota.status?.hard ?? {};
  return new Map([...usage].filter(([name]) => Object.hasOwn(hard, name)));
}

/** What a status tells has happened already. */
function checkFits(quota: ResourceQuota, usage: ResourceList, attributes: AdmissionAttributes): void {
  if (attributes.subresource === 'status') return;
  const hard = resourceList(quota.status?.hard);
  const used = resourceList(quota.status?.used);
  const exceeded = [...usage].filter(([name, amount]) => {
    const limit = hard.get(name);
    return limit !== undefined && (used.get(name)?.add(amount) ?? amount).compare(limit) > 0;
  });
  if (exceeded.length === 0) return;
  const only = (list: ResourceList): string =>
    printList(new Map([...list].filter(([name]) => exceeded.some(([other]) => other === name))));
  throw refuse(
    attributes,
    `exceeded quota: ${quota.metadata?.name ?? ''}, requested: ${only(usage)}, used: ${only(used)}, limited: ${only(hard)}`,
  );
}
