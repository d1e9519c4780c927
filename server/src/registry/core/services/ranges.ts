/**
 * Where allocated node ports are kept. Every change is a compare-and-swap of the whole bitmap, so API servers that share
 * a RangeRegistry never give one port to two Services.
 */
import type { Storage } from '../../../storage/storage.ts';
import { StorageError } from '../../../storage/storage.ts';

export interface RangeState {
  /** One bit per port, the lowest port first. Empty where nothing was allocated yet. */
  bitmap: Uint8Array;
  /** What the next swap must see; 0 where there is no entry yet. */
  version: number;
}

export interface RangeRegistry {
  read(): Promise<RangeState>;
  /** False if someone else was faster: read again. */
  swap(bitmap: Uint8Array, expectedVersion: number): Promise<boolean>;
}

/** For a single API server: the Services themselves are the record, and a restart rebuilds the bitmap from them. */
export function memoryRanges(): RangeRegistry {
  let state: RangeState = { bitmap: new Uint8Array(), version: 0 };
  return {
    read: () => Promise.resolve(state),
    swap(bitmap, expectedVersion) {
      if (expectedVersion !== state.version) return Promise.resolve(false);
      state = { bitmap, version: state.version + 1 };
      return Promise.resolve(true);
    },
  };
}

const KEY = '/registry/ranges/servicenodeports';

interface RangeAllocation {
  kind: 'RangeAllocation';
  apiVersion: 'v1';
  metadata: Record<string, never>;
  range: string;
  data: string;
}

/** The bitmap as upstream's RangeAllocation under upstream's key, shared by all API servers on one storage. */
export function storageRanges(storage: Storage, range: string): RangeRegistry {
  return {
    async read() {
      const { entry } = await storage.get(KEY);
      if (!entry) return { bitmap: new Uint8Array(), version: 0 };
      const stored = JSON.parse(entry.value.toString()) as RangeAllocation;
      // A bitmap of another range says nothing about this one; repair fills it from the Services.
      const bitmap = stored.range === range ? new Uint8Array(Buffer.from(stored.data, 'base64')) : new Uint8Array();
      return { bitmap, version: entry.modRevision };
    },
    async swap(bitmap, expectedVersion) {
      const data = Buffer.from(bitmap).toString('base64');
      const allocation: RangeAllocation = { kind: 'RangeAllocation', apiVersion: 'v1', metadata: {}, range, data };
      const value = Buffer.from(JSON.stringify(allocation));
      try {
        if (expectedVersion === 0) await storage.create(KEY, value);
        else await storage.update(KEY, value, expectedVersion);
        return true;
      } catch (error) {
        const raced = error instanceof StorageError && ['conflict', 'keyExists', 'keyNotFound'].includes(error.code);
        if (raced) return false;
        throw error;
      }
    },
  };
}
