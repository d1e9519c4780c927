/** How many seats a request takes: lists by the bytes they read, writes by the watches they wake. */
import type { RequestInfo } from '../endpoints/request-info.ts';
import type { WatchTracker } from './watch-tracker.ts';

export interface WorkEstimate {
  initialSeats: number;
  finalSeats: number;
  /** How long the seats stay taken after the answer, while watchers are told. */
  additionalMs: number;
}

export interface ObjectStats {
  count: number;
  bytes: number;
}

const oneSeat: WorkEstimate = { initialSeats: 1, finalSeats: 0, additionalMs: 0 };
const maxListSeats = 100;
const maxMutatingSeats = 10;
const bytesPerSeat = 100_000;
/** A list out of the cache is streamed: it holds no more than this at once. */
const streamedBytes = 1_000_000;
const watchesPerSeat = 10;
const eventMs = 5;

export class WorkEstimator {
  readonly #statsOf: (info: RequestInfo) => ObjectStats | undefined;
  readonly #watches: WatchTracker;

  /** `statsOf` is undefined for what is not stored here. */
  constructor(statsOf: (info: RequestInfo) => ObjectStats | undefined, watches: WatchTracker) {
    this.#statsOf = statsOf;
    this.#watches = watches;
  }

  /** `maxSeats` is the priority level's; 0 where it has none. */
  estimate(info: RequestInfo, query: URLSearchParams, maxSeats: number): WorkEstimate {
    switch (info.verb) {
      case 'list':
      case 'watch':
        return this.#list(info, query, limitedTo(maxSeats, maxListSeats));
      case 'create':
      case 'update':
      case 'patch':
      case 'delete':
        return this.#mutation(info, limitedTo(maxSeats, maxMutatingSeats));
      default:
        return oneSeat;
    }
  }

  #list(info: RequestInfo, query: URLSearchParams, maxSeats: number): WorkEstimate {
    if (!info.isResourceRequest || info.name !== '') return oneSeat;
    const version = query.get('resourceVersion') ?? '';
    if (info.verb === 'watch') {
      const initialEvents = query.get('sendInitialEvents') === 'true';
      if (!initialEvents && version !== '' && version !== '0') return oneSeat;
    }
    const stats = this.#statsOf(info);
    if (stats === undefined || stats.count === 0) return oneSeat;
    const limit = Number(query.get('limit') ?? 0);
    const fromCache = info.verb === 'watch' || isFromCache(query, version, limit);
    const read = limit > 0 && limit < stats.count ? limit : stats.count;
    const selective = (query.get('fieldSelector') ?? '') !== '' || (query.get('labelSelector') ?? '') !== '';
    const loaded = !fromCache && selective ? Math.max(read, stats.count / 2) : read;
    const bytes = (loaded * stats.bytes) / stats.count;
    const seats = Math.ceil((fromCache ? Math.min(bytes, streamedBytes) : bytes) / bytesPerSeat);
    return seats <= 1 ? oneSeat : { initialSeats: Math.min(seats, maxSeats), finalSeats: 0, additionalMs: 0 };
  }

  #mutation(info: RequestInfo, maxSeats: number): WorkEstimate {
    // A token changes no object.
    if (!info.isResourceRequest || (info.resource === 'serviceaccounts' && info.subresource === 'token'))
      return oneSeat;
    const watches = this.#watches.interested(info);
    if (watches < watchesPerSeat) return oneSeat;
    const seats = Math.ceil(watches / watchesPerSeat);
    const finalSeats = Math.min(seats, maxSeats);
    return { initialSeats: 1, finalSeats, additionalMs: (seats * eventMs) / finalSeats };
  }
}

function limitedTo(maxSeats: number, limit: number): number {
  return maxSeats === 0 || maxSeats > limit ? limit : maxSeats;
}

/** Exact revisions and further pages are read from the storage itself. */
function isFromCache(query: URLSearchParams, version: string, limit: number): boolean {
  switch (query.get('resourceVersionMatch') ?? '') {
    case 'NotOlderThan':
      return true;
    case '':
      return (query.get('continue') ?? '') === '' && !(limit > 0 && version !== '' && version !== '0');
    default:
      return false;
  }
}
