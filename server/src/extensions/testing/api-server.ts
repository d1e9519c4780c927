/** An API server of its own for tests of custom resources, and a client that speaks JSON with it. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import https from 'node:https';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startApiserver } from '../../apiserver/server.ts';
import { ensureClusterCertificates } from '../../certificates/index.ts';
import { silentLogger } from '../../endpoints/request-context.ts';

export const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';

export interface Answer<T> {
  status: number;
  body: T;
  /** The texts of `Warning` headers. */
  warnings: string[];
}

export interface TestApiServer {
  call<T = { message?: string }>(
    method: string,
    url: string,
    body?: object | string,
    contentType?: string,
  ): Promise<Answer<T>>;
  /** Creates a definition and waits until it is served. */
  define(definition: object): Promise<void>;
  /** The lines of a watch until `count` of them are there or the server ends it. */
  watch<T>(url: string, count: number, started?: () => void): Promise<{ events: T[]; ended: boolean }>;
  stop(): Promise<void>;
}

export async function startTestApiServer(): Promise<TestApiServer> {
  const directory = await mkdtemp(path.join(tmpdir(), 'typernetes-crds-'));
  const certificates = await ensureClusterCertificates(path.join(directory, 'pki'), {
    nodes: [],
    advertiseAddresses: ['127.0.0.1'],
    serviceIPs: ['10.96.0.1'],
  });
  const { apiserver, ca, serviceAccount, admin } = certificates;
  const server = await startApiserver(
    {
      securePort: 0,
      bindAddress: '127.0.0.1',
      storageDir: path.join(directory, 'storage'),
      tlsCertFile: apiserver.certificateFile,
      tlsPrivateKeyFile: apiserver.keyFile,
      clientCaFile: ca.certificateFile,
      serviceAccountSigningKeyFile: serviceAccount.privateKeyFile,
      serviceAccountKeyFile: [serviceAccount.publicKeyFile],
    },
    undefined,
    silentLogger,
  );
  await server.ready;
  const options = { ca: ca.certificate, cert: admin.certificate, key: admin.key, agent: false as const };

  const call: TestApiServer['call'] = <T>(
    method: string,
    url: string,
    body?: object | string,
    contentType = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json',
  ) =>
    new Promise<Answer<T>>((resolve, reject) => {
      const request = https.request(
        `${server.url}${url}`,
        { ...options, method, headers: { 'content-type': contentType } },
        (response) => {
          const parts: Buffer[] = [];
          response.on('data', (part: Buffer) => parts.push(part));
          response.on('end', () => {
            const text = Buffer.concat(parts).toString();
            const given = response.headers.warning ?? '';
            const warnings = [...given.matchAll(/299 - "((?:[^"\\]|\\.)*)"/g)].map(([, each]) =>
              each!.replace(/\\(.)/g, '$1'),
            );
            resolve({
              status: response.statusCode ?? 0,
              body: (text.startsWith('{') ? JSON.parse(text) : { message: text }) as T,
              warnings,
            });
          });
          response.on('error', reject);
        },
      );
      request.on('error', reject);
      request.end(typeof body === 'string' || body === undefined ? body : JSON.stringify(body));
    });

  const watch: TestApiServer['watch'] = <T>(url: string, count: number, started?: () => void) =>
    new Promise<{ events: T[]; ended: boolean }>((resolve, reject) => {
      const events: T[] = [];
      const request = https.request(`${server.url}${url}`, options, (response) => {
        let rest = '';
        started?.();
        response.on('data', (part: Buffer) => {
          const lines = (rest + part.toString()).split('\n');
          rest = lines.pop() ?? '';
          events.push(...lines.map((line) => JSON.parse(line) as T));
          if (events.length < count) return;
          resolve({ events, ended: false });
          request.destroy();
        });
        response.on('end', () => resolve({ events, ended: true }));
        response.on('error', reject);
      });
      request.on('error', reject);
      request.end();
    });

  return {
    call,
    watch,
    async define(definition) {
      type Definition = {
        metadata: { name: string };
        status?: { conditions?: { type: string; status: string; message: string }[] };
      };
      const { status, body } = await call<Definition>('POST', definitions, definition);
      assert.equal(status, 201, JSON.stringify(body));
      for (;;) {
        const { body: current } = await call<Definition>('GET', `${definitions}/${body.metadata.name}`);
        if (current.status?.conditions?.some((each) => each.type === 'Established' && each.status === 'True')) return;
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    },
    async stop() {
      await server.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

export interface VersionOptions {
  storage?: boolean;
  [more: string]: unknown;
}

export function definitionOf(plural: string, kind: string, versions: object[], more: object = {}): object {
  const group = 'stable.example.com';
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${group}` },
    spec: { group, scope: 'Namespaced', names: { plural, kind }, versions, ...more },
  };
}

export function versionOf(name: string, openAPIV3Schema: object, more: VersionOptions = {}): object {
  return { name, served: true, storage: true, schema: { openAPIV3Schema }, ...more };
}
