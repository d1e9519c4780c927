/** A server under measurement: its connections, its processes, and a namespace of its own there. */
import { randomBytes } from 'node:crypto';
import type { ClusterAccess } from '../src/kubeconfig.ts';
import { type Answer, type Call, Connection } from './connection.ts';
import { cpuMs, isRunning, residentMiB } from './process.ts';

export interface TargetOptions {
  access: ClusterAccess;
  clients: number;
  /** Of the API server, where it runs on this machine. */
  pid?: number;
  /** Of its etcd. */
  storagePid?: number;
}

const json = { 'Content-Type': 'application/json' };

export class Target {
  readonly access: ClusterAccess;
  readonly namespace = `load-${randomBytes(4).toString('hex')}`;
  readonly connections: readonly Connection[];
  readonly #pid: number | undefined;
  readonly #storagePid: number | undefined;
  ownerUid = '';

  private constructor(options: TargetOptions, connections: readonly Connection[]) {
    this.access = options.access;
    this.connections = connections;
    this.#pid = options.pid;
    this.#storagePid = options.storagePid;
    for (const pid of [options.pid, options.storagePid])
      if (pid !== undefined && !isRunning(pid)) throw new Error(`there is no process ${pid} to look at`);
  }

  /** Connects, and makes the namespace with what its pods need. */
  static async open(options: TargetOptions): Promise<Target> {
    const { access, clients } = options;
    const target = new Target(
      options,
      await Promise.all(Array.from({ length: clients }, () => Connection.open(access))),
    );
    await target.#furnish();
    return target;
  }

  get pods(): string {
    return `/api/v1/namespaces/${this.namespace}/pods`;
  }

  get deployments(): string {
    return `/apis/apps/v1/namespaces/${this.namespace}/deployments`;
  }

  /** Milliseconds of CPU of the API server so far; NaN where no process was named. */
  cpu(): number {
    return this.#pid === undefined ? Number.NaN : cpuMs(this.#pid);
  }

  /** Memory of the API server with its etcd; undefined where no process was named. */
  memory(): number | undefined {
    if (this.#pid === undefined) return undefined;
    return residentMiB(this.#pid) + (this.#storagePid === undefined ? 0 : residentMiB(this.#storagePid));
  }

  /** Outside of what is measured. Any other status is an error. */
  async send(call: Call, ...expected: number[]): Promise<Answer> {
    const answer = await this.connections[0]!.request(call, true);
    if (!expected.includes(answer.status)) throw unexpected(call, answer);
    return answer;
  }

  async #furnish(): Promise<void> {
    const { namespace } = this;
    const create = async (path: string, object: object, ...expected: number[]): Promise<Answer> =>
      this.send({ method: 'POST', path, headers: json, body: JSON.stringify(object) }, ...expected);
    const named = (kind: string, name: string): object => ({ apiVersion: 'v1', kind, metadata: { name } });
    await create('/api/v1/namespaces', named('Namespace', namespace), 201);
    // A controller may be quicker; where there is none, pods would be refused without it.
    await create(`/api/v1/namespaces/${namespace}/serviceaccounts`, named('ServiceAccount', 'default'), 201, 409);
    const owner = await create(`/api/v1/namespaces/${namespace}/configmaps`, named('ConfigMap', 'owner'), 201);
    this.ownerUid = (JSON.parse(String(owner.body)) as { metadata: { uid: string } }).metadata.uid;
  }

  /** Leaves nothing, also where no namespace controller runs. */
  async close(): Promise<void> {
    const path = `/api/v1/namespaces/${this.namespace}`;
    try {
      for (const resource of ['pods', 'configmaps', 'serviceaccounts'])
        await this.send({ method: 'DELETE', path: `${path}/${resource}` }, 200);
      await this.send({ method: 'DELETE', path: this.deployments }, 200);
      await this.send({ method: 'DELETE', path }, 200, 202, 404, 409);
      const body = JSON.stringify({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: this.namespace } });
      await this.send({ method: 'PUT', path: `${path}/finalize`, headers: json, body }, 200, 404, 409);
    } finally {
      for (const connection of this.connections) connection.close();
    }
  }
}

export function unexpected({ method, path }: Call, { status, body }: Answer): Error {
  return new Error(`${method} ${path}: ${status} ${String(body).slice(0, 300)}`);
}
