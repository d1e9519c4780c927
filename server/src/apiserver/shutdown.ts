/**
 * How a server goes: first it only says that it is not ready, so that whoever sends it requests can stop; then it takes
 * no new ones, and ends those that it has.
 */
import { serviceUnavailable } from '@typernetes/openapi/meta';
import type { HealthCheck } from '../endpoints/health.ts';
import { type Filter, header } from '../endpoints/request-context.ts';
import { sendText } from '../endpoints/respond.ts';

export interface ShutdownOptions {
  /** Between failing /readyz and refusing requests. */
  shutdownDelayMs: number;
  /** Go on listening while requests are in flight, and answer new ones with 429. */
  shutdownSendRetryAfter: boolean;
  /** Over how long watches are ended, not all at once; 0 ends them at once. */
  shutdownWatchTerminationGracePeriodMs: number;
}

/** Health and metrics are answered to the end. */
const exemptPath = /^\/(readyz|livez|healthz|metrics)/;

export class Shutdown {
  readonly #options: ShutdownOptions;
  #initiated = false;
  #refusing = false;

  constructor(options: ShutdownOptions) {
    this.#options = options;
  }

  /** For /readyz. */
  readonly check: HealthCheck = {
    name: 'shutdown',
    check: () => {
      if (this.#initiated) throw new Error('process is shutting down');
    },
  };

  get initiated(): boolean {
    return this.#initiated;
  }

  /** Resolves when requests are taken no longer: the delay is over, and so is what must be done before. */
  async initiate(hooks: () => Promise<void>): Promise<void> {
    this.#initiated = true;
    const { shutdownDelayMs } = this.#options;
    const delay =
      shutdownDelayMs > 0 ? new Promise((resolve) => setTimeout(resolve, shutdownDelayMs)) : Promise.resolve();
    await Promise.all([delay, hooks()]);
    this.#refusing = true;
  }

  filter(): Filter {
    return (next) => (context) => {
      if (!this.#refusing) return next(context);
      const { response } = context;
      response.setHeader('Connection', 'close');
      if (exemptPath.test(context.path) || header(context, 'user-agent').startsWith('kube-apiserver/')) {
        return next(context);
      }
      if (!this.#options.shutdownSendRetryAfter) {
        response.setHeader('Retry-After', '1');
        throw serviceUnavailable('apiserver is shutting down');
      }
      response.setHeader('Retry-After', '5');
      sendText(context, 429, 'The apiserver is shutting down, please try again later.\n');
      return Promise.resolve();
    };
  }
}
