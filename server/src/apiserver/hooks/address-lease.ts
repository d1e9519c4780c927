/** Where an API server is reached, kept in storage with an expiry: it disappears some time after the server does. */
import { type Storage, StorageError } from '../../storage/storage.ts';

const leaseSeconds = 15;
export const leaseIntervalMs = 10_000;

export interface ServedAddress {
  ip: string;
  port: number;
}

/** Upstream's form, which other API servers over the same etcd read: Endpoints that are no resource. */
export async function renewAddressLease(
  storage: Storage,
  key: string,
  { ip, port }: ServedAddress,
  labels?: Record<string, string>,
): Promise<void> {
  for (;;) {
    const { entry } = await storage.get(key);
    const value = {
      kind: 'Endpoints',
      apiVersion: 'v1',
      // What changes with each renewal.
      metadata: { generation: generationOf(entry?.value) + 1, ...(labels === undefined ? {} : { labels }) },
      subsets: [{ addresses: [{ ip }], ports: [{ name: 'https', port, protocol: 'TCP' }] }],
    };
    const bytes = Buffer.from(JSON.stringify(value));
    try {
      if (entry === undefined) await storage.create(key, bytes, { ttlSeconds: leaseSeconds });
      else await storage.update(key, bytes, entry.modRevision, { ttlSeconds: leaseSeconds });
      return;
    } catch (error) {
      const raced = error instanceof StorageError && ['keyExists', 'keyNotFound', 'conflict'].includes(error.code);
      if (!raced) throw error;
    }
  }
}

/** 0 for what another server wrote in a form of its own. */
function generationOf(bytes: Uint8Array | undefined): number {
  if (bytes === undefined) return 0;
  try {
    const { metadata } = JSON.parse(Buffer.from(bytes).toString()) as { metadata?: { generation?: number } };
    return metadata?.generation ?? 0;
  } catch {
    return 0;
  }
}

export async function removeAddressLease(storage: Storage, key: string): Promise<void> {
  const { entry } = await storage.get(key);
  if (entry !== undefined) await storage.delete(key, entry.modRevision);
}
