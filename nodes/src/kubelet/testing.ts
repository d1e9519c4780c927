/** A kubelet with a simulated runtime and an API server in memory, for tests. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Logger, type RestClient, resources, silentLogger } from '@typernetes/openapi/client';
import { FakeApiServer, type RecordedRequest } from '@typernetes/openapi/client/testing';
import type { Pod } from '@typernetes/openapi/types/core/v1';
import { simulatedParts } from '../simulated-nodes.ts';
import type { Kubelet } from './kubelet.ts';
import { type RunningKubelet, runKubelet } from './run-kubelet.ts';

export interface TestNode {
  api: FakeApiServer;
  client: RestClient;
  kubelet: Kubelet;
  running: RunningKubelet;
  folder: string;
  /** Stops the kubelet and starts another one for the same runtime. */
  restart: () => Promise<void>;
  create: (pod: Pod) => Promise<Pod>;
  /** As a graceful deletion by a user. */
  markDeleted: (name: string, seconds: number) => Promise<void>;
  /** The pod's next state that satisfies the condition; fails after a minute, which a busy machine does not need. */
  until: (name: string, condition: (pod: Pod | undefined) => boolean) => Promise<Pod | undefined>;
}

const timeoutMs = 60_000;

export async function withTestNode(
  body: (node: TestNode) => Promise<void>,
  options: { logger?: Logger; simulation?: 'warningsOnly' } = {},
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'kubelet-'));
  const api = await FakeApiServer.start();
  api.intercept = (request) => {
    if (request.method === 'PATCH' && request.path.endsWith('/status')) mergeListsByKey(api, request);
    return undefined;
  };
  const client = api.client();
  const { parts, stop } = await simulatedParts({ index: 0 });
  const start = async (): Promise<{ running: RunningKubelet; kubelet: Kubelet }> => {
    const running = runKubelet(
      {
        client: { server: api.url },
        nodeName: 'node-1',
        nodeIps: ['127.0.0.1'],
        rootDirectory: folder,
        configuration: { port: 0, address: '127.0.0.1', clusterDNS: ['10.96.0.10'] },
        runtime: parts,
        logger: options.logger ?? silentLogger,
      },
      new AbortController().signal,
    );
    const kubelet = await running.kubelet;
    await running.ready;
    return { running, kubelet };
  };
  const pods = client.resource(resources.pods);
  let stopNode = async (): Promise<void> => undefined;
  try {
    const node: TestNode = {
      api,
      client,
      folder,
      ...(await start()),
      async restart() {
        await node.running.stop();
        Object.assign(node, await start());
      },
      create: (pod) =>
        pods.create('default', {
          ...pod,
          apiVersion: 'v1',
          kind: 'Pod',
          spec: { containers: [], ...pod.spec, nodeName: 'node-1' },
        }),
      async markDeleted(name, seconds) {
        await pods.patch(
          'default',
          name,
          { metadata: { deletionTimestamp: new Date().toISOString(), deletionGracePeriodSeconds: seconds } },
          { type: 'merge' },
        );
      },
      async until(name, condition) {
        const abort = AbortSignal.timeout(timeoutMs);
        const read = () => pods.get('default', name).catch(() => undefined);
        let last = await read();
        while (!condition(last)) {
          if (abort.aborted)
            throw new Error(
              `pod ${name} did not become what was expected: ${JSON.stringify(last?.status ?? null, undefined, 1)}`,
            );
          await new Promise((resolve) => setTimeout(resolve, 10));
          last = await read();
        }
        return last;
      },
    };
    stopNode = () => node.running.stop();
    await body(node);
  } finally {
    await stopNode();
    await stop();
    await api.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

type Keyed = Record<string, unknown>;
const listKeys = { conditions: 'type', podIPs: 'ip', hostIPs: 'ip' };

/** The fake replaces lists of a strategic merge patch; a real server merges those that have merge keys. */
function mergeListsByKey(api: FakeApiServer, { path, body }: RecordedRequest): void {
  const match = /\/namespaces\/([^/]+)\/pods\/([^/]+)\/status$/.exec(path);
  const patch = (body as { status?: Record<string, Keyed[] | undefined> }).status;
  if (match === null || patch === undefined) return;
  const current = (api.store.get('/pods', `${match[1]}/${match[2]}`)?.status ?? {}) as Record<
    string,
    Keyed[] | undefined
  >;
  for (const [field, key] of Object.entries(listKeys)) {
    const changed = patch[field];
    if (changed === undefined) continue;
    const rest = (current[field] ?? []).filter((element) => !changed.some((other) => other[key] === element[key]));
    patch[field] = [...rest, ...changed.filter((element) => element['$patch'] !== 'delete')];
  }
}
