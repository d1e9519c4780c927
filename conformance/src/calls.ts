/** Requests whose status is part of what is promised, and the shapes that many promises read. */
import assert from 'node:assert/strict';
import type { PromiseContext } from './context.ts';
import type { HttpRequest } from './http.ts';
import type { WatchedObject } from './watch.ts';

export interface StatusBody {
  kind: string;
  status: string;
  reason?: string;
  message?: string;
  code?: number;
  details?: {
    name?: string;
    kind?: string;
    group?: string;
    retryAfterSeconds?: number;
    causes?: { reason?: string; message?: string; field?: string }[];
  };
}

/** Asserts the status of the answer and resolves to its body. */
export async function call<T = WatchedObject>(
  context: PromiseContext,
  status: number,
  method: string,
  path: string,
  options: HttpRequest = {},
): Promise<T> {
  const response = await context.http.request(method, path, { signal: context.signal, ...options });
  assert.equal(response.status, status, `${method} ${path}: ${response.text()}`);
  return response.json<T>();
}

/** "code reason: message" of a request that must fail. */
export async function refusal(
  context: PromiseContext,
  method: string,
  path: string,
  options: HttpRequest = {},
): Promise<string> {
  const response = await context.http.request(method, path, { signal: context.signal, ...options });
  assert.ok(response.status >= 400, `${method} ${path} should have failed: ${response.status} ${response.text()}`);
  const { reason, message } = response.json<StatusBody>();
  return `${response.status} ${reason ?? ''}: ${message ?? ''}`;
}

/** Creates an object outside of the namespace, and deletes it after the promise. */
export async function createGlobal<T = WatchedObject>(
  context: PromiseContext,
  collection: string,
  object: { metadata: { name: string }; [field: string]: unknown },
): Promise<T> {
  const made = await call<T>(context, 201, 'POST', collection, { body: object });
  context.onCleanup(async () => {
    await context.http.request('DELETE', `${collection}/${object.metadata.name}`);
  });
  return made;
}

export const mergePatch = { 'content-type': 'application/merge-patch+json' };
export const strategicMergePatch = { 'content-type': 'application/strategic-merge-patch+json' };
