/** What a webhook converts, for callers that cannot wait: they are told to come again, and then find the answer here. */
import { LruMap } from '@typernetes/openapi/client';
import type { JsonObject, KubernetesObject } from '@typernetes/openapi/meta';
import { ConversionPending, deepCopy } from '@typernetes/openapi/schema';
import type { WebhookConverter } from './webhook-conversion.ts';

const maxKept = 256;

export class PendingConversions {
  readonly #webhook: Pick<WebhookConverter, 'convert'>;
  /** By what is converted, and to what. */
  readonly #answers = new LruMap<JsonObject>(maxKept);

  constructor(webhook: Pick<WebhookConverter, 'convert'>) {
    this.#webhook = webhook;
  }

  /** Throws a ConversionPending where the answer is not there yet. */
  readonly convert = (object: JsonObject, apiVersion: string): JsonObject => {
    if (object['apiVersion'] === apiVersion) return object;
    // Nothing but a kind: there is nothing to ask about.
    if (Object.keys(object).length === 2) return { ...object, apiVersion };
    const key = `${apiVersion} ${JSON.stringify(object)}`;
    const known = this.#answers.get(key);
    if (known !== undefined) return deepCopy(known);
    throw new ConversionPending(this.#ask(key, object, apiVersion));
  };

  async #ask(key: string, object: JsonObject, apiVersion: string): Promise<void> {
    const [answer] = await this.#webhook.convert([object as KubernetesObject], apiVersion);
    this.#answers.set(key, answer as unknown as JsonObject);
  }
}
