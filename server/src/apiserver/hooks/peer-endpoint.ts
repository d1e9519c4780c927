/** Where other API servers over the same storage reach this one, by its identity (feature gate UnknownVersionInteroperabilityProxy). */
import type { Storage } from '../../storage/storage.ts';
import { leaseIntervalMs, removeAddressLease, renewAddressLease, type ServedAddress } from './address-lease.ts';
import { repeat } from './repeat.ts';

export interface PeerEndpointOptions {
  storage: Storage;
  /** Ends in `/`. */
  root: string;
  identity: string;
  address: ServedAddress;
  report: (error: unknown) => void;
}

/** Resolves when the address was written, or tried, once. `stop` takes it away. */
export async function startPeerEndpoint(options: PeerEndpointOptions): Promise<{ stop(): Promise<void> }> {
  const { storage, root, identity, address, report } = options;
  const key = `${root}peerserverleases/${identity}`;
  const renew = () => renewAddressLease(storage, key, address, { apiserverIdentity: identity });
  const renewal = repeat(renew, leaseIntervalMs, report);
  await renewal.first;
  return {
    async stop() {
      await renewal.stop();
      await removeAddressLease(storage, key);
    },
  };
}
