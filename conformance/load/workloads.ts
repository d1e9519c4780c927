/** The loads: each makes what it needs in a namespace of its own and leaves nothing. */
import { randomBytes } from 'node:crypto';
import { ApiHttp } from '../src/http.ts';
import type { ClusterAccess } from '../src/kubeconfig.ts';
import { watchEvents } from '../src/watch.ts';
import { type Figures, figures, underLoad } from './measure.ts';

export interface LoadOptions {
  /** Objects that the lists hold. */
  objects: number;
  clients: number;
  watchers: number;
}

export type Results = Record<string, Figures>;

/** About 1.6 kB as JSON, as pods of a Deployment are; bound to no node, so nothing but the API server works on them. */
function pod(name: string): object {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, labels: { app: 'load', index: name } },
    spec: {
      schedulerName: 'nobody',
      automountServiceAccountToken: false,
      containers: [
        {
          name: 'main',
          image: 'example.invalid/load:1',
          env: Array.from({ length: 6 }, (_, index) => ({
            name: `VARIABLE_${index}`,
            value: 'some value of usual length',
          })),
          resources: { requests: { cpu: '100m', memory: '64Mi' } },
        },
      ],
    },
  };
}

export async function runLoad(
  access: ClusterAccess,
  options: LoadOptions,
  progress: (text: string) => void,
): Promise<Results> {
  const http = new ApiHttp(access);
  const namespace = `load-${randomBytes(4).toString('hex')}`;
  const collection = `/api/v1/namespaces/${namespace}/pods`;
  const expect = async (
    status: number,
    method: string,
    path: string,
    request: Parameters<ApiHttp['request']>[2] = {},
  ): Promise<void> => {
    const response = await http.request(method, path, request);
    if (response.status !== status)
      throw new Error(`${method} ${path}: ${response.status} ${response.text().slice(0, 300)}`);
  };
  const results: Results = {};
  const measure = async (name: string, work: () => Promise<Figures>): Promise<void> => {
    progress(name);
    results[name] = await work();
  };
  try {
    await expect(201, 'POST', '/api/v1/namespaces', {
      body: { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
    });
    await serviceAccountReady(http, namespace);
    const merge = { 'content-type': 'application/merge-patch+json' };
    await measure('create', () =>
      underLoad(options.objects, options.clients, (index) =>
        expect(201, 'POST', collection, { body: pod(`pod-${index}`) }),
      ),
    );
    await measure('get', () =>
      underLoad(options.objects, options.clients, (index) => expect(200, 'GET', `${collection}/pod-${index}`)),
    );
    await measure('patch', () =>
      underLoad(Math.min(options.objects, 2_000), options.clients, (index) =>
        expect(200, 'PATCH', `${collection}/pod-${index}`, {
          headers: merge,
          body: JSON.stringify({ metadata: { annotations: { patched: String(index) } } }),
        }),
      ),
    );
    await measure('list', () => underLoad(10, 1, () => expect(200, 'GET', collection)));
    await measure('list as Table', () =>
      underLoad(10, 1, () =>
        expect(200, 'GET', collection, { headers: { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' } }),
      ),
    );
    await measure('list by label', () =>
      underLoad(50, 4, (index) => expect(200, 'GET', `${collection}?labelSelector=index%3Dpod-${index}`)),
    );
    await measure('watch fan-out', () => fanOut(http, namespace, options.watchers));
    await measure('delete', () =>
      underLoad(options.objects, options.clients, (index) =>
        expect(200, 'DELETE', `${collection}/pod-${index}?gracePeriodSeconds=0`),
      ),
    );
  } finally {
    await http.request('DELETE', `/api/v1/namespaces/${namespace}`).catch(() => undefined);
    http.close();
  }
  return results;
}

/** Pods are refused until the namespace's default ServiceAccount is there. */
async function serviceAccountReady(http: ApiHttp, namespace: string): Promise<void> {
  const path = `/api/v1/namespaces/${namespace}/serviceaccounts?watch=1&fieldSelector=metadata.name%3Ddefault`;
  for await (const event of watchEvents(http, path, AbortSignal.timeout(30_000))) if (event.type === 'ADDED') return;
}

/** The time from a write until the last of many watchers has its event; `perSecond` counts delivered events. */
async function fanOut(http: ApiHttp, namespace: string, watchers: number): Promise<Figures> {
  const events = 50;
  const ending = new AbortController();
  const path = `/api/v1/namespaces/${namespace}/configmaps`;
  const list = (await http.request('GET', path)).json<{ metadata: { resourceVersion: string } }>();
  const sent = new Map<string, number>();
  const times: number[] = [];
  const open = Array.from({ length: watchers }, async () => {
    let seen = 0;
    for await (const event of watchEvents(
      http,
      `${path}?watch=1&resourceVersion=${list.metadata.resourceVersion}`,
      ending.signal,
    )) {
      const begun = sent.get(event.object.metadata.name);
      if (begun === undefined) continue;
      times.push(performance.now() - begun);
      seen += 1;
      if (seen === events) return;
    }
  });
  const started = performance.now();
  for (let index = 0; index < events; index += 1) {
    const name = `event-${index}`;
    sent.set(name, performance.now());
    await http.request('POST', path, {
      body: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { text: 'x'.repeat(1_000) } },
    });
  }
  await Promise.all(open);
  ending.abort();
  return figures(times, (performance.now() - started) / 1000);
}
