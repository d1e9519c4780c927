/** An API server whose webhooks are what a test says they are. */
import assert from 'node:assert/strict';
import { startTestCluster, type TestCluster, type WebhookHandler, type WebhookServer } from './cluster.ts';

const configurations = '/apis/admissionregistration.k8s.io/v1';
export const configMaps = '/api/v1/namespaces/default/configmaps';

export const patch = (...operations: object[]) => ({
  allowed: true,
  patchType: 'JSONPatch',
  patch: Buffer.from(JSON.stringify(operations)).toString('base64'),
});

export const rules = (operations: string[], resources: string[], apiGroups = [''], apiVersions = ['v1']) => [
  { operations, apiGroups, apiVersions, resources },
];

const allow: WebhookHandler = () => ({ allowed: true });

export class WebhookFixture {
  readonly cluster: TestCluster;
  readonly webhooks: WebhookServer;
  handler: WebhookHandler = allow;

  private constructor(cluster: TestCluster, serve: (handler: WebhookHandler) => WebhookServer) {
    this.cluster = cluster;
    this.webhooks = serve((path, review, query) => this.handler(path, review, query));
  }

  static async start(): Promise<WebhookFixture> {
    const cluster = await startTestCluster();
    let answer = allow;
    const webhooks = await cluster.webhooks((path, review, query) => answer(path, review, query));
    return new WebhookFixture(cluster, (handler) => {
      answer = handler;
      return webhooks;
    });
  }

  /** Each answers at the configuration's name, and is about all that is done to ConfigMaps unless it says otherwise. */
  async configure(kind: 'Mutating' | 'Validating', name: string, ...hooks: object[]): Promise<void> {
    const path = `${configurations}/${kind.toLowerCase()}webhookconfigurations`;
    const answer = await this.cluster.call('POST', path, {
      metadata: { name },
      webhooks: hooks.map((hook) => ({
        clientConfig: { url: `${this.webhooks.url}${name}`, caBundle: this.webhooks.caBundle },
        sideEffects: 'None',
        admissionReviewVersions: ['v1'],
        rules: rules(['*'], ['configmaps']),
        ...hook,
      })),
    });
    assert.equal(answer.status, 201, answer.body.message);
  }

  create(name: string, more: object = {}, query = '') {
    return this.cluster.call('POST', `${configMaps}${query}`, { metadata: { name, ...more }, data: { key: 'value' } });
  }

  /** As if no test had been before. */
  async reset(): Promise<void> {
    this.handler = allow;
    this.webhooks.requests.length = 0;
    for (const kind of ['mutating', 'validating'])
      await this.cluster.call('DELETE', `${configurations}/${kind}webhookconfigurations`);
    await this.cluster.call('DELETE', configMaps);
  }
}
