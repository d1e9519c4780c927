/** A server that aggregates others, its extension servers, and what tests ask of both. */
import assert from 'node:assert/strict';
import type { APIService } from '@typernetes/openapi/types/apiregistration/v1';
import { frontProxyOptions } from '../../apiserver/testing/server-files.ts';
import { startTestServer, type TestAnswer, type TestServer } from '../../apiserver/testing/test-server.ts';
import { type ExtensionServer, group, startExtensionServer } from './extension-server.ts';

export const apiServicePath = '/apis/apiregistration.k8s.io/v1/apiservices';

export class AggregatingServer {
  readonly server: TestServer;
  readonly extensions: ExtensionServer[] = [];

  private constructor(server: TestServer) {
    this.server = server;
  }

  static async start(): Promise<AggregatingServer> {
    const server = await startTestServer((certificates) => ({
      ...frontProxyOptions(certificates),
      proxyClientCertFile: certificates.frontProxyClient.certificateFile,
      proxyClientKeyFile: certificates.frontProxyClient.keyFile,
    }));
    return new AggregatingServer(server);
  }

  async stop(): Promise<void> {
    await this.server.close();
    for (const extension of this.extensions) await extension.stop();
  }

  call(method: string, url: string, body?: object, headers: Record<string, string> = {}): Promise<TestAnswer> {
    return this.server.call(method, url, { body, headers });
  }

  patch(url: string, body: object): Promise<TestAnswer> {
    return this.call('PATCH', url, body, { 'content-type': 'application/merge-patch+json' });
  }

  /** Resolves to the Available condition once that is its reason. */
  waitForReason(name: string, reason: string) {
    return eventually(`${name} ${reason}`, async () => {
      const found = condition((await this.call('GET', `${apiServicePath}/${name}`)).json<APIService>());
      return found?.reason === reason ? found : undefined;
    });
  }

  /** A Service that leads to this machine; its port is the APIService's. */
  async externalService(name: string): Promise<void> {
    const created = await this.call('POST', '/api/v1/namespaces/default/services', {
      metadata: { name },
      spec: { type: 'ExternalName', externalName: 'localhost' },
    });
    assert.equal(created.status, 201, created.text);
  }

  /** One that trusts this server, behind a Service of that name. */
  async extensionServer(
    name: string,
    options: { versions?: string[]; legacy?: boolean } = {},
  ): Promise<ExtensionServer> {
    const url = '/api/v1/namespaces/kube-system/configmaps/extension-apiserver-authentication';
    const trust = (await this.call('GET', url)).json<{ data: Record<string, string> }>().data;
    const extension = await startExtensionServer({
      name: `${name}.default.svc`,
      proxyCa: trust['requestheader-client-ca-file']!,
      ...options,
    });
    this.extensions.push(extension);
    await this.externalService(name);
    return extension;
  }
}

export async function eventually<T>(what: string, look: () => Promise<T | undefined>, limitMs = 15_000): Promise<T> {
  const end = performance.now() + limitMs;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (performance.now() > end) throw new Error(`never: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

export function condition(apiService: APIService) {
  return apiService.status?.conditions?.find(({ type }) => type === 'Available');
}

export function apiService(version: string, spec: object, name = group) {
  return {
    apiVersion: 'apiregistration.k8s.io/v1',
    kind: 'APIService',
    metadata: { name: `${version}.${name}` },
    spec: { group: name, version, groupPriorityMinimum: 2000, versionPriority: 200, ...spec },
  };
}
