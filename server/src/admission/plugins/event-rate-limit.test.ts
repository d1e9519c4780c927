import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { StatusError } from '@typernetes/openapi/meta';
import type { AdmissionPlugin } from '../admission.ts';
import type { Request } from '../testing/attributes.ts';
import { PluginFixture } from '../testing/plugins.ts';

let fixture: PluginFixture;
beforeEach(() => {
  fixture = new PluginFixture();
});

const limited = (...limits: object[]) =>
  fixture.plugin('EventRateLimit', {
    apiVersion: 'eventratelimit.admission.k8s.io/v1alpha1',
    kind: 'Configuration',
    limits,
  });
const event = (involved: object = {}, source: object = {}) => ({
  metadata: { name: 'e' },
  involvedObject: { kind: 'Pod', namespace: 'ns', name: 'p', ...involved },
  source,
});
const write = (plugin: AdmissionPlugin, more: Partial<Request> = {}) =>
  fixture.run(plugin, { line: 'create events', object: event(), ...more });
const refusal = (message: string) => (error: unknown) => {
  assert.ok(error instanceof StatusError);
  assert.equal(error.status.code, 429);
  assert.equal(error.status.reason, 'TooManyRequests');
  assert.equal(error.message, `Too many requests: ${message}`);
  return true;
};

test('a burst, and then as many a second as told', async () => {
  const plugin = limited({ type: 'Server', qps: 2, burst: 3 });
  for (let count = 0; count < 3; count++) await write(plugin);
  await assert.rejects(write(plugin), refusal('limit reached on type Server for key '));
  fixture.time += 500;
  await write(plugin, { line: 'update events' });
  await assert.rejects(write(plugin), refusal('limit reached on type Server for key '));
  fixture.time += 60_000;
  for (let count = 0; count < 3; count++) await write(plugin);
  await assert.rejects(write(plugin), StatusError);
});

test('what is no Event, is deleted or only tried costs nothing', async () => {
  const plugin = limited({ type: 'Server', qps: 1, burst: 1 });
  for (let count = 0; count < 3; count++) {
    await write(plugin, { dryRun: true });
    await write(plugin, { line: 'create pods' });
    await write(plugin, { line: 'delete events' });
    await write(plugin, { line: 'create events.events.k8s.io' });
  }
  await write(plugin);
});

test('namespaces, users and objects have limits of their own, and all that are reached are told', async () => {
  const one = { qps: 1, burst: 1 };
  const namespaces = limited({ type: 'Namespace', ...one });
  await write(namespaces);
  await write(namespaces, { namespace: 'other' });
  await assert.rejects(write(namespaces), refusal('limit reached on type Namespace for key ns'));

  const users = limited({ type: 'User', ...one }, { type: 'Namespace', ...one });
  await write(users);
  await assert.rejects(
    write(users),
    refusal('[limit reached on type User for key jane, limit reached on type Namespace for key ns]'),
  );
  const john = { user: { name: 'john', groups: [] }, namespace: 'other' };
  await write(users, john);

  const objects = limited({ type: 'SourceAndObject', ...one });
  await write(objects, { object: event({ uid: 'u', apiVersion: 'v1' }, { component: 'kubelet', host: 'n' }) });
  await write(objects, { object: event({ uid: 'u', apiVersion: 'v1' }, { component: 'kubelet', host: 'm' }) });
  await assert.rejects(
    write(objects, { object: event({ uid: 'u', apiVersion: 'v1' }, { component: 'kubelet', host: 'n' }) }),
    refusal('limit reached on type SourceAndObject for key kubeletnPodnspuv1'),
  );
});

test('only so many are kept apart: who was forgotten begins anew', async () => {
  const plugin = limited({ type: 'Namespace', qps: 1, burst: 1, cacheSize: 2 });
  await write(plugin, { namespace: 'a' });
  await write(plugin, { namespace: 'b' });
  await assert.rejects(write(plugin, { namespace: 'a' }), StatusError);
  await write(plugin, { namespace: 'c' });
  await assert.rejects(write(plugin, { namespace: 'a' }), StatusError);
  await write(plugin, { namespace: 'b' });
});

test('configurations that are none', () => {
  const prefix = 'couldn\'t init admission plugin "EventRateLimit": ';
  assert.throws(() => limited(), { message: `${prefix}limits: Invalid value: []: must not be empty` });
  assert.throws(() => limited({ type: 'Galaxy', cacheSize: -1 }), {
    message: `${prefix}[limits[0].type: Unsupported value: "Galaxy": supported values: "Namespace", "Server", "SourceAndObject", "User", limits[0].burst: Invalid value: 0: must be positive, limits[0].qps: Invalid value: 0: must be positive, limits[0].cacheSize: Invalid value: -1: must not be negative]`,
  });
  assert.throws(() => fixture.plugin('EventRateLimit'), /limits: Invalid value: null: must not be empty/);
});

test('an Event about nothing is counted like any other', async () => {
  const plugin = limited({ type: 'SourceAndObject', qps: 1, burst: 1 });
  await write(plugin, { object: { metadata: { name: 'e' } } });
  await assert.rejects(write(plugin, { object: {} }), refusal('limit reached on type SourceAndObject for key '));
});
