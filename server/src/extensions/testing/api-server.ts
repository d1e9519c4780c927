/** An API server of its own for tests of custom resources, and a client that speaks JSON with it. */
import assert from 'node:assert/strict';
import { buffer } from 'node:stream/consumers';
import { startTestServer } from '../../apiserver/testing/test-server.ts';

export const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';

export interface Answer<T> {
  status: number;
  body: T;
  /** The texts of `Warning` headers. */
  warnings: string[];
}

export interface TestApiServer {
  /** A merge patch, where the method is PATCH and headers do not say otherwise; an answer that is no JSON is a `message`. */
  call<T = { message?: string }>(
    method: string,
    url: string,
    body?: object | string,
    headers?: Record<string, string>,
  ): Promise<Answer<T>>;
  /** Creates a definition and waits until it is served. */
  define(definition: object): Promise<void>;
  /** Waits until a definition is served; what it is then. */
  established<T = object>(name: string): Promise<T>;
  /** What a GET answers, byte for byte, which is an object. */
  bytes(url: string, accept: string): Promise<Buffer>;
  /** The lines of a watch until `count` of them are there or the server ends it. */
  watch<T>(url: string, count: number, started?: () => void): Promise<{ events: T[]; ended: boolean }>;
  stop(): Promise<void>;
}

export async function startTestApiServer(): Promise<TestApiServer> {
  const server = await startTestServer();

  const call: TestApiServer['call'] = async <T>(
    method: string,
    url: string,
    body?: object | string,
    headers: Record<string, string> = {},
  ) => {
    const contentType = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
    const answer = await server.call(method, url, { body, headers: { 'content-type': contentType, ...headers } });
    const { status, text, warnings } = answer;
    return { status, body: (text.startsWith('{') ? JSON.parse(text) : { message: text }) as T, warnings };
  };

  const established: TestApiServer['established'] = async <T>(name: string) => {
    type Definition = { status?: { conditions?: { type: string; status: string }[] } };
    for (;;) {
      const { body } = await call<Definition>('GET', `${definitions}/${name}`);
      if (body.status?.conditions?.some((each) => each.type === 'Established' && each.status === 'True'))
        return body as T;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  };

  return {
    call,
    established,
    async bytes(url, accept) {
      const response = await server.open('GET', url, { headers: { accept } });
      assert.equal(response.statusCode, 200);
      assert.equal(response.headers['content-type'], accept.split(';')[0]);
      return buffer(response);
    },
    async watch<T>(url: string, count: number, started?: () => void) {
      const response = await server.open('GET', url);
      started?.();
      const events: T[] = [];
      let rest = '';
      for await (const chunk of response.setEncoding('utf8')) {
        const lines = (rest + String(chunk)).split('\n');
        rest = lines.pop() ?? '';
        events.push(...lines.map((line) => JSON.parse(line) as T));
        if (events.length >= count) return { events, ended: false };
      }
      return { events, ended: true };
    },
    async define(definition) {
      const { status, body } = await call<{ metadata: { name: string } }>('POST', definitions, definition);
      assert.equal(status, 201, JSON.stringify(body));
      await established(body.metadata.name);
    },
    stop: () => server.close(),
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
