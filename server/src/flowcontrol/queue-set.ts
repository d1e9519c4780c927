/**
 * Fair queuing of one priority level's requests, after the classic packet algorithm. Every queue is granted the same
 * share of the seats; the meter R says how much (seat-milliseconds) each has been granted since the start. A queue's
 * `nextDispatchR` is where on that meter its next request would begin; the queue whose next request would *finish*
 * first is served first.
 *
 * While seats are free and nobody waits a request is through at once, without a promise or a timer.
 */
import type { UserInfo } from '../authentication/authenticator.ts';
import type { RequestInfo } from '../endpoints/request-info.ts';
import type { SeatDemand } from './demand.ts';
import type { Bounds, FlowMetrics, LevelMetrics } from './metrics.ts';
import { Dealer } from './shuffle-sharding.ts';
import type { WorkEstimate } from './work-estimate.ts';

/** What a request is expected to take until it has shown better. */
const estimatedServiceMs = 3;

export interface Queuing {
  queues: number;
  handSize: number;
  queueLengthLimit: number;
}

/** Exempt from limits; rejecting beyond the limit; queuing beyond the limit. */
export type LimitResponse = 'exempt' | 'reject' | Queuing;

/** A request on its way; `state` is the queue set's. */
export interface Ticket {
  state: 'new' | 'waiting' | 'executing' | 'rejected' | 'finished';
  /** Who asks for what, for the dumps. */
  readonly info: RequestInfo;
  readonly user: UserInfo;
  readonly schema: string;
  readonly distinguisher: string;
  readonly metrics: FlowMetrics;
  estimate: WorkEstimate;
  readonly arrivalMs: number;
  startMs: number;
  queue: Queue | undefined;
  arrivalR: number;
  /** Called when it leaves the queue to be executed. */
  dispatched: (() => void) | undefined;
}

export class Queue {
  /** Its place among the queues of its set. */
  index: number;
  /** In the order they came. */
  readonly waiting = new Set<Ticket>();
  executing = 0;
  seatsInUse = 0;
  nextDispatchR = 0;
  waitingWork = 0;

  constructor(index: number) {
    this.index = index;
  }

  get idle(): boolean {
    return this.waiting.size === 0 && this.executing === 0;
  }

  oldest(): Ticket | undefined {
    return this.waiting.values().next().value;
  }
}

export function maxSeatsOf({ initialSeats, finalSeats }: WorkEstimate): number {
  return Math.max(initialSeats, finalSeats);
}

function workOf({ initialSeats, finalSeats, additionalMs }: WorkEstimate): number {
  return initialSeats * estimatedServiceMs + finalSeats * additionalMs;
}

export class QueueSet {
  readonly queues: Queue[] = [];
  readonly executing = new Set<Ticket>();
  waitingRequests = 0;
  seatsInUse = 0;
  seatsWaiting = 0;
  dispatchedTotal = 0;
  rejectedTotal = 0;
  cancelledTotal = 0;
  readonly #metrics: LevelMetrics;
  readonly #demand: SeatDemand;
  readonly #nowMs: () => number;
  #response: LimitResponse = 'reject';
  #dealer: Dealer | undefined;
  #limit = 0;
  #activeQueues = 0;
  #currentR = 0;
  #syncedMs: number;
  #robin = 0;
  #enqueues = 0;

  constructor(metrics: LevelMetrics, demand: SeatDemand, nowMs: () => number) {
    this.#metrics = metrics;
    this.#demand = demand;
    this.#nowMs = nowMs;
    this.#syncedMs = nowMs();
  }

  get idle(): boolean {
    return this.waitingRequests === 0 && this.executing.size === 0;
  }

  configure(response: LimitResponse): void {
    const before = this.#response;
    this.#response = response;
    if (typeof response === 'string') return;
    const same =
      typeof before !== 'string' && before.queues === response.queues && before.handSize === response.handSize;
    if (!same) this.#dealer = new Dealer(response.queues, response.handSize);
    while (this.queues.length < response.queues) this.queues.push(new Queue(this.queues.length));
    // Queues beyond the wanted number go when they are empty.
    while (this.queues.length > response.queues && this.queues.at(-1)!.idle) this.queues.pop();
  }

  /** `denominator` is what utilization is measured by. */
  limit(seats: number, denominator: number): void {
    const now = this.#sync();
    this.#limit = seats;
    const { waitingRatio, executingRatio, seatRatio } = this.#metrics;
    const response = this.#response;
    const room = typeof response === 'string' ? 1 : response.queues * Math.max(1, response.queueLengthLimit);
    waitingRatio.setDenominator(room, now);
    executingRatio.setDenominator(denominator, now);
    seatRatio.setDenominator(denominator, now);
    this.#dispatchAll();
  }

  /** Leaves the ticket executing, waiting or rejected. */
  start(ticket: Ticket): void {
    const now = this.#sync();
    ticket.arrivalR = this.#currentR;
    const response = this.#response;
    if (typeof response === 'string') {
      if (response === 'reject' && !this.#hasRoomFor(maxSeatsOf(ticket.estimate)))
        this.#reject(ticket, 'concurrency-limit');
      else this.#execute(ticket, now);
      return;
    }
    const queue = this.#choose(ticket);
    ticket.queue = queue;
    if (this.waitingRequests === 0 && this.#hasRoomFor(maxSeatsOf(ticket.estimate))) {
      queue.nextDispatchR = queue.idle ? this.#currentR : Math.max(queue.nextDispatchR, this.#currentR);
      ticket.metrics.queueLength.observe(1);
      this.#robin = queue.index;
      this.#leave(ticket, queue, now);
      return;
    }
    if (this.seatsInUse >= this.#limit && queue.waiting.size >= response.queueLengthLimit) {
      this.#reject(ticket, 'queue-full');
      return;
    }
    this.#enqueue(ticket, queue, now);
    this.#dispatchAll();
  }

  /** A ticket that waits no longer: its time is up, or its client has gone. */
  cancel(ticket: Ticket): void {
    const { queue } = ticket;
    if (ticket.state !== 'waiting' || queue === undefined) return;
    const now = this.#sync();
    this.#dequeue(ticket, queue, now);
    this.cancelledTotal++;
    this.#reject(ticket, 'time-out');
    this.#bound(queue);
    if (queue.idle) this.#activeQueues--;
    this.#dropExcess(queue);
    this.#dispatchAll();
  }

  /** The request has been answered. Its seats may stay taken a little for the watches it woke. */
  finish(ticket: Ticket): void {
    if (ticket.state !== 'executing') return;
    const now = this.#sync();
    ticket.state = 'finished';
    this.executing.delete(ticket);
    const { queue, metrics, estimate } = ticket;
    metrics.executingRequests.value--;
    this.#metrics.executingRatio.add(-1, now);
    if (queue !== undefined) {
      queue.executing--;
      queue.nextDispatchR -= estimate.initialSeats * (estimatedServiceMs - (now - ticket.startMs));
      this.#bound(queue);
      if (queue.idle) this.#activeQueues--;
    }
    if (estimate.additionalMs <= 0) this.#release(ticket, now);
    else setTimeout(() => this.#release(ticket, this.#sync()), estimate.additionalMs).unref();
    this.#dispatchAll();
  }

  #release(ticket: Ticket, now: number): void {
    const seats = maxSeatsOf(ticket.estimate);
    this.seatsInUse -= seats;
    ticket.metrics.executingSeats.value -= seats;
    this.#metrics.seatRatio.add(-seats, now);
    this.#noteDemand(now);
    const { queue } = ticket;
    if (queue !== undefined) {
      queue.seatsInUse -= seats;
      this.#dropExcess(queue);
    }
    this.#dispatchAll();
  }

  #reject(ticket: Ticket, reason: string): void {
    ticket.state = 'rejected';
    this.rejectedTotal++;
    ticket.metrics.rejected(reason);
  }

  /** Advances the meter: what the current state has granted since the last change. */
  #sync(): number {
    const now = this.#nowMs();
    const elapsed = now - this.#syncedMs;
    this.#syncedMs = now;
    if (this.#activeQueues > 0 && elapsed > 0) {
      const rate = Math.min(this.seatsInUse + this.seatsWaiting, this.#limit) / this.#activeQueues;
      this.#currentR += rate * elapsed;
      this.#metrics.currentR.value = this.#currentR / 1000;
    }
    return now;
  }

  /** Of the flow's hand, the queue with the least work waiting. The start rotates, so that no card is favoured. */
  #choose(ticket: Ticket): Queue {
    const hand = this.#dealer!.hand(ticket.schema, ticket.distinguisher);
    const offset = this.#enqueues++ % hand.length;
    let best: Queue | undefined;
    for (let index = 0; index < hand.length; index++) {
      const queue = this.queues[hand[(offset + index) % hand.length]!]!;
      if (best === undefined || queue.waitingWork < best.waitingWork) best = queue;
      if (best.waitingWork === 0) break;
    }
    return best!;
  }

  #enqueue(ticket: Ticket, queue: Queue, now: number): void {
    if (queue.idle) {
      queue.nextDispatchR = this.#currentR;
      this.#activeQueues++;
    }
    const seats = maxSeatsOf(ticket.estimate);
    ticket.state = 'waiting';
    queue.waiting.add(ticket);
    queue.waitingWork += workOf(ticket.estimate);
    this.waitingRequests++;
    this.seatsWaiting += seats;
    ticket.metrics.waitingRequests.value++;
    ticket.metrics.waitingSeats.value += seats;
    ticket.metrics.queueLength.observe(queue.waiting.size);
    this.#metrics.waitingRatio.add(1, now);
    this.#noteDemand(now);
    this.#bound(queue);
  }

  #dequeue(ticket: Ticket, queue: Queue, now: number): void {
    const seats = maxSeatsOf(ticket.estimate);
    queue.waiting.delete(ticket);
    queue.waitingWork = queue.waiting.size === 0 ? 0 : queue.waitingWork - workOf(ticket.estimate);
    this.waitingRequests--;
    this.seatsWaiting -= seats;
    ticket.metrics.waitingRequests.value--;
    ticket.metrics.waitingSeats.value -= seats;
    this.#metrics.waitingRatio.add(-1, now);
    this.#noteDemand(now);
  }

  #dispatchAll(): void {
    while (this.waitingRequests > 0 && this.seatsInUse < this.#limit && this.#dispatchOne());
  }

  #dispatchOne(): boolean {
    let chosen: Queue | undefined;
    let chosenAt = 0;
    let earliest = Number.POSITIVE_INFINITY;
    const next = { min: Number.POSITIVE_INFINITY, max: Number.NEGATIVE_INFINITY };
    const discounted = { ...next };
    const { length } = this.queues;
    for (let step = 1; step <= length; step++) {
      const at = (this.#robin + step) % length;
      const queue = this.queues[at]!;
      const oldest = queue.oldest();
      if (oldest === undefined) continue;
      widen(next, queue.nextDispatchR);
      widen(discounted, queue.nextDispatchR - queue.seatsInUse * estimatedServiceMs);
      const finishR = queue.nextDispatchR + workOf(oldest.estimate);
      if (finishR < earliest) {
        earliest = finishR;
        chosen = queue;
        chosenAt = at;
      }
    }
    const ticket = chosen?.oldest();
    if (chosen === undefined || ticket === undefined) return false;
    if (!this.#hasRoomFor(maxSeatsOf(ticket.estimate))) {
      ticket.metrics.notAccommodated.inc();
      return false;
    }
    note(this.#metrics.nextS, next);
    note(this.#metrics.nextDiscountedS, discounted);
    const now = this.#syncedMs;
    this.#dequeue(ticket, chosen, now);
    this.#robin = chosenAt;
    // More final seats than there are: the same work, narrower and longer.
    const { estimate } = ticket;
    if (estimate.finalSeats > this.#limit && this.#limit > 0) {
      const additionalMs = (estimate.finalSeats * estimate.additionalMs) / this.#limit;
      ticket.estimate = { ...estimate, finalSeats: this.#limit, additionalMs };
    }
    this.#leave(ticket, chosen, now);
    this.#bound(chosen);
    ticket.dispatched?.();
    return true;
  }

  /** From the head of its queue into execution. */
  #leave(ticket: Ticket, queue: Queue, now: number): void {
    // The one that just left was counted, if it waited; an idle queue becomes active only now.
    if (queue.idle && ticket.state === 'new') this.#activeQueues++;
    this.#metrics.dispatchR.value = this.#currentR / 1000;
    this.#metrics.latestS.value = queue.nextDispatchR / 1000;
    queue.nextDispatchR += workOf(ticket.estimate);
    queue.executing++;
    queue.seatsInUse += maxSeatsOf(ticket.estimate);
    this.#execute(ticket, now);
  }

  #execute(ticket: Ticket, now: number): void {
    const seats = maxSeatsOf(ticket.estimate);
    ticket.state = 'executing';
    ticket.startMs = now;
    this.executing.add(ticket);
    this.dispatchedTotal++;
    this.seatsInUse += seats;
    const { metrics } = ticket;
    metrics.dispatched.inc();
    metrics.executingRequests.value++;
    metrics.executingSeats.value += seats;
    this.#metrics.executingRatio.add(1, now);
    this.#metrics.seatRatio.add(seats, now);
    this.#noteDemand(now);
  }

  #hasRoomFor(seats: number): boolean {
    if (this.#response === 'exempt') return true;
    // Wider than the whole level: it must run alone.
    if (seats > this.#limit) return this.executing.size === 0;
    return this.seatsInUse + seats <= this.#limit;
  }

  /** A queue saves up nothing while it has little to do: no dispatch lies before its request's arrival. */
  #bound(queue: Queue): void {
    const oldest = queue.oldest();
    if (oldest !== undefined && queue.nextDispatchR < oldest.arrivalR) queue.nextDispatchR = oldest.arrivalR;
  }

  #dropExcess(queue: Queue): void {
    const response = this.#response;
    if (typeof response === 'string' || this.queues.length <= response.queues || !queue.idle) return;
    const { index } = queue;
    if (index < response.queues || this.queues[index] !== queue) return;
    this.queues.splice(index, 1);
    for (const later of this.queues.slice(index)) later.index--;
    if (this.#robin >= index) this.#robin--;
  }

  #noteDemand(now: number): void {
    const seats = this.seatsInUse + this.seatsWaiting;
    this.#demand.set(seats, now);
    this.#metrics.demandRatio.set(seats, now);
  }
}

interface Range {
  min: number;
  max: number;
}

function widen(range: Range, value: number): void {
  if (value < range.min) range.min = value;
  if (value > range.max) range.max = value;
}

function note(bounds: Bounds, { min, max }: Range): void {
  bounds.min.value = min / 1000;
  bounds.max.value = max / 1000;
}
