/** The pod network of a node, as a CNI plugin would make it: addresses out of the pod CIDR, once that is known. */
import type { Clock } from '@typernetes/openapi/client';
import { CriError } from 'cri-client';
import { AddressPool } from './addresses.ts';

/** How long a sandbox waits for the node's pod CIDR before its creation fails and is tried again. */
const patienceMs = 5_000;

export class PodNetwork {
  readonly #clock: Clock;
  readonly #addresses: AddressPool;
  readonly #known = Promise.withResolvers<void>();
  #isReady: boolean;

  /** `podCidr` is good until another is told; with `waits` no address is given before. */
  constructor(clock: Clock, podCidr: string, waits: boolean) {
    this.#clock = clock;
    this.#addresses = new AddressPool(podCidr);
    this.#isReady = !waits;
  }

  setPodCidr(cidr: string): void {
    this.#addresses.setCidr(cidr);
    this.#isReady = true;
    this.#known.resolve();
  }

  /** Throws UNAVAILABLE or RESOURCE_EXHAUSTED. */
  async takeAddress(): Promise<string> {
    if (!this.#isReady) {
      const late = new Promise<'late'>((resolve) => void this.#clock.timer(patienceMs, () => resolve('late')));
      if ((await Promise.race([this.#known.promise, late])) === 'late')
        throw new CriError('UNAVAILABLE', 'network is not ready: the pod CIDR of the node is not known');
    }
    const address = this.#addresses.take();
    if (address === undefined) throw new CriError('RESOURCE_EXHAUSTED', 'no pod address is free');
    return address;
  }

  giveBack(address: string): void {
    this.#addresses.give(address);
  }

  /** For the status of the runtime. */
  condition() {
    if (this.#isReady) return { type: 'NetworkReady', status: true };
    return {
      type: 'NetworkReady',
      status: false,
      reason: 'NetworkPluginNotReady',
      message: 'Network plugin returns error: the pod CIDR of the node is not known',
    };
  }
}
