/** What the kubelet answers over HTTPS, path by path. */
import { createReadStream } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join, sep } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Pod } from '@typernetes/openapi/types/core/v1';
import { isCriError } from 'cri-client';
import type { Kubelet } from '../kubelet.ts';
import { readLogs } from '../logs/read-logs.ts';
import { findContainer, identityOf } from '../pod/pod.ts';
import { findRuntimeContainer, type RuntimeContainer } from '../pod/runtime-status.ts';
import { HttpError } from './http-error.ts';
import { loggedContainer, parseLogOptions } from './log-request.ts';
import { exposition, processMetrics, resourceMetrics } from './metrics.ts';
import { summary } from './stats.ts';

export interface HandlerOptions {
  kubelet: Kubelet;
  /** Shown at /configz. */
  configuration: object;
  /** Shown below /logs/. */
  systemLogs: string;
}

const bareId = (id: string): string => id.replace(/^[^:]*:\/\//, '');

export function podOf(kubelet: Kubelet, namespace: string, name: string, uid = ''): Pod {
  const pod = kubelet.pods.byName(namespace, name);
  if (pod === undefined || (uid !== '' && identityOf(pod).uid !== uid)) throw new HttpError(404, 'pod does not exist');
  return pod;
}

/** The container that a command or stream goes to: the newest that runs. */
export async function runningContainer(kubelet: Kubelet, pod: Pod, name: string): Promise<RuntimeContainer> {
  const status = await kubelet.runtime.podStatus(identityOf(pod).uid);
  const found = findRuntimeContainer(status, name);
  if (found === undefined) throw new HttpError(404, `container not found ("${name}")`);
  return found;
}

function send(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(body) });
  response.end(body);
}
const sendJson = (response: ServerResponse, value: unknown): void =>
  send(response, 200, 'application/json', JSON.stringify(value));

export class KubeletHandlers {
  readonly #options: HandlerOptions;

  constructor(options: HandlerOptions) {
    this.#options = options;
  }

  async handle(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
    const { kubelet } = this.#options;
    const { clock, cri, settings } = kubelet.options;
    const parts = url.pathname
      .split('/')
      .filter((part) => part !== '')
      .map(decodeURIComponent);
    const [first = ''] = parts;
    if (request.method !== 'GET' && request.method !== 'HEAD' && first !== 'run')
      throw new HttpError(405, 'Method Not Allowed');
    switch (first) {
      case 'healthz':
        if (!kubelet.pleg.healthy())
          throw new HttpError(500, '[+]ping ok\n[-]syncloop failed: reason withheld\nhealthz check failed\n');
        return send(response, 200, 'text/plain; charset=utf-8', 'ok');
      case 'pods':
        return sendJson(response, { kind: 'PodList', apiVersion: 'v1', metadata: {}, items: kubelet.pods.list() });
      case 'runningpods':
        return this.#runningPods(response);
      case 'containerLogs':
        return this.#logs(request, response, parts, url);
      case 'run':
        return this.#run(request, response, parts, url);
      case 'metrics':
        if (parts[1] === 'resource')
          return send(
            response,
            200,
            'text/plain; version=0.0.4; charset=utf-8',
            await resourceMetrics(cri.runtime, clock.now()),
          );
        if (parts.length > 1) throw new HttpError(404, '404 page not found\n');
        return send(response, 200, 'text/plain; version=0.0.4; charset=utf-8', this.#metrics());
      case 'stats':
        if (parts[1] !== 'summary' || parts.length > 2) throw new HttpError(404, '404 page not found\n');
        return sendJson(response, await summary(cri.runtime, settings.nodeName, clock.now(), settings.rootDirectory));
      case 'configz':
        return sendJson(response, { kubeletconfig: this.#options.configuration });
      case 'logs':
        return this.#systemLog(response, parts.slice(1));
      default:
        throw new HttpError(404, '404 page not found\n');
    }
  }

  #metrics(): string {
    const { kubelet } = this.#options;
    const pods = [...kubelet.pleg.pods.values()];
    const containers = new Map<string, number>();
    for (const { state } of pods.flatMap((pod) => pod.containers)) {
      const key = state.replace('CONTAINER_', '').toLowerCase();
      containers.set(key, (containers.get(key) ?? 0) + 1);
    }
    const running = pods.filter(({ sandboxes }) => sandboxes.some(({ state }) => state === 'SANDBOX_READY')).length;
    return exposition([
      {
        name: 'kubelet_node_name',
        type: 'gauge',
        help: "The node's name. The count is always 1.",
        samples: [{ labels: { node: kubelet.options.settings.nodeName }, value: 1 }],
      },
      {
        name: 'kubelet_running_pods',
        type: 'gauge',
        help: 'Number of pods that have a running pod sandbox',
        samples: [{ value: running }],
      },
      {
        name: 'kubelet_running_containers',
        type: 'gauge',
        help: 'Number of containers currently running',
        samples: [...containers].map(([state, value]) => ({ labels: { container_state: state }, value })),
      },
      {
        name: 'kubelet_desired_pods',
        type: 'gauge',
        help: 'The number of pods the kubelet is being instructed to run.',
        samples: [{ labels: { static: '' }, value: kubelet.pods.list().length }],
      },
      ...processMetrics(),
    ]);
  }

  async #runningPods(response: ServerResponse): Promise<void> {
    const { kubelet } = this.#options;
    await kubelet.pleg.relist();
    const items = [...kubelet.pleg.pods.values()]
      .filter(({ containers }) => containers.some(({ state }) => state === 'CONTAINER_RUNNING'))
      .map(({ uid, name, namespace, containers }) => ({
        metadata: { name, namespace, uid, creationTimestamp: null },
        spec: {
          containers: containers
            .filter(({ state }) => state === 'CONTAINER_RUNNING')
            .map((container) => ({
              name: container.metadata?.name ?? '',
              image: container.image?.image ?? '',
              resources: {},
            })),
        },
        status: {},
      }));
    sendJson(response, { kind: 'PodList', apiVersion: 'v1', metadata: {}, items });
  }

  async #logs(request: IncomingMessage, response: ServerResponse, parts: readonly string[], url: URL): Promise<void> {
    const { kubelet } = this.#options;
    const { cri, clock } = kubelet.options;
    const [, namespace = '', name = '', container = ''] = parts;
    if (parts.length !== 4) throw new HttpError(400, 'Missing podID, namespace or container name');
    const options = parseLogOptions(url.searchParams, clock.now());
    const pod = kubelet.pods.byName(namespace, name);
    if (pod === undefined) throw new HttpError(404, `pod "${name}" does not exist\n`);
    if (findContainer(pod, container) === undefined)
      throw new HttpError(404, `container "${container}" not found in pod "${name}"\n`);
    const containerId = bareId(
      loggedContainer(name, kubelet.statuses.get(identityOf(pod).uid) ?? pod.status ?? {}, container, options.previous),
    );
    const read = async () => (await cri.runtime.containerStatus({ containerId })).status;
    const status = await read().catch((error: unknown) => {
      if (isCriError(error, 'NOT_FOUND'))
        throw new HttpError(400, `unable to retrieve container logs for ${containerId}`);
      throw error;
    });
    const abort = new AbortController();
    response.on('close', () => abort.abort());
    if (request.method === 'HEAD') return void response.end();
    response.writeHead(200, { 'content-type': 'text/plain', 'transfer-encoding': 'chunked' });
    response.flushHeaders();
    const running = async (): Promise<boolean> => (await read().catch(() => undefined))?.state === 'CONTAINER_RUNNING';
    const chunks = readLogs(status?.logPath ?? '', { ...options, signal: abort.signal, running });
    await pipeline(Readable.from(chunks, { objectMode: false }), response).catch((error: unknown) => {
      if (!abort.signal.aborted) throw error;
    });
  }

  async #run(request: IncomingMessage, response: ServerResponse, parts: readonly string[], url: URL): Promise<void> {
    if (request.method !== 'POST') throw new HttpError(405, 'Method Not Allowed');
    const { kubelet } = this.#options;
    const [, namespace = '', name = '', container = parts[4] ?? ''] =
      parts.length === 5 ? [parts[0], parts[1], parts[2], parts[4]] : parts;
    const pod = podOf(kubelet, namespace, name, parts.length === 5 ? parts[3] : '');
    const { id } = await runningContainer(kubelet, pod, container);
    const command = url.searchParams.getAll('cmd').flatMap((text) => text.split(' '));
    const { stdout, stderr, exitCode } = await kubelet.options.cri.runtime.execSync({ containerId: id, cmd: command });
    const output = Buffer.concat([stdout, stderr]).toString('utf8');
    if (exitCode !== 0) throw new HttpError(500, `command '${command.join(' ')}' exited with ${exitCode}: ${output}`);
    send(response, 200, 'text/plain; charset=utf-8', output);
  }

  async #systemLog(response: ServerResponse, parts: readonly string[]): Promise<void> {
    const root = await realpath(this.#options.systemLogs).catch(() => undefined);
    const path = root === undefined ? undefined : await realpath(join(root, ...parts)).catch(() => undefined);
    if (root === undefined || path === undefined || (path !== root && !path.startsWith(root + sep)))
      throw new HttpError(404, '404 page not found\n');
    if ((await stat(path)).isDirectory()) {
      const entries = await readdir(path, { withFileTypes: true });
      const links = entries.map(
        (entry) =>
          `<a href="${encodeURIComponent(entry.name)}${entry.isDirectory() ? '/' : ''}">${entry.name.replaceAll('<', '&lt;')}</a>`,
      );
      return send(response, 200, 'text/html; charset=utf-8', `<pre>\n${links.join('\n')}\n</pre>\n`);
    }
    response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8' });
    await pipeline(createReadStream(path), response);
  }
}
