/** Events as an EventList posted to a URL, tried again with growing pauses whatever the failure was. */
import { loadKubeconfig, RestClient } from '@typernetes/openapi/client';
import type { Logger } from '../endpoints/request-context.ts';
import type { AuditBackend } from './backend.ts';
import { encodeEvent, encodeEventList } from './event.ts';

const attempts = 5;
const factor = 1.5;
const jitter = 0.2;

export function webhookBackend(kubeconfigFile: string, initialBackoffMs: number, logger: Logger): AuditBackend {
  const client = new RestClient(loadKubeconfig(kubeconfigFile), { maxRetries: 0 });
  const closing = new AbortController();
  const pause = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      closing.signal.addEventListener('abort', () => resolve(clearTimeout(timer)), { once: true });
    });
  return {
    async process(events) {
      const body = Buffer.from(encodeEventList(events.map(encodeEvent)));
      let delayMs = initialBackoffMs;
      for (let attempt = 1; ; attempt++) {
        try {
          await client.request({ method: 'POST', path: '', body, contentType: 'application/json' });
          return true;
        } catch (error) {
          if (attempt >= attempts || closing.signal.aborted) {
            logger.error({ error: (error as Error).message, events: events.length }, 'cannot send audit events');
            return false;
          }
          await pause(delayMs * (1 + Math.random() * jitter));
          delayMs *= factor;
        }
      }
    },
    close() {
      closing.abort();
      client.close();
      return Promise.resolve();
    },
  };
}
