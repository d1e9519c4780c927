/**
 * exec, attach and port-forward of simulated containers, over the real protocols (SPDY and websocket) on a loopback
 * port. A URL holds a random token that works once, as in a real runtime's streaming server.
 */
import { randomBytes } from 'node:crypto';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import {
  acceptRemoteCommand,
  exitCodeOutcome,
  type RemoteCommandStreams,
  refuseUpgrade,
  servePortForward,
} from '@typernetes/openapi/streaming';
import { execAnswer, type PortRule } from './behaviour.ts';
import type { SimulatedRuntime, StreamingRequest } from './runtime-service.ts';

type Kind = 'exec' | 'attach' | 'portforward';
const tokenLifeMs = 60_000;

export class SimulatedStreaming {
  readonly #server: http.Server;
  readonly #pending = new Map<
    string,
    { kind: Kind; request: StreamingRequest; runtime: () => SimulatedRuntime; timer: NodeJS.Timeout }
  >();
  #port = 0;

  constructor() {
    this.#server = http.createServer((_, response) => {
      response.writeHead(400).end('upgrade required\n');
    });
    this.#server.on(
      'upgrade',
      (request: http.IncomingMessage, socket: Duplex, head: Buffer) => void this.#upgrade(request, socket, head),
    );
  }

  /** One server serves all simulated runtimes of a process. */
  async start(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen({ host: '127.0.0.1', port: 0 }, resolve);
    });
    this.#server.unref();
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  /** For a runtime that is made later: it needs this before it exists. */
  for(runtime: () => SimulatedRuntime): { url(kind: Kind, request: StreamingRequest): string } {
    return {
      url: (kind, request) => {
        const token = randomBytes(8).toString('hex');
        const timer = setTimeout(() => this.#pending.delete(token), tokenLifeMs);
        timer.unref();
        this.#pending.set(token, { kind, request, runtime, timer });
        return `http://127.0.0.1:${this.#port}/${kind}/${token}`;
      },
    };
  }

  async #upgrade(request: http.IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    socket.on('error', () => undefined);
    const [, , token = ''] = new URL(request.url ?? '/', 'http://localhost').pathname.split('/');
    const pending = this.#pending.get(token);
    if (pending === undefined) return refuseUpgrade(socket, 404, 'no such stream\n');
    this.#pending.delete(token);
    clearTimeout(pending.timer);
    const runtime = pending.runtime();
    try {
      if (pending.kind === 'portforward') {
        await servePortForward(request, socket, head, (port, stream) =>
          forward(runtime.portRule(pending.request.sandboxId, port), port, stream),
        );
        return;
      }
      const { tty, stdin, stdout, stderr } = pending.request;
      const streams = await acceptRemoteCommand(request, socket, head, { tty, stdin, stdout, stderr });
      if (streams === undefined) return;
      await (pending.kind === 'exec'
        ? execute(runtime, pending.request, streams)
        : attach(runtime, pending.request, streams));
    } catch {
      // The client is gone: nobody is left to be told.
      socket.destroy();
    }
  }

  async stop(): Promise<void> {
    for (const { timer } of this.#pending.values()) clearTimeout(timer);
    this.#pending.clear();
    this.#server.closeAllConnections();
    if (this.#server.listening) await new Promise((resolve) => this.#server.close(resolve));
  }
}

async function execute(
  runtime: SimulatedRuntime,
  { containerId, command }: StreamingRequest,
  streams: RemoteCommandStreams,
): Promise<void> {
  const answer = execAnswer(runtime.container(containerId).behaviour, command);
  if (answer.echo && streams.stdin !== undefined && streams.stdout !== undefined) {
    await pipeline(streams.stdin, streams.stdout, { end: false, signal: streams.signal });
  }
  if (answer.stdout !== '') streams.stdout?.write(answer.stdout);
  if (answer.stderr !== '') (streams.stderr ?? streams.stdout)?.write(answer.stderr);
  await streams.finish(exitCodeOutcome(answer.exitCode));
}

/** What the container writes from now on, until it or the client goes. */
async function attach(
  runtime: SimulatedRuntime,
  { containerId }: StreamingRequest,
  streams: RemoteCommandStreams,
): Promise<void> {
  const container = runtime.container(containerId);
  const stop = runtime.onOutput(containerId, (stream, text) => {
    (streams[stream] ?? streams.stdout)?.write(text);
  });
  streams.stdin?.resume();
  try {
    await Promise.race([
      container.exited,
      new Promise<void>((resolve) => streams.signal.addEventListener('abort', () => resolve(), { once: true })),
    ]);
  } finally {
    stop();
  }
  await streams.finish(exitCodeOutcome(container.exitCode));
}

async function forward(rule: PortRule | undefined, port: number, stream: Duplex): Promise<void> {
  if (rule === undefined) throw new Error(`dial tcp4 127.0.0.1:${port}: connect: connection refused`);
  if (rule.http === undefined) {
    await pipeline(stream, stream);
    return;
  }
  const { status = 200, body = '' } = rule.http;
  const answer = `HTTP/1.1 ${status} ${http.STATUS_CODES[status] ?? ''}\r\nContent-Type: text/plain\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
  let received = '';
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    received += chunk.toString('latin1');
    for (let end = received.indexOf('\r\n\r\n'); end !== -1; end = received.indexOf('\r\n\r\n')) {
      received = received.slice(end + 4);
      stream.write(answer);
    }
  }
  stream.end();
}
