/** One webhook of a configuration, with what is parsed of it once. */
import type { KubernetesObject } from '@typernetes/openapi/meta';
import type { MutatingWebhook, ValidatingWebhook } from '@typernetes/openapi/types/admissionregistration/v1';
import { type CompiledPolicy, compilePolicy } from '../../cel/index.ts';
import { type ParsedSelector, parseSelector } from '../matching/selectors.ts';

export interface Hook<W extends MutatingWebhook | ValidatingWebhook = MutatingWebhook | ValidatingWebhook> {
  /** Tells it from all others, over changes of its configuration. */
  readonly uid: string;
  readonly configuration: string;
  readonly webhook: Readonly<W>;
  readonly namespaceSelector: ParsedSelector;
  readonly objectSelector: ParsedSelector;
  /** Compiled when it is first needed; undefined where there are no conditions. */
  readonly conditions: CompiledPolicy | undefined;
}

/** In the order in which they are called: by the configurations' names, then as each lists them. */
export function hooksOf<W extends MutatingWebhook | ValidatingWebhook>(
  configurations: readonly Readonly<KubernetesObject & { webhooks?: W[] }>[],
): Hook<W>[] {
  return configurations.flatMap(({ metadata, webhooks = [] }) => {
    const counts = new Map<string, number>();
    const configuration = metadata?.name ?? '';
    return webhooks.map((webhook) => {
      const count = counts.get(webhook.name) ?? 0;
      counts.set(webhook.name, count + 1);
      return hook(`${configuration}/${webhook.name}/${count}`, configuration, webhook);
    });
  });
}

function hook<W extends MutatingWebhook | ValidatingWebhook>(uid: string, configuration: string, webhook: W): Hook<W> {
  const { matchConditions = [], namespaceSelector, objectSelector } = webhook;
  let compiled: CompiledPolicy | undefined;
  return {
    uid,
    configuration,
    webhook,
    namespaceSelector: parseSelector(namespaceSelector ?? {}),
    objectSelector: parseSelector(objectSelector ?? {}),
    get conditions() {
      if (matchConditions.length === 0) return undefined;
      return (compiled ??= compilePolicy({ matchConditions }, { hasParams: false }));
    },
  };
}
