/**
 * Who serves this API: a Lease in `kube-system` that each API server renews while it lives and takes along when it goes.
 * What a server that died left behind is removed once it has expired, by whichever server looks first.
 */
import { createHash, randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { formatMicroTime, isAlreadyExists, isConflict, isNotFound } from '@typernetes/openapi/meta';
import type { Lease } from '@typernetes/openapi/types/coordination/v1';
import type { RegistryReader } from '../../registry/generic/rest.ts';
import { repeat } from './repeat.ts';

const leases = { group: 'coordination.k8s.io', resource: 'leases' };
const namespace = 'kube-system';
const component = 'kube-apiserver';
const componentLabel = 'apiserver.kubernetes.io/identity';
const peerAnnotation = 'kubernetes.io/peer-advertise-address';
const leaseSeconds = 3600;
const renewIntervalMs = 10_000;
const collectIntervalMs = 3_600_000;

export interface IdentityLeaseOptions {
  registry: RegistryReader;
  now: () => Date;
  report: (error: unknown) => void;
  host?: string;
  /** Where other API servers reach this one, as `address:port`; undefined: they are not told. */
  peerAddress?: string | undefined;
}

/** The name of the server on this host, the same after each start. */
export function serverIdentity(host: string): string {
  const hash = createHash('sha256');
  for (const text of [host, component]) {
    const length = Buffer.alloc(2);
    length.writeUInt16BE(Buffer.byteLength(text));
    hash.update(length).update(text);
  }
  return `apiserver-${base32(hash.digest().subarray(0, 16))}`;
}

function base32(bytes: Uint8Array): string {
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  return (bits.match(/.{1,5}/g) ?? [])
    .map((group) => 'abcdefghijklmnopqrstuvwxyz234567'[Number.parseInt(group.padEnd(5, '0'), 2)])
    .join('');
}

/** Returns at once: nobody waits for the lease. `stop` resolves when it is removed. */
export function startIdentityLease(options: IdentityLeaseOptions): { stop(): Promise<void> } {
  const { registry, now, report, host = hostname(), peerAddress } = options;
  const name = serverIdentity(host);
  const holderIdentity = `${name}_${randomUUID()}`;
  const renewed = ({ metadata, spec, ...lease }: Lease): Lease => ({
    ...lease,
    metadata: {
      ...metadata,
      labels: { ...metadata?.labels, [componentLabel]: component, 'kubernetes.io/hostname': host },
      ...(peerAddress === undefined
        ? {}
        : { annotations: { ...metadata?.annotations, [peerAnnotation]: peerAddress } }),
    },
    spec: { ...spec, leaseDurationSeconds: leaseSeconds, renewTime: formatMicroTime(now()) },
  });
  const remove = () => registry.delete(leases, namespace, name).catch(ignore(isNotFound));
  // What an earlier process on this host left behind must not pass for this one.
  const cleared = remove().catch(report);
  const renew = async (): Promise<void> => {
    await cleared;
    try {
      await registry.update<Lease>(leases, namespace, name, renewed, { client: true });
    } catch (error) {
      if (!isNotFound(error)) throw error;
      await registry
        .create<Lease>(leases, namespace, renewed({ metadata: { name, namespace }, spec: { holderIdentity } }))
        .catch(ignore(isAlreadyExists));
    }
  };
  const renewal = repeat(renew, renewIntervalMs, report);
  return {
    async stop() {
      await renewal.stop();
      await remove();
    },
  };
}

/** Removes the leases of servers that are gone: at once, and each hour. */
export function startIdentityLeaseCollector(options: IdentityLeaseOptions): { stop(): Promise<void> } {
  const { registry, now, report } = options;
  const collect = async (): Promise<void> => {
    for (const { metadata, spec } of await registry.list<Lease>(leases, namespace)) {
      if (metadata?.labels?.[componentLabel] !== component || !isExpired(spec, now())) continue;
      const { name = '', uid, resourceVersion } = metadata;
      // Renewed meanwhile, or removed by another server: either is well.
      await registry
        .delete(leases, namespace, name, { uid: uid!, resourceVersion: resourceVersion! })
        .catch(ignore((error) => isNotFound(error) || isConflict(error)));
    }
  };
  return repeat(collect, collectIntervalMs, report);
}

/** A lease that says nothing of its time counts as expired. */
function isExpired({ renewTime, leaseDurationSeconds }: Lease['spec'] = {}, now: Date): boolean {
  if (renewTime === undefined || leaseDurationSeconds === undefined) return true;
  return Date.parse(renewTime) + leaseDurationSeconds * 1000 < now.getTime();
}

function ignore(expected: (error: unknown) => boolean): (error: unknown) => void {
  return (error) => {
    if (!expected(error)) throw error;
  };
}
