/** A whole API server for tests: embedded storage and certificates in a directory of its own, on a free port. */
import { mkdtemp, rm } from 'node:fs/promises';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import https from 'node:https';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type ClusterCertificates, ensureClusterCertificates } from '../../certificates/index.ts';
import { type Logger, silentLogger } from '../../endpoints/request-context.ts';
import type { ApiserverOptions } from '../config.ts';
import { type RunningApiserver, startApiserver } from '../server.ts';

export interface TestCall {
  body?: unknown;
  headers?: Record<string, string>;
  /** Without the admin's certificate. */
  anonymous?: boolean;
  agent?: https.Agent;
}

export interface TestAnswer {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
}

export interface TestServer {
  readonly directory: string;
  readonly certificates: ClusterCertificates;
  readonly server: RunningApiserver;
  /** As kubernetes-admin unless told. */
  call(method: string, url: string, options?: TestCall): Promise<TestAnswer>;
  /** A request whose answer is read by the caller; resolves at its head. */
  open(method: string, url: string, options?: TestCall): Promise<IncomingMessage>;
  /** Stops it and starts it anew over the same storage. */
  restart(options?: Partial<ApiserverOptions>): Promise<void>;
  close(): Promise<void>;
}

export async function startTestServer(
  options: Partial<ApiserverOptions> = {},
  logger: Logger = silentLogger,
): Promise<TestServer> {
  const directory = await mkdtemp(path.join(tmpdir(), 'typernetes-server-'));
  const certificates = await ensureClusterCertificates(path.join(directory, 'pki'), {
    nodes: [],
    advertiseAddresses: ['127.0.0.1'],
    serviceIPs: ['10.96.0.1'],
  });
  const { apiserver, ca, serviceAccount, admin } = certificates;
  const start = async (more: Partial<ApiserverOptions>): Promise<RunningApiserver> => {
    const started = await startApiserver(
      {
        securePort: 0,
        bindAddress: '127.0.0.1',
        ...(more.etcdServers === undefined ? { storageDir: path.join(directory, 'storage') } : {}),
        tlsCertFile: apiserver.certificateFile,
        tlsPrivateKeyFile: apiserver.keyFile,
        clientCaFile: ca.certificateFile,
        serviceAccountSigningKeyFile: serviceAccount.privateKeyFile,
        serviceAccountKeyFile: [serviceAccount.publicKeyFile],
        ...more,
      },
      undefined,
      logger,
    );
    await started.ready;
    return started;
  };
  let server = await start(options);

  const open: TestServer['open'] = (method, url, { body, headers, anonymous = false, agent } = {}) =>
    new Promise((resolve, reject) => {
      const identity = anonymous ? {} : { cert: admin.certificate, key: admin.key };
      const content = body === undefined ? {} : { 'content-type': 'application/json' };
      const request = https.request(
        `${server.url}${url}`,
        { method, ca: ca.certificate, agent: agent ?? false, ...identity, headers: { ...content, ...headers } },
        resolve,
      );
      request.once('error', reject);
      request.end(body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body));
    });

  return {
    directory,
    certificates,
    get server() {
      return server;
    },
    open,
    async call(method, url, call) {
      const response = await open(method, url, call);
      let text = '';
      for await (const chunk of response.setEncoding('utf8')) text += String(chunk);
      return { status: response.statusCode ?? 0, headers: response.headers, text };
    },
    async restart(more = options) {
      await server.stop();
      server = await start(more);
    },
    async close() {
      await server.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
