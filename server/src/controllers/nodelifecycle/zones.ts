/**
 * How fast nodes of a zone may be tainted so that their pods are evicted. When much of a zone fails at once, the network
 * is more likely at fault than the nodes. Pure but for the clock.
 */
import { type Clock, TokenBucket } from '@typernetes/openapi/client';
import type { Node } from '@typernetes/openapi/types/core/v1';

export type ZoneState = 'Normal' | 'PartialDisruption' | 'FullDisruption';

const unhealthyThreshold = 0.55;
const largeZone = 50;
const normalQps = 0.1;
const partialQps = 0.01;

export function zoneOf(node: Readonly<Node>): string {
  const labels = node.metadata?.labels ?? {};
  const region = labels['topology.kubernetes.io/region'] ?? '';
  const zone = labels['topology.kubernetes.io/zone'] ?? '';
  return region === '' && zone === '' ? '' : `${region}:\0:${zone}`;
}

function zoneState(ready: number, notReady: number): ZoneState {
  if (ready === 0 && notReady > 0) return 'FullDisruption';
  if (notReady > 2 && notReady / (notReady + ready) >= unhealthyThreshold) return 'PartialDisruption';
  return 'Normal';
}

export class ZoneLimits {
  readonly #clock: Clock;
  readonly #zones = new Map<string, { qps: number; bucket: TokenBucket | undefined }>();
  /** Every zone is down: nothing is evicted anywhere, and taints come off. */
  allDisrupted = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  update(zones: ReadonlyMap<string, { ready: number; notReady: number }>): void {
    const states = [...zones].map(([zone, { ready, notReady }]) => ({
      zone,
      size: ready + notReady,
      state: zoneState(ready, notReady),
    }));
    this.allDisrupted = states.length > 0 && states.every(({ state }) => state === 'FullDisruption');
    for (const { zone, size, state } of states) {
      let qps = normalQps;
      if (this.allDisrupted) qps = 0;
      else if (state === 'PartialDisruption') qps = size > largeZone ? partialQps : 0;
      if (this.#zones.get(zone)?.qps !== qps) {
        this.#zones.set(zone, { qps, bucket: qps > 0 ? new TokenBucket(this.#clock, qps, 1) : undefined });
      }
    }
  }

  /** Whether one more node of the zone may be tainted now. */
  tryTake(zone: string): boolean {
    return this.#zones.get(zone)?.bucket?.tryTake() ?? false;
  }
}
