/** One priority level as it works: its object, its queues, its share of the server's seats. */
import type { PriorityLevelConfiguration } from '@typernetes/openapi/types/flowcontrol/v1';
import { SeatDemand } from './demand.ts';
import type { LevelMetrics } from './metrics.ts';
import { type LimitResponse, QueueSet } from './queue-set.ts';
import { RetryAfter } from './retry-after.ts';
import { maxHashBits, requiredEntropyBits } from './shuffle-sharding.ts';

/** Of the nominal seats, what one request may take at most. */
const maxSeatsPerRequest = 0.15;

export class Level {
  readonly name: string;
  readonly demand: SeatDemand;
  readonly queueSet: QueueSet;
  readonly retryAfter = new RetryAfter();
  readonly metrics: LevelMetrics;
  object: PriorityLevelConfiguration;
  /** Its object is gone; it ends when it is idle. */
  quiescing = false;
  nominalSeats = 0;
  minSeats = 0;
  maxSeats = 0;
  currentSeats = 0;
  /** The most that a request is estimated to take; 0 is no limit of this level's. */
  requestSeats = 0;
  #introduced = false;

  constructor(object: PriorityLevelConfiguration, metrics: LevelMetrics, nowMs: () => number) {
    this.name = object.metadata?.name ?? '';
    this.object = object;
    this.metrics = metrics;
    this.demand = new SeatDemand(nowMs());
    this.queueSet = new QueueSet(metrics, this.demand, nowMs);
  }

  get exempt(): boolean {
    return this.object.spec?.type === 'Exempt';
  }

  get uid(): string {
    return this.object.metadata?.uid ?? '';
  }

  get shares(): number {
    const { limited, exempt } = this.object.spec ?? {};
    return limited === undefined ? (exempt?.nominalConcurrencyShares ?? 0) : (limited.nominalConcurrencyShares ?? 30);
  }

  configure(object: PriorityLevelConfiguration): void {
    this.object = object;
    this.quiescing = false;
    this.queueSet.configure(responseOf(object)!);
  }

  /** Its part of `serverSeats`, by shares. */
  assign(serverSeats: number, allShares: number): void {
    const { limited, exempt } = this.object.spec ?? {};
    const nominal = allShares === 0 ? 0 : Math.ceil((serverSeats * this.shares) / allShares);
    const lendable = Math.round((nominal * (limited?.lendablePercent ?? exempt?.lendablePercent ?? 0)) / 100);
    const borrowing = limited?.borrowingLimitPercent;
    this.nominalSeats = nominal;
    this.minSeats = nominal - lendable;
    this.maxSeats = nominal + (borrowing == null ? serverSeats : Math.round((nominal * borrowing) / 100));
    const handSize = limited?.limitResponse?.queuing?.handSize;
    if (handSize !== undefined && handSize > 0) {
      const wide = Math.min(Math.ceil(nominal * maxSeatsPerRequest), Math.trunc(nominal / handSize));
      this.requestSeats = Math.max(1, wide);
    }
    if (this.#introduced) return;
    this.#introduced = true;
    this.currentSeats = nominal - Math.trunc(lendable / 2);
  }
}

/** What the object asks for; undefined where it contradicts itself, which such an object is ignored for. */
export function responseOf({ metadata, spec }: PriorityLevelConfiguration): LimitResponse | undefined {
  const exempt = spec?.type === 'Exempt';
  const limited = spec?.limited;
  if (exempt !== (metadata?.name === 'exempt') || exempt !== (spec?.exempt !== undefined)) return undefined;
  if (exempt) return limited === undefined ? 'exempt' : undefined;
  if (spec?.type !== 'Limited' || limited === undefined) return undefined;
  const { type, queuing } = limited.limitResponse ?? {};
  if (type === 'Reject') return queuing === undefined ? 'reject' : undefined;
  if (queuing === undefined) return undefined;
  const { queues = 64, handSize = 8, queueLengthLimit = 50 } = queuing;
  if (queues < 1 || handSize < 1 || handSize > queues || queues > 2 ** 26) return undefined;
  if (requiredEntropyBits(queues, handSize) > maxHashBits) return undefined;
  return { queues, handSize, queueLengthLimit };
}
