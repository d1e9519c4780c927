/**
 * Rules as rows: what is changed in a small valid object, and what kube-apiserver v1.36.2 says to it, a cause a line, sorted.
 * The objects take the way of a request: types, defaults, what the strategy prepares, its checks.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { definitionName, schemaByName } from '@typernetes/openapi/catalogue';
import { type FieldError, fieldErrorMessage, type KubernetesObject, parseApiVersion } from '@typernetes/openapi/meta';
import { checkTypes } from '@typernetes/openapi/schema';
import { sharedStorageOf } from '../conversion/index.ts';
import type { Strategy, StrategyContext } from '../generic/strategy.ts';
import { resourceRegistrations } from '../resources.ts';
import { FakeRegistry, testDependencies } from './registry.ts';

/** By place (`spec/containers/0/name`, a slash in a name is `~1`); undefined takes it out. */
export type Changes = Readonly<Record<string, unknown>>;
export type Rows = Readonly<Record<string, readonly [changes: Changes, ...causes: string[]]>>;

export interface Kind {
  apiVersion: string;
  kind: string;
  resource: string;
  /** Valid; the name is given here. */
  example: Readonly<Record<string, unknown>> & { metadata?: object };
}

const context: StrategyContext = {
  user: { name: 'u', groups: [] },
  now: new Date('2026-01-01T00:00:00Z'),
  dryRun: false,
  subresource: '',
};
const registrations = resourceRegistrations(testDependencies(new FakeRegistry()));

/** What is said to new objects. */
export function refusals(title: string, kind: Kind, rows: Rows): void {
  describe(title, () => {
    test('the example is right', () => assert.deepEqual(onCreate(kind, {}), []));
    for (const [name, [changes, ...causes]] of Object.entries(rows))
      test(name, () => assert.deepEqual(onCreate(kind, changes), causes));
  });
}

/** What is said to the example becoming something else. */
export function refusedUpdates(title: string, kind: Kind, rows: Rows): void {
  describe(title, () => {
    for (const [name, [changes, ...causes]] of Object.entries(rows))
      test(name, () => assert.deepEqual(onUpdate(kind, changes), causes));
  });
}

function onCreate(kind: Kind, changes: Changes): string[] {
  const strategy = strategyOf(kind);
  const object = decoded(kind, changes);
  strategy.prepareForCreate?.(object, context);
  return told(strategy.validate?.(object, context));
}

function onUpdate(kind: Kind, changes: Changes): string[] {
  const strategy = strategyOf(kind);
  const old = decoded(kind, {});
  Object.assign(old.metadata ?? {}, { uid: 'u', resourceVersion: '1' });
  strategy.prepareForCreate?.(old, context);
  const object = decoded({ ...kind, example: structuredClone(old) as Kind['example'] }, changes);
  strategy.prepareForUpdate?.(object, old, context);
  return told(strategy.validateUpdate?.(object, old, context));
}

/** Upstream prints whole values as Go has them, and the differences of two pods as a patch of that: neither is compared. */
function told(errors: readonly FieldError[] = []): string[] {
  const plain = (message: string): string => message.replace(/: [{[].*[}\]](?=: |$)/m, ': {…}').replace(/\n[^]*/, '');
  return errors.map((error) => plain(fieldErrorMessage(error))).sort();
}

function strategyOf({ apiVersion, resource }: Kind): Strategy {
  const { group } = parseApiVersion(apiVersion);
  const found = registrations.find(
    ({ resource: each, strategyIn = {} }) =>
      each.resource === resource && (each.group === group || strategyIn[apiVersion] !== undefined),
  );
  assert.ok(found, `${resource} is registered`);
  return { ...found.strategy, ...found.strategyIn?.[apiVersion] };
}

function decoded(of: Kind, changes: Changes): KubernetesObject {
  const { apiVersion, kind, example } = of;
  const { metadata, ...rest } = structuredClone(example);
  const object = { apiVersion, kind, ...rest, metadata: { name: 'one', namespace: 'default', ...metadata } };
  for (const [place, value] of Object.entries(changes)) change(object, place.split('/'), structuredClone(value));
  const name = definitionName({ ...parseApiVersion(apiVersion), kind });
  assert.ok(name);
  const { error } = checkTypes(object, { $ref: name }, schemaByName);
  assert.equal(error, undefined);
  const shared = sharedStorageOf(apiVersion, of.resource);
  const own = shared?.defaults?.[apiVersion];
  if (own === undefined) strategyOf(of).default?.(object);
  else own(object);
  return shared?.toStorage(object) ?? object;
}

function change(object: object, names: readonly string[], value: unknown): void {
  const [first = '', ...rest] = names;
  const name = first.replaceAll('~1', '/');
  const fields = object as Record<string, unknown>;
  if (rest.length > 0) change((fields[name] ??= /^\d+$/.test(rest[0]!) ? [] : {}) as object, rest, value);
  else if (value !== undefined) fields[name] = value;
  else if (Array.isArray(object)) object.splice(Number(name), 1);
  else delete fields[name];
}
