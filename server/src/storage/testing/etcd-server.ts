/** A real etcd for tests, from the PATH, on free loopback ports and in a directory of its own. */
import type { ChildProcess } from 'node:child_process';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
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

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

export class EtcdServer {
  readonly endpoint: string;
  readonly #directory: { path: string; remove: () => void };
  readonly #flags: string[];
  #process: ChildProcess | undefined;

  static async start(options: EtcdServerOptions = {}): Promise<EtcdServer> {
    const server = new EtcdServer(options, await freePort(), await freePort());
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
