/**
 * A ServiceCIDR is Ready once this controller holds it by a finalizer, and goes only when no address that was given from
 * it would be left without a range.
 */
import { type Clock, Controller, type ReconcileResult, type Running, resources } from '@typernetes/openapi/client';
import { formatTime, isNotFound } from '@typernetes/openapi/meta';
import type { Condition } from '@typernetes/openapi/types/meta/v1';
import type { IPAddress, ServiceCIDR } from '@typernetes/openapi/types/networking/v1';
import ipaddr from 'ipaddr.js';
import type { ControllerContext } from '../context.ts';
import { startControllers } from '../running.ts';
import { millisecondsOf } from '../time.ts';

const finalizer = 'networking.k8s.io/service-cidr-finalizer';
/** Allocators hear of a deletion later; until then they may still give addresses. */
const deletionGraceMs = 10_000;

const isAllocated = ({ metadata }: Readonly<IPAddress>): boolean =>
  metadata?.labels?.['ipaddress.kubernetes.io/managed-by'] === 'ipallocator.k8s.io';

type Address = ipaddr.IPv4 | ipaddr.IPv6;
type Range = [network: Address, prefix: number];

const rangesOf = (object: Readonly<ServiceCIDR>): Range[] =>
  (object.spec?.cidrs ?? []).filter((text) => ipaddr.isValidCIDR(text)).map((text) => ipaddr.parseCIDR(text));

const contains = (range: Range, address: Address): boolean =>
  address.kind() === range[0].kind() && address.match(range as [ipaddr.IPv4, number] & [ipaddr.IPv6, number]);

const overlap = (one: Range, other: Range): boolean => contains(one, other[0]) || contains(other, one[0]);

function addressOf({ metadata }: Readonly<IPAddress>): Address | undefined {
  const name = metadata?.name ?? '';
  return ipaddr.isValid(name) ? ipaddr.parse(name) : undefined;
}

/** Whether every address given from it lies in another range as well. */
export function isDispensable(
  object: Readonly<ServiceCIDR>,
  all: readonly Readonly<ServiceCIDR>[],
  addresses: readonly Readonly<IPAddress>[],
): boolean {
  const others = all.filter(({ metadata }) => metadata?.name !== object.metadata?.name).flatMap(rangesOf);
  const alone = rangesOf(object).filter(
    (range) => !others.some((other) => other[1] <= range[1] && contains(other, range[0])),
  );
  if (alone.length === 0) return true;
  return !addresses.some((each) => {
    const address = addressOf(each);
    if (address === undefined || !isAllocated(each)) return false;
    const within = (ranges: Range[]): boolean => ranges.some((range) => contains(range, address));
    return within(alone) && !within(others);
  });
}

function condition(status: 'True' | 'False', reason: string, message: string): Omit<Condition, 'lastTransitionTime'> {
  return { type: 'Ready', status, reason, message };
}

export function startServiceCidrsController(context: ControllerContext): Running {
  const client = context.clientFor('service-cidrs-controller').resource(resources.serviceCIDRs);
  const ranges = context.informers.informer(resources.serviceCIDRs);
  const addresses = context.informers.informer(resources.ipAddresses);

  async function tell(
    object: Readonly<ServiceCIDR>,
    wanted: Omit<Condition, 'lastTransitionTime'>,
    clock: Clock,
    signal: AbortSignal,
  ): Promise<void> {
    const current = object.status?.conditions?.find(({ type }) => type === wanted.type);
    if (current?.status === wanted.status && current.reason === wanted.reason && current.message === wanted.message)
      return;
    const changed = { ...wanted, lastTransitionTime: formatTime(new Date(clock.now())) };
    const others = (object.status?.conditions ?? []).filter(({ type }) => type !== wanted.type);
    const patch = { status: { conditions: [...others, changed] } };
    await client.patch(undefined, object.metadata?.name ?? '', patch, { type: 'merge', subresource: 'status', signal });
  }

  async function release(object: Readonly<ServiceCIDR>, signal: AbortSignal): Promise<ReconcileResult | undefined> {
    if (!isDispensable(object, ranges.lister.list(), addresses.lister.list())) {
      const message =
        'There are still IPAddresses referencing the ServiceCIDR, please remove them or create a new ServiceCIDR';
      await tell(object, condition('False', 'Terminating', message), context.clock, signal);
      return undefined;
    }
    const since = millisecondsOf(object.metadata?.deletionTimestamp ?? '');
    const wait = deletionGraceMs - (context.clock.now() - since);
    if (wait > 0) return { requeueAfter: wait };
    if (!object.metadata?.finalizers?.includes(finalizer)) return undefined;
    const patch = { metadata: { '$deleteFromPrimitiveList/finalizers': [finalizer] } };
    await client.patch(undefined, object.metadata?.name ?? '', patch, { type: 'strategic', signal });
    return undefined;
  }

  const controller = new Controller({
    name: 'ipaddresses',
    synced: [ranges.synced, addresses.synced],
    clock: context.clock,
    logger: context.logger,
    reconciler: {
      async reconcile(name, signal) {
        const object = ranges.lister.get(undefined, name);
        if (object === undefined) return undefined;
        try {
          if (object.metadata?.deletionTimestamp !== undefined) return await release(object, signal);
          if (!object.metadata?.finalizers?.includes(finalizer)) {
            const patch = { metadata: { finalizers: [finalizer] } };
            await client.patch(undefined, name, patch, { type: 'strategic', signal });
          }
          await tell(object, condition('True', '', 'Kubernetes Service CIDR is ready'), context.clock, signal);
        } catch (error) {
          if (!isNotFound(error)) throw error;
        }
        return undefined;
      },
    },
  });

  const add = (object: Readonly<ServiceCIDR>): void => controller.queue.add(object.metadata?.name ?? '');
  /** A new range may take over what holds another, and one that goes may be all that held it. */
  const addOverlapping = (object: Readonly<ServiceCIDR>): void => {
    add(object);
    const own = rangesOf(object);
    for (const other of ranges.lister.list())
      if (rangesOf(other).some((range) => own.some((each) => overlap(range, each)))) add(other);
  };
  const addContaining = (address: Readonly<IPAddress>): void => {
    const parsed = addressOf(address);
    if (parsed === undefined || !isAllocated(address)) return;
    for (const object of ranges.lister.list())
      if (rangesOf(object).some((range) => contains(range, parsed))) add(object);
  };
  const registrations = [
    ranges.addEventHandler({ add: addOverlapping, update: (_, object) => add(object), delete: addOverlapping }),
    addresses.addEventHandler({ add: addContaining, delete: addContaining }),
  ];
  return startControllers([controller], registrations);
}
