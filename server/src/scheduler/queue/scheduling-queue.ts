/**
 * Pods that wait for a node. *Active* ones are tried in order of priority and age; *backing off* ones were tried lately;
 * *unschedulable* ones wait for an event that may help them; *gated* ones may not be tried at all. Pure but for the clock.
 */
import type { Clock, Timer } from '@typernetes/openapi/client';
import type { ClusterEvent, EventHint } from '../framework/framework.ts';
import type { NodeInfo } from '../framework/node-info.ts';
import type { PodInfo } from '../framework/pod-info.ts';
import { Heap } from './heap.ts';

export interface QueuedPod {
  info: PodInfo;
  /** When it came (again), in milliseconds. */
  queuedAt: number;
  /** When it came first. */
  firstQueuedAt: number;
  attempts: number;
  /** Plugins that turned it away last time. */
  rejectedBy: ReadonlySet<string>;
  place: 'active' | 'backoff' | 'unschedulable' | 'gated' | 'cycle';
  sequence: number;
}

export interface SchedulingQueueOptions {
  clock: Clock;
  initialBackoffMs?: number;
  maxBackoffMs?: number;
  /** Unschedulable pods are tried again after so long without an event. */
  maxUnschedulableMs?: number;
  isGated: (pod: PodInfo) => boolean;
  /** Which events each plugin waits for. */
  hints: ReadonlyMap<string, readonly EventHint[]>;
}

export class SchedulingQueue {
  readonly #clock: Clock;
  readonly #options: Required<SchedulingQueueOptions>;
  readonly #pods = new Map<string, QueuedPod>();
  /** May hold entries that have moved on since; they are passed over. */
  readonly #active = new Heap<HeapItem>(comesBefore);
  readonly #backoffTimers = new Map<string, Timer>();
  readonly #unschedulable = new Map<string, Timer>();
  #sequence = 0;
  #waiter: ((entry: QueuedPod | undefined) => void) | undefined;
  #closed = false;

  constructor(options: SchedulingQueueOptions) {
    this.#clock = options.clock;
    this.#options = { initialBackoffMs: 1000, maxBackoffMs: 10_000, maxUnschedulableMs: 300_000, ...options };
  }

  counts(): Record<QueuedPod['place'], number> {
    const counts = { active: 0, backoff: 0, unschedulable: 0, gated: 0, cycle: 0 };
    for (const { place } of this.#pods.values()) counts[place]++;
    return counts;
  }

  /** How many pods wait because of each plugin. */
  rejections(): Map<string, number> {
    const counts = new Map<string, number>();
    for (const { place, rejectedBy } of this.#pods.values()) {
      if (place !== 'unschedulable') continue;
      for (const plugin of rejectedBy) counts.set(plugin, (counts.get(plugin) ?? 0) + 1);
    }
    return counts;
  }

  /** A pod that is new, or has changed: a change may make it schedulable. */
  put(info: PodInfo): void {
    if (this.#closed) return;
    let entry = this.#pods.get(info.uid);
    if (!entry) {
      const queuedAt = this.#clock.now();
      const rejectedBy = new Set<string>();
      entry = { info, queuedAt, firstQueuedAt: queuedAt, attempts: 0, rejectedBy, place: 'gated', sequence: 0 };
      this.#pods.set(info.uid, entry);
      this.#activate(entry);
      return;
    }
    const matters = schedulingFields(entry.info) !== schedulingFields(info);
    entry.info = info;
    if (entry.place === 'gated') this.#activate(entry);
    else if (entry.place === 'unschedulable' && matters) this.#backOff(entry);
  }

  delete(uid: string): void {
    const entry = this.#pods.get(uid);
    if (!entry) return;
    this.#leave(entry);
    this.#pods.delete(uid);
  }

  /** The next pod to try; undefined once closed. The caller ends the attempt with `done` or `reject`. */
  pop(): Promise<QueuedPod | undefined> {
    const entry = this.tryPop();
    if (entry || this.#closed) return Promise.resolve(entry);
    return new Promise((resolve) => {
      this.#waiter = resolve;
    });
  }

  tryPop(): QueuedPod | undefined {
    for (let next = this.#active.pop(); next; next = this.#active.pop()) {
      const { entry, sequence } = next;
      if (entry.sequence !== sequence || entry.place !== 'active' || this.#pods.get(entry.info.uid) !== entry) continue;
      entry.place = 'cycle';
      entry.attempts++;
      return entry;
    }
    return undefined;
  }

  /** The pod has its node. */
  done(uid: string): void {
    this.delete(uid);
  }

  /** No node for now: waits for an event that one of these plugins registered, or just for a while if there are none. */
  reject(entry: QueuedPod, plugins: ReadonlySet<string>): void {
    if (this.#pods.get(entry.info.uid) !== entry || this.#closed) return;
    entry.rejectedBy = plugins;
    entry.queuedAt = this.#clock.now();
    if (plugins.size === 0) this.#backOff(entry);
    else {
      entry.place = 'unschedulable';
      const { uid } = entry.info;
      this.#unschedulable.set(
        uid,
        this.#clock.timer(this.#options.maxUnschedulableMs, () => {
          this.#unschedulable.delete(uid);
          if (entry.place === 'unschedulable') this.#activate(entry);
        }),
      );
    }
  }

  /** Something changed: whoever it may help is tried again. */
  move(event: ClusterEvent, changed: { node?: NodeInfo; pod?: PodInfo }): void {
    for (const uid of this.#unschedulable.keys()) {
      const entry = this.#pods.get(uid);
      if (entry && this.#mayHelp(entry, event, changed)) this.#backOff(entry);
    }
  }

  close(): void {
    this.#closed = true;
    for (const entry of this.#pods.values()) this.#leave(entry);
    this.#pods.clear();
    this.#waiter?.(undefined);
    this.#waiter = undefined;
  }

  #mayHelp(entry: QueuedPod, event: ClusterEvent, changed: { node?: NodeInfo; pod?: PodInfo }): boolean {
    for (const plugin of entry.rejectedBy) {
      for (const hint of this.#options.hints.get(plugin) ?? []) {
        if (
          hint.resource === event.resource &&
          hint.action === event.action &&
          (hint.helps?.(entry.info, changed) ?? true)
        )
          return true;
      }
    }
    return false;
  }

  /** Backoff counts from the last attempt: one that has passed does not hold the pod back again. */
  #backOff(entry: QueuedPod): void {
    this.#leave(entry);
    const { initialBackoffMs, maxBackoffMs } = this.#options;
    const backoff = Math.min(initialBackoffMs * 2 ** Math.max(0, entry.attempts - 1), maxBackoffMs);
    const wait = entry.queuedAt + backoff - this.#clock.now();
    if (wait <= 0) return this.#activate(entry);
    entry.place = 'backoff';
    const { uid } = entry.info;
    this.#backoffTimers.set(
      uid,
      this.#clock.timer(wait, () => {
        this.#backoffTimers.delete(uid);
        if (entry.place === 'backoff') this.#activate(entry);
      }),
    );
  }

  #activate(entry: QueuedPod): void {
    this.#leave(entry);
    if (this.#options.isGated(entry.info)) {
      entry.place = 'gated';
      return;
    }
    entry.place = 'active';
    entry.sequence = ++this.#sequence;
    this.#active.push({ entry, sequence: entry.sequence, priority: entry.info.priority, queuedAt: entry.queuedAt });
    if (!this.#waiter) return;
    const waiter = this.#waiter;
    this.#waiter = undefined;
    waiter(this.tryPop());
  }

  #leave(entry: QueuedPod): void {
    const { uid } = entry.info;
    this.#backoffTimers.get(uid)?.stop();
    this.#backoffTimers.delete(uid);
    this.#unschedulable.get(uid)?.stop();
    this.#unschedulable.delete(uid);
  }
}

/** What the order depends on is copied: it must not change inside the heap. */
interface HeapItem {
  readonly entry: QueuedPod;
  readonly sequence: number;
  readonly priority: number;
  readonly queuedAt: number;
}

/** Higher priority first, then who has waited longer. */
function comesBefore(a: HeapItem, b: HeapItem): boolean {
  if (a.priority !== b.priority) return a.priority > b.priority;
  if (a.queuedAt !== b.queuedAt) return a.queuedAt < b.queuedAt;
  return a.sequence < b.sequence;
}

/** What of a pod its schedulability depends on: status and managed fields do not count. */
function schedulingFields({ pod }: PodInfo): string {
  return JSON.stringify([pod.spec, pod.metadata?.labels, pod.metadata?.annotations]);
}
