/** A whole API server for tests: embedded storage and certificates in a directory of its own, on a free port. */
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import https from 'node:https';
import type { ClusterCertificates } from '../../certificates/index.ts';
import { type Logger, silentLogger } from '../../endpoints/request-context.ts';
import type { ApiserverOptions } from '../config.ts';
import { type RunningApiserver, startApiserver } from '../server.ts';
import { makeServerFiles, serverOptions } from './server-files.ts';

export interface TestCall {
  body?: unknown;
  headers?: Record<string, string>;
  /** Without the admin's certificate. */
  anonymous?: boolean;
  /** A bearer token instead of the admin's certificate. */
  token?: string;
  agent?: https.Agent;
}

export interface TestAnswer {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
  /** The texts of `Warning` headers. */
  warnings: string[];
  /** The body as JSON; throws if it is none. */
  json<T>(): T;
}

export interface TestServer {
  readonly directory: string;
  readonly certificates: ClusterCertificates;
  readonly server: RunningApiserver;
  /** The TLS options of kubernetes-admin. */
  readonly identity: { ca: string; cert: string; key: string };
  /** As kubernetes-admin unless told. */
  call(method: string, url: string, options?: TestCall): Promise<TestAnswer>;
  /** A request whose answer is read by the caller; resolves at its head. */
  open(method: string, url: string, options?: TestCall): Promise<IncomingMessage>;
  /** Stops it and starts it anew over the same storage. */
  restart(options?: Partial<ApiserverOptions>): Promise<void>;
  close(): Promise<void>;
}

export interface TestServerOptions extends Partial<ApiserverOptions> {
  logger?: Logger;
  signal?: AbortSignal;
}

/** What depends on the certificates may be given as a function of them. */
export async function startTestServer(
  given: TestServerOptions | ((certificates: ClusterCertificates) => TestServerOptions) = {},
): Promise<TestServer> {
  const files = await makeServerFiles();
  const { directory, certificates } = files;
  const { logger = silentLogger, signal, ...options } = typeof given === 'function' ? given(certificates) : given;
  const start = async (more: Partial<ApiserverOptions>): Promise<RunningApiserver> => {
    const started = await startApiserver(serverOptions(files, more), signal, logger);
    await started.ready;
    return started;
  };
  let server = await start(options).catch(async (error: unknown) => {
    await files.remove();
    throw error;
  });
  const { ca, admin } = certificates;
  const identity = { ca: ca.certificate, cert: admin.certificate, key: admin.key };

  const open: TestServer['open'] = (method, url, { body, headers, anonymous = false, token, agent } = {}) =>
    new Promise((resolve, reject) => {
      const tls = anonymous || token !== undefined ? { ca: identity.ca } : identity;
      const content = body === undefined ? {} : { 'content-type': 'application/json' };
      const credential = token === undefined ? {} : { authorization: `Bearer ${token}` };
      const request = https.request(
        `${server.url}${url}`,
        { method, agent: agent ?? false, ...tls, headers: { ...content, ...credential, ...headers } },
        resolve,
      );
      request.once('error', reject);
      request.end(body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body));
    });

  return {
    directory,
    certificates,
    identity,
    get server() {
      return server;
    },
    open,
    async call(method, url, call) {
      const response = await open(method, url, call);
      let text = '';
      for await (const chunk of response.setEncoding('utf8')) text += String(chunk);
      const { statusCode: status = 0, headers } = response;
      return { status, headers, text, warnings: warningsOf(headers), json: <T>() => JSON.parse(text) as T };
    },
    async restart(more = options) {
      await server.stop();
      server = await start(more);
    },
    async close() {
      await server.stop();
      await files.remove();
    },
  };
}

function warningsOf({ warning = '' }: IncomingHttpHeaders): string[] {
  return [...warning.matchAll(/299 - "((?:[^"\\]|\\.)*)"/g)].map(([, text = '']) => text.replaceAll(/\\(.)/g, '$1'));
}
