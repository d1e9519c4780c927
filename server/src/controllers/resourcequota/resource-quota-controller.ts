/**
 * Counts what quotas limit. Admission adds to a quota's use as objects are created; this takes away what is deleted, and
 * sets right what went wrong. A kind is watched from the first quota that counts it on.
 */
import {
  Controller,
  type HandlerRegistration,
  keyOf,
  type ResourceType,
  type Running,
  resources,
  type SharedInformer,
  splitKey,
} from '@typernetes/openapi/client';
import { type GroupResource, type KubernetesObject, parseQuantity, Quantity } from '@typernetes/openapi/meta';
import type { ResourceQuota } from '@typernetes/openapi/types/core/v1';
import type { DeviceClass, ResourceClaim } from '@typernetes/openapi/types/resource/v1';
import { DeviceClasses, type DeviceContext, isDeviceClaim } from '../../admission/plugins/quota-devices.ts';
import { namesAbout } from '../../admission/plugins/quota-names.ts';
import { matchesScopes, scopeProblem } from '../../admission/plugins/quota-scopes.ts';
import { usageOf } from '../../admission/plugins/quota-usage.ts';
import type { ControllerContext } from '../context.ts';
import { discover } from '../discovery/discovery.ts';
import { semanticallyEqual } from '../objects/equality.ts';
import { startControllers } from '../running.ts';
import { countedResources, resourceKey } from './counted-resources.ts';

const resyncMs = 5 * 60_000;
/** How soon to look again for what the server does not serve yet. */
const discoveryMs = 30_000;
/** Many objects that go at once are counted together. */
const batchMs = 50;

const zero = Quantity.fromNumber(0);
const deviceClassType = { group: 'resource.k8s.io', version: 'v1', resource: 'deviceclasses' };

type Counted = SharedInformer<KubernetesObject>;

/** The values of quota names whose usage depends on more than the object's existence. */
const wholeObjects = new Set(['pods.', 'services.', 'persistentvolumeclaims.', 'resourceclaims.resource.k8s.io']);

export function startResourceQuotaController(context: ControllerContext): Running {
  const { clock, logger } = context;
  const client = context.clientFor('resourcequota-controller');
  const quotas = context.informers.informer(resources.resourceQuotas);
  const known = new Map(
    Object.values(resources)
      .filter(({ namespaced }) => namespaced)
      .map((resource) => [resourceKey(resource), resource]),
  );
  const informers = new Map<string, Counted>();
  const registrations: HandlerRegistration[] = [];

  const typeOf = async (resource: GroupResource, signal: AbortSignal): Promise<ResourceType | undefined> => {
    const key = resourceKey(resource);
    return (
      known.get(key) ??
      (await discover(client, signal)).resources.find(
        (found) => found.namespaced && found.preferred && resourceKey(found) === key,
      )
    );
  };

  /** Undefined where the server does not serve it. */
  const watch = async (resource: GroupResource, signal: AbortSignal): Promise<Counted | undefined> => {
    const key = resourceKey(resource);
    const present = informers.get(key);
    if (present) return present;
    const type = await typeOf(resource, signal);
    if (!type) return undefined;
    const again = informers.get(key);
    if (again) return again;
    const informer = context.informers.informer<KubernetesObject>(
      { group: type.group, version: type.version, resource: type.resource },
      wholeObjects.has(key) ? {} : { metadataOnly: true },
    );
    informers.set(key, informer);
    const counting = (object: Readonly<KubernetesObject>): Readonly<ResourceQuota>[] =>
      quotas.lister.list(object.metadata?.namespace).filter((quota) => countedResources(quota).has(key));
    const recount = (quota: Readonly<ResourceQuota>): void => controller.queue.addAfter(keyOf(quota), batchMs);
    const changed = (object: Readonly<KubernetesObject>): void => counting(object).forEach(recount);
    const now = new Date(clock.now());
    const usageIn = (object: Readonly<KubernetesObject>): unknown =>
      Object.fromEntries([...usageOf(resource, object, now)].map(([name, amount]) => [name, amount.toString()]));
    registrations.push(
      informer.addEventHandler({
        add: (object, initial) => {
          if (!initial) changed(object);
        },
        update: (previous, object) => {
          if (!wholeObjects.has(key)) return;
          const affected = counting(object);
          if (affected.length === 0) return;
          const same = semanticallyEqual(usageIn(previous), usageIn(object));
          const matches = (quota: Readonly<ResourceQuota>, of: Readonly<KubernetesObject>): boolean =>
            matchesScopes(quota, resource, of);
          for (const quota of affected)
            if (!same || matches(quota, previous) !== matches(quota, object)) recount(quota);
        },
        delete: changed,
      }),
    );
    return informer;
  };

  const deviceClasses = async (signal: AbortSignal): Promise<DeviceClasses> => {
    const informer = context.informers.informer<DeviceClass>(deviceClassType);
    await synced(informer, signal);
    return new DeviceClasses(informer.lister.list());
  };

  const deviceContext = async (
    classes: DeviceClasses,
    claims: readonly Readonly<KubernetesObject>[],
    namespace: string | undefined,
    signal: AbortSignal,
  ): Promise<DeviceContext> => {
    const pods = context.informers.informer(resources.pods);
    await synced(pods, signal);
    return {
      classes,
      claims: claims as readonly Readonly<ResourceClaim>[],
      pod: (name) => pods.lister.get(namespace, name),
    };
  };

  const controller = new Controller({
    name: 'resourcequota_primary',
    synced: [quotas.synced],
    clock,
    logger,
    reconciler: {
      async reconcile(key, signal) {
        const { namespace, name } = splitKey(key);
        const quota = quotas.lister.get(namespace, name);
        if (!quota) return undefined;
        const hard = quota.spec?.hard ?? {};
        const used = new Map<string, Quantity>();
        let isAllServed = true;
        for (const resource of countedResources(quota).values()) {
          const informer = await watch(resource, signal);
          const classes = isDeviceClaim(resource) && informer ? await deviceClasses(signal) : undefined;
          const names = namesAbout(resource, Object.keys(hard), classes);
          if (!informer) isAllServed &&= names.length === 0;
          if (!informer || names.length === 0) continue;
          await synced(informer, signal);
          const devices = classes && (await deviceContext(classes, informer.lister.list(namespace), namespace, signal));
          for (const counted of names) if (!used.has(counted)) used.set(counted, zero);
          const now = new Date(clock.now());
          const isComparable = scopeProblem(quota, resource) === undefined;
          for (const object of informer.lister.list(namespace)) {
            if (!isComparable || !matchesScopes(quota, resource, object)) continue;
            for (const [counted, amount] of usageOf(resource, object, now, devices))
              if (counted in hard) used.set(counted, used.get(counted)?.add(amount) ?? amount);
          }
        }
        const before = quota.status?.used ?? {};
        const status = {
          hard,
          // What nothing can count yet stays as it was.
          used: Object.fromEntries(
            Object.keys(hard).flatMap((counted) => {
              const amount = used.get(counted)?.toString() ?? before[counted];
              return amount === undefined ? [] : [[counted, amount]];
            }),
          ),
        };
        if (!quota.status?.used || !sameStatus(quota.status, status))
          await client.resource(resources.resourceQuotas).updateStatus({ ...quota, status }, { signal });
        return { requeueAfter: isAllServed ? resyncMs : discoveryMs };
      },
    },
  });
  const { queue } = controller;
  registrations.push(
    quotas.addEventHandler({
      add: (quota) => queue.add(keyOf(quota)),
      update: (previous, quota) => {
        if (!semanticallyEqual(previous.spec, quota.spec)) queue.add(keyOf(quota));
      },
      delete: (quota) => queue.add(keyOf(quota)),
    }),
  );
  return startControllers([controller], registrations);
}

async function synced(informer: { synced: Promise<unknown> }, signal: AbortSignal): Promise<void> {
  await Promise.race([informer.synced, aborted(signal)]);
  signal.throwIfAborted();
}

function aborted(signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  if (signal.aborted) resolve();
  else signal.addEventListener('abort', () => resolve(), { once: true });
  return promise;
}

/** The same amounts, however they are written. */
function sameStatus(a: NonNullable<ResourceQuota['status']>, b: NonNullable<ResourceQuota['status']>): boolean {
  return (['hard', 'used'] as const).every((which) => {
    const [left, right] = [a[which] ?? {}, b[which] ?? {}].map((list) => Object.entries(list));
    if (left?.length !== right?.length) return false;
    return (left ?? []).every(([name, amount]) => {
      const other = b[which]?.[name];
      return other !== undefined && parseQuantity(amount).compare(parseQuantity(other)) === 0;
    });
  });
}
