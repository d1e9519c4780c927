/** A real etcd for tests, from the PATH, on free loopback ports and in a directory of its own. */
import type { ChildProcess } from 'node:child_process';
import { spawn, spawnSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { temporaryDirectory } from './directory.ts';

export interface EtcdServerOptions {
  /** Files for TLS with required client certificates. */
  tls?: { ca: string; cert: string; key: string };
}

/** Undefined where etcd can be run; else why tests that need it are skipped. */
export function etcdMissing(): string | undefined {
  const { error } = spawnSync('etcd', ['--version'], { stdio: 'ignore' });
  return error === undefined ? undefined : `no etcd in PATH (${error.message})`;
}

/**
 * Two ports that nobody has. The kernel gives them to nobody who wants any either, so that they are free whenever etcd is
 * started again.
 */
async function freePorts(): Promise<[number, number]> {
  for (;;) {
    const port = randomInt(10_500, 15_000) * 2;
    const servers = [port, port + 1].map((each) => createServer().listen(each, '127.0.0.1'));
    const listening = await Promise.allSettled(servers.map((server) => once(server, 'listening')));
    await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
    if (listening.every(({ status }) => status === 'fulfilled')) return [port, port + 1];
  }
}

export class EtcdServer {
  readonly endpoint: string;
  readonly #directory: { path: string; remove: () => void };
  readonly #flags: string[];
  #process: ChildProcess | undefined;

  static async start(options: EtcdServerOptions = {}): Promise<EtcdServer> {
    const server = new EtcdServer(options, ...(await freePorts()));
    await server.run();
    return server;
  }

  private constructor({ tls }: EtcdServerOptions, clientPort: number, peerPort: number) {
    this.#directory = temporaryDirectory();
    this.endpoint = `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${clientPort}`;
    const peer = `http://127.0.0.1:${peerPort}`;
    this.#flags = [
      `--data-dir=${join(this.#directory.path, 'etcd')}`,
      `--listen-client-urls=${this.endpoint}`,
      `--advertise-client-urls=${this.endpoint}`,
      `--listen-peer-urls=${peer}`,
      `--initial-advertise-peer-urls=${peer}`,
      `--initial-cluster=default=${peer}`,
      ...(tls === undefined
        ? []
        : ['--client-cert-auth', `--trusted-ca-file=${tls.ca}`, `--cert-file=${tls.cert}`, `--key-file=${tls.key}`]),
    ];
  }

  /** Resolves when it serves; also after `kill`, on the same data and port. */
  async run(): Promise<void> {
    const child = spawn('etcd', this.#flags, { stdio: ['ignore', 'ignore', 'pipe'] });
    this.#process = child;
    const said: string[] = [];
    for await (const line of createInterface({ input: child.stderr })) {
      said.push(line);
      if (line.includes('ready to serve client requests')) {
        child.stderr.resume();
        return;
      }
    }
    throw new Error(`etcd did not start:\n${said.slice(-10).join('\n')}`);
  }

  async kill(): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (child === undefined || child.exitCode !== null) return;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  }

  async stop(): Promise<void> {
    await this.kill();
    this.#directory.remove();
  }
}
