/** exec, attach and port-forward: the runtime serves them, the kubelet hands the connection on. */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { proxyUpgrade } from '@typernetes/openapi/streaming';
import type { Kubelet } from '../kubelet.ts';
import { identityOf } from '../pod/pod.ts';
import { podOf, runningContainer } from './handlers.ts';
import { HttpError } from './http-error.ts';

const streams = ['exec', 'attach', 'portForward', 'run', 'cri'];
export const isStreamPath = (path: string): boolean => streams.includes(path.split('/')[1] ?? '');

const isSet = (query: URLSearchParams, ...names: string[]): boolean =>
  names.some((name) => ['1', 'true'].includes(query.get(name) ?? ''));

/** The runtime's URL for what the path asks: /exec/NAMESPACE/POD[/UID]/CONTAINER and the like. */
async function streamUrl(kubelet: Kubelet, url: URL): Promise<string> {
  const parts = url.pathname
    .split('/')
    .filter((part) => part !== '')
    .map(decodeURIComponent);
  const [kind = '', namespace = '', name = ''] = parts;
  const { runtime } = kubelet.options.cri;
  const query = url.searchParams;
  if (kind === 'portForward') {
    const pod = podOf(kubelet, namespace, name, parts[3] ?? '');
    const status = await kubelet.runtime.podStatus(identityOf(pod).uid);
    const sandbox = status.sandboxes.find(({ state }) => state === 'SANDBOX_READY');
    if (sandbox === undefined) throw new HttpError(500, `failed to find sandbox for pod ${name}`);
    const port = query.getAll('port').map(Number);
    return (await runtime.portForward({ podSandboxId: sandbox.id, port })).url;
  }
  const container = parts[parts.length - 1] ?? '';
  const pod = podOf(kubelet, namespace, name, parts.length === 5 ? parts[3] : '');
  const { id: containerId } = await runningContainer(kubelet, pod, container);
  const wanted = {
    containerId,
    tty: isSet(query, 'tty'),
    stdin: isSet(query, 'input', 'stdin'),
    stdout: isSet(query, 'output', 'stdout'),
    stderr: isSet(query, 'error', 'stderr') && !isSet(query, 'tty'),
  };
  if (!wanted.stdin && !wanted.stdout && !wanted.stderr)
    throw new HttpError(400, 'you must specify at least 1 of stdin, stdout, stderr');
  if (kind === 'attach') return (await runtime.attach(wanted)).url;
  return (await runtime.exec({ ...wanted, cmd: query.getAll('command') })).url;
}

export async function proxyStream(
  kubelet: Kubelet,
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  url: URL,
  signal: AbortSignal,
): Promise<void> {
  const target = await streamUrl(kubelet, url);
  await proxyUpgrade(request, socket, head, { url: target, dropHeaders: ['authorization', 'cookie'], signal });
}
