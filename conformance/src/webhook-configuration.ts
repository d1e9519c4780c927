/** Webhook configurations for a promise's own namespace. */
import assert from 'node:assert/strict';
import type { PromiseContext } from './context.ts';
import { until } from './until.ts';
import type { WebhookServer } from './webhook-server.ts';

/** As upstream's conformance list names its tests of webhooks. */
export const title = (what: string) => ({
  codename: `[sig-api-machinery] AdmissionWebhook [Privileged:ClusterAdmin] ${what} [Conformance]`,
});

export type WebhookKind = 'validating' | 'mutating';
export const collection = (kind: WebhookKind): string =>
  `/apis/admissionregistration.k8s.io/v1/${kind}webhookconfigurations`;

interface Hook {
  path?: string;
  resources?: string[];
  apiGroups?: string[];
  apiVersions?: string[];
  operations?: string[];
  [field: string]: unknown;
}

/** Of the own namespace only; one hook answers at its path, and knows when it works by the ready marker. */
export function hook(context: PromiseContext, server: WebhookServer, name: string, given: Hook): object {
  const { path = '/', resources = ['configmaps'], apiGroups = [''], apiVersions = ['v1'], operations, ...more } = given;
  return {
    name: `${name}.example.com`,
    clientConfig: server.at(path),
    rules: [{ operations: operations ?? ['CREATE'], apiGroups, apiVersions, resources }],
    namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': context.namespace } },
    sideEffects: 'None',
    admissionReviewVersions: ['v1', 'v1beta1'],
    ...more,
  };
}

/** Every configuration ends with a hook for ready markers, so that it is known when all API servers heed it. */
export async function configure(
  context: PromiseContext,
  kind: WebhookKind,
  server: WebhookServer,
  hooks: object[],
  more: { name?: string; labels?: Record<string, string>; wait?: boolean } = {},
): Promise<string> {
  const name = more.name ?? `${context.namespace}-${kind}`;
  context.onCleanup(async () => {
    await context.http.request('DELETE', `${collection(kind)}/${name}`);
  });
  const marker = hook(context, server, `${name}.marker`, {
    path: '/marker',
    objectSelector: { matchLabels: { 'ready-marker': name } },
  });
  const body = { metadata: { name, ...(more.labels ? { labels: more.labels } : {}) }, webhooks: [...hooks, marker] };
  const made = await context.http.request('POST', collection(kind), { body });
  assert.equal(made.status, 201, made.text());
  if (more.wait !== false) await heeded(context, server, name);
  return name;
}

async function heeded(context: PromiseContext, server: WebhookServer, name: string): Promise<void> {
  const before = server.calls('/marker');
  await until(context, async () => {
    const body = { metadata: { name: 'marker', labels: { 'ready-marker': name } } };
    const answer = await context.http.request('POST', `${context.path('v1', 'configmaps')}?dryRun=All`, { body });
    const unreachable = /failed calling webhook.*(refused|no route|unreachable|deadline|timeout)/.exec(answer.text());
    if (unreachable !== null) context.skip('the API server cannot reach this process');
    return server.calls('/marker') > before;
  });
}
