/**
 * An API server to ask things of over HTTPS: ours, or a real kube-apiserver over its own etcd where the environment
 * names their executables (`KUBE_APISERVER`, `ETCD`), so that one table of expectations is held against both.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type https from 'node:https';
import path from 'node:path';
import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import { type ClusterCertificates, issueCertificate } from '../../certificates/index.ts';
import { type Logger, silentLogger } from '../../endpoints/request-context.ts';
import type { ApiserverOptions } from '../config.ts';
import { startApiserver } from '../server.ts';
import { TestClient } from './client.ts';
import { freePort } from './free-port.ts';
import { frontProxyOptions, makeServerFiles, type ServerFiles, serverOptions } from './server-files.ts';

/** Flags both servers know, by our names; values are what the command line would say. */
export type TargetFlags = Record<string, string>;

export interface TargetOptions {
  /** Upstream's flag names without dashes, for the real server. */
  flags?: TargetFlags;
  /** The same for ours. */
  options?: Partial<ApiserverOptions>;
  logger?: Logger;
}

export interface Target {
  /** True of a real kube-apiserver. */
  readonly reference: boolean;
  readonly port: number;
  readonly url: string;
  readonly certificates: ClusterCertificates;
  /** Of the group system:masters. */
  readonly admin: TestClient;
  /** Without any credential. */
  readonly anonymous: TestClient;
  /** With a client certificate of that name and those groups. */
  user(name: string, ...groups: string[]): Promise<TestClient>;
  /** With a bearer token. */
  bearer(token: string): TestClient;
  stop(): Promise<void>;
}

export async function startTarget(
  given: TargetOptions | ((directory: string, certificates: ClusterCertificates) => Promise<TargetOptions>) = {},
): Promise<Target> {
  const files = await makeServerFiles([{ name: 'node-a' }, { name: 'node-b' }]);
  const { directory, certificates } = files;
  const options = typeof given === 'function' ? await given(directory, certificates) : given;
  const binary = process.env['KUBE_APISERVER'];
  const etcd = process.env['ETCD'];
  const server =
    binary !== undefined && etcd !== undefined
      ? await startReference(binary, etcd, files, options.flags ?? {})
      : await startOurs(files, options);
  const url = `https://127.0.0.1:${server.port}`;
  const ca = certificates.ca.certificate;
  const client = (tls: https.AgentOptions, headers: Record<string, string> = {}): TestClient =>
    new TestClient(url, { ca, ...tls }, headers);
  const { admin } = certificates;
  const clients: TestClient[] = [];
  const keep = (made: TestClient): TestClient => {
    clients.push(made);
    return made;
  };
  return {
    reference: binary !== undefined,
    port: server.port,
    url,
    certificates,
    admin: keep(client({ cert: admin.certificate, key: admin.key })),
    anonymous: keep(client({})),
    async user(name, ...groups) {
      const pair = await issueCertificate({
        ca: certificates.ca,
        subject: { commonName: name, organizations: groups },
        usages: ['clientAuth'],
      });
      return keep(client({ cert: pair.certificate, key: pair.key }));
    },
    bearer: (token) => keep(client({}, { authorization: `Bearer ${token}` })),
    async stop() {
      for (const each of clients) each.close();
      await server.stop();
      await files.remove();
    },
  };
}

interface Started {
  port: number;
  stop(): Promise<void>;
}

async function startOurs(files: ServerFiles, { options = {}, logger = silentLogger }: TargetOptions): Promise<Started> {
  const server = await startApiserver(
    serverOptions(files, {
      ...frontProxyOptions(files.certificates),
      requestheaderUidHeaders: ['X-Remote-Uid'],
      serviceAccountIssuer: ['https://kubernetes.default.svc'],
      ...options,
    }),
    undefined,
    logger,
  );
  await server.ready;
  return server;
}

async function startReference(
  binary: string,
  etcdBinary: string,
  { directory, certificates }: ServerFiles,
  flags: TargetFlags,
): Promise<Started> {
  const [port, etcdPort, peerPort] = await Promise.all([freePort(), freePort(), freePort()]);
  const { apiserver, ca, frontProxyCA, frontProxyClient, serviceAccount, admin } = certificates;
  const etcdUrl = `http://127.0.0.1:${etcdPort}`;
  const peerUrl = `http://127.0.0.1:${peerPort}`;
  const etcd = run(etcdBinary, {
    'data-dir': path.join(directory, 'etcd'),
    'listen-client-urls': etcdUrl,
    'advertise-client-urls': etcdUrl,
    'listen-peer-urls': peerUrl,
    'initial-advertise-peer-urls': peerUrl,
    'initial-cluster': `default=${peerUrl}`,
    'unsafe-no-fsync': 'true',
  });
  const server = run(binary, {
    'bind-address': '127.0.0.1',
    'secure-port': String(port),
    'etcd-servers': etcdUrl,
    'tls-cert-file': apiserver.certificateFile,
    'tls-private-key-file': apiserver.keyFile,
    'client-ca-file': ca.certificateFile,
    'requestheader-client-ca-file': frontProxyCA.certificateFile,
    'requestheader-allowed-names': 'front-proxy-client',
    'requestheader-username-headers': 'X-Remote-User',
    'requestheader-uid-headers': 'X-Remote-Uid',
    'requestheader-group-headers': 'X-Remote-Group',
    'requestheader-extra-headers-prefix': 'X-Remote-Extra-',
    'proxy-client-cert-file': frontProxyClient.certificateFile,
    'proxy-client-key-file': frontProxyClient.keyFile,
    'service-account-issuer': 'https://kubernetes.default.svc',
    'service-account-key-file': serviceAccount.publicKeyFile,
    'service-account-signing-key-file': serviceAccount.privateKeyFile,
    'service-cluster-ip-range': '10.96.0.0/16',
    'authorization-mode': 'Node,RBAC',
    ...flags,
  });
  const stop = async (): Promise<void> => {
    await end(server);
    await end(etcd);
  };
  const client = new TestClient(
    `https://127.0.0.1:${port}`,
    { ca: ca.certificate, cert: admin.certificate, key: admin.key },
    {},
  );
  try {
    for (;;) {
      if (server.exitCode !== null) throw new Error(`kube-apiserver ended with code ${server.exitCode}`);
      const answer = await client.call('GET', '/readyz').catch(() => undefined);
      if (answer?.status === 200) return { port, stop };
      await delay(200);
    }
  } catch (error) {
    await stop();
    throw error;
  } finally {
    client.close();
  }
}

function run(binary: string, flags: TargetFlags): ChildProcess {
  const args = Object.entries(flags).flatMap(([name, value]) => (value === '' ? [] : [`--${name}=${value}`]));
  const verbose = process.env['REFERENCE_LOG'] !== undefined;
  return spawn('nice', [binary, ...args], { stdio: ['ignore', 'ignore', verbose ? 'inherit' : 'ignore'] });
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}
