/** The n-th request of a seed. */
import { type Body, encode, generate, oddStrings } from './bodies.ts';
import type { Operation } from './operations.ts';
import { Random } from './random.ts';

export interface FuzzRequest {
  method: string;
  path: string;
  headers: Record<string, string>;
  body: Buffer | undefined;
}

const accepts = [
  'application/json',
  'application/yaml',
  'application/vnd.kubernetes.protobuf',
  'application/json;as=Table;v=v1;g=meta.k8s.io,application/json',
  'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io',
  'application/cbor',
  '*/*',
  'text/html',
  ';;;',
];

const values: Readonly<Record<string, readonly string[]>> = {
  labelSelector: ['a=b', 'a in (b', '!', 'a,,b', '\u0000'],
  fieldSelector: ['metadata.name=x', 'spec.x=1', '=', 'a=b=c', '\\'],
  limit: ['1', '-1', 'x', '9999999999999999999'],
  continue: ['x', 'e30', 'eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJydiI6MSwic3RhcnQiOiIuLi8ifQ'],
  resourceVersion: ['0', '1', '-1', 'x', '99999999999999999999', '9999999999'],
  resourceVersionMatch: ['Exact', 'NotOlderThan', 'x'],
  watch: ['0', 'false', 'true', 'x'],
  sendInitialEvents: ['true', 'x'],
  allowWatchBookmarks: ['true', 'x'],
  dryRun: ['All', 'x'],
  fieldValidation: ['Strict', 'Warn', 'Ignore', 'x'],
  fieldManager: ['me', '\u0007', 'x'.repeat(200)],
  force: ['true', 'false', 'x'],
  pretty: ['true', 'x'],
  propagationPolicy: ['Orphan', 'Foreground', 'x'],
  gracePeriodSeconds: ['0', '-1', 'x', '1e9'],
  timeoutSeconds: ['1', '0', '-1', 'x'],
  timeout: ['1s', 'x', '-1s'],
};

const names = [
  'a',
  'b',
  'c',
  'fuzzed',
  '..%2f..',
  '%00',
  '%ff',
  'A',
  '%F0%9F%98%80',
  'x'.repeat(300),
  'a%2Fb',
  '%252e',
];

export function requestOf(
  operations: readonly Operation[],
  seed: number,
  index: number,
  namespace: string,
): FuzzRequest {
  const random = new Random(Math.imul(seed + 1, 2_654_435_761) ^ Math.imul(index + 1, 40_503));
  const operation = operations[index % operations.length] ?? random.pick(operations);
  const path = operation.path.replaceAll(/\{(\w+)\}/g, (_, parameter: string) =>
    parameter === 'namespace' ? (random.chance(0.97) ? namespace : random.pick(names)) : random.pick(names),
  );
  const mutates = !['GET', 'HEAD', 'OPTIONS'].includes(operation.method);
  const query = queryOf(operation, random);
  // Only the run's own namespace is really written to.
  if (mutates && !path.includes(`/namespaces/${namespace}/`)) query.set('dryRun', 'All');
  if (path.includes('/watch/') || query.get('watch') !== null || path.includes('follow'))
    query.set('timeoutSeconds', '1');
  const headers: Record<string, string> = { accept: random.chance(0.8) ? 'application/json' : random.pick(accepts) };
  const body = mutates && random.chance(0.95) ? bodyOf(operation, path, random) : undefined;
  if (body !== undefined) headers['content-type'] = body.contentType;
  const text = query.toString();
  return { method: operation.method, path: text === '' ? path : `${path}?${text}`, headers, body: body?.bytes };
}

function queryOf(operation: Operation, random: Random): URLSearchParams {
  const query = new URLSearchParams();
  for (const name of operation.parameters)
    if (random.chance(0.12))
      query.append(name, random.chance(0.8) ? random.pick(values[name] ?? oddStrings) : random.pick(oddStrings));
  if (operation.method === 'PATCH' && random.chance(0.8)) query.set('fieldManager', 'fuzz');
  return query;
}

function bodyOf(operation: Operation, path: string, random: Random): Body {
  const generated = generate(operation.body, operation, random);
  let object = generated;
  if (typeof generated === 'object' && generated !== null && !Array.isArray(generated) && random.chance(0.85)) {
    const { kind, apiVersion } = operation;
    const metadata = { ...(generated as { metadata?: object }).metadata };
    // Often a body that belongs to the path, so that the run gets past the first checks.
    const name = operation.method === 'POST' ? random.pick(['a', 'b', 'c']) : path.split('/').at(-1);
    object = { ...generated, kind, apiVersion, metadata: random.chance(0.7) ? { name, labels: { a: 'b' } } : metadata };
  }
  return encode(object, operation.method, random);
}
