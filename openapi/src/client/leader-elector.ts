/**
 * Elects one of many through a Lease. `lead` runs while this process holds it; its signal aborts when the lease is lost
 * or given up. Others take over when the holder has not renewed for `leaseDuration`, measured by the observer's own
 * clock since it last saw the record change, so that clocks need not agree.
 */
import type { Lease } from '@typernetes/openapi/types/coordination/v1';
import { isAlreadyExists, isConflict, isNotFound } from '../meta/index.ts';
import { type Clock, delay, jitter, systemClock } from './clock.ts';
import { type Logger, silentLogger } from './logger.ts';
import { leases } from './resources.ts';
import type { RestClient } from './rest-client.ts';

export interface LeaderElectorOptions {
  namespace: string;
  name: string;
  identity: string;
  /** Defaults 15 s, 10 s and 2 s, as upstream. */
  leaseDurationMs?: number;
  renewDeadlineMs?: number;
  retryPeriodMs?: number;
  clock?: Clock;
  random?: () => number;
  logger?: Logger;
  /** A new holder was seen. */
  onNewLeader?: (identity: string) => void;
}

export class LeaderElector {
  readonly #client: RestClient;
  readonly #options: LeaderElectorOptions;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #logger: Logger;
  readonly #leaseDurationMs: number;
  readonly #renewDeadlineMs: number;
  readonly #retryPeriodMs: number;
  #observed: { record: string; lease: Lease; at: number } | undefined;
  #reportedLeader: string | undefined;

  constructor(client: RestClient, options: LeaderElectorOptions) {
    this.#client = client;
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#random = options.random ?? Math.random;
    this.#logger = options.logger ?? silentLogger;
    this.#leaseDurationMs = options.leaseDurationMs ?? 15_000;
    this.#renewDeadlineMs = options.renewDeadlineMs ?? 10_000;
    this.#retryPeriodMs = options.retryPeriodMs ?? 2_000;
  }

  get isLeader(): boolean {
    return this.#observed?.lease.spec?.holderIdentity === this.#options.identity;
  }

  /**
   * Waits for the lease, runs `lead`, and resolves when `lead` has ended: `lost` (the lease went to someone else or
   * could not be renewed) or `stopped` (the signal aborted; the lease is released).
   */
  async run(lead: (signal: AbortSignal) => Promise<void>, signal: AbortSignal): Promise<'lost' | 'stopped'> {
    while (!signal.aborted && !(await this.#tryAcquireOrRenew(signal))) {
      await delay(this.#clock, jitter(this.#retryPeriodMs, 1.2, this.#random), signal);
    }
    if (signal.aborted) {
      await this.#release();
      return 'stopped';
    }
    this.#logger.info({ lease: this.#options.name, identity: this.#options.identity }, 'became leader');
    const leading = new AbortController();
    const either = AbortSignal.any([signal, leading.signal]);
    const work = lead(either);
    const renewed = this.#renewUntilLost(either).then(() => leading.abort());
    try {
      await work;
    } finally {
      leading.abort();
      await renewed;
    }
    if (signal.aborted) await this.#release();
    return signal.aborted ? 'stopped' : 'lost';
  }

  async #renewUntilLost(signal: AbortSignal): Promise<void> {
    let renewedAt = this.#clock.now();
    while (!signal.aborted) {
      if (!(await delay(this.#clock, this.#retryPeriodMs, signal))) return;
      // A call that hangs must not outlast the deadline: others may take the lease soon after.
      const left = Math.max(renewedAt + this.#renewDeadlineMs - this.#clock.now(), 0);
      if (await this.#tryAcquireOrRenew(signal, left)) renewedAt = this.#clock.now();
      else if (!this.isLeader || this.#clock.now() - renewedAt >= this.#renewDeadlineMs) {
        this.#logger.error({ lease: this.#options.name }, 'lost the lease');
        return;
      }
    }
  }

  async #tryAcquireOrRenew(signal: AbortSignal, limitMs = this.#renewDeadlineMs): Promise<boolean> {
    const { namespace, name, identity } = this.#options;
    const resource = this.#client.resource(leases);
    const late = new AbortController();
    const timer = this.#clock.timer(limitMs, () => late.abort(new Error(`no answer within ${limitMs} ms`)));
    const call = AbortSignal.any([signal, late.signal]);
    try {
      let lease: Lease;
      try {
        lease = await resource.get(namespace, name, { signal: call });
      } catch (error) {
        if (!isNotFound(error)) throw error;
        const created = await resource.create(namespace, this.#leaseFor(undefined), { signal: call });
        this.#observe(created);
        return true;
      }
      this.#observe(lease);
      const holder = lease.spec?.holderIdentity;
      const heldUntil = (this.#observed?.at ?? 0) + (lease.spec?.leaseDurationSeconds ?? 0) * 1000;
      if (holder && holder !== identity && heldUntil > this.#clock.now()) return false;
      this.#observe(await resource.update(this.#leaseFor(lease), { signal: call }));
      return true;
    } catch (error) {
      if (!signal.aborted && !isConflict(error) && !isAlreadyExists(error)) {
        this.#logger.warn(
          { lease: name, error: error instanceof Error ? error.message : String(error) },
          'cannot get or update the lease',
        );
      }
      return false;
    } finally {
      timer.stop();
    }
  }

  #leaseFor(current: Lease | undefined): Lease {
    const { namespace, name, identity } = this.#options;
    const now = new Date(this.#clock.now()).toISOString().replace('Z', '000Z');
    const mine = current?.spec?.holderIdentity === identity;
    return {
      ...current,
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: current?.metadata ?? { namespace, name },
      spec: {
        ...current?.spec,
        holderIdentity: identity,
        leaseDurationSeconds: Math.ceil(this.#leaseDurationMs / 1000),
        acquireTime: mine ? (current?.spec?.acquireTime ?? now) : now,
        renewTime: now,
        leaseTransitions: (current?.spec?.leaseTransitions ?? 0) + (current && !mine ? 1 : 0),
      },
    };
  }

  #observe(lease: Lease): void {
    const record = JSON.stringify(lease.spec);
    if (this.#observed?.record === record) return;
    this.#observed = { record, lease, at: this.#clock.now() };
    const holder = lease.spec?.holderIdentity ?? '';
    if (holder !== this.#reportedLeader) {
      this.#reportedLeader = holder;
      this.#options.onNewLeader?.(holder);
    }
  }

  /** Lets others take over at once. */
  async #release(): Promise<void> {
    if (!this.isLeader || !this.#observed) return;
    const { lease } = this.#observed;
    const now = new Date(this.#clock.now()).toISOString().replace('Z', '000Z');
    const released: Lease = {
      ...lease,
      spec: { ...lease.spec, holderIdentity: '', leaseDurationSeconds: 1, acquireTime: now, renewTime: now },
    };
    try {
      await this.#client.resource(leases).update(released, { signal: AbortSignal.timeout(this.#renewDeadlineMs) });
    } catch (error) {
      this.#logger.warn({ lease: this.#options.name, error: String(error) }, 'cannot release the lease');
    }
  }
}
