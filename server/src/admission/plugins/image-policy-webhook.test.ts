/** Against a backend that really runs, over HTTPS. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import { ReviewService } from '../../apiserver/testing/review-service.ts';
import type { AdmissionPlugin } from '../admission.ts';
import type { Request } from '../testing/attributes.ts';
import { PluginFixture, podOf } from '../testing/plugins.ts';

let directory: string;
let backend: ReviewService;
let kubeConfigFile: string;
let fixture: PluginFixture;
let plugin: AdmissionPlugin | undefined;

before(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'typernetes-images-'));
  backend = await ReviewService.start();
  kubeConfigFile = await backend.writeKubeconfig(path.join(directory, 'kubeconfig'));
});
after(async () => {
  plugin?.stop?.();
  await backend.stop();
  await rm(directory, { recursive: true });
});
beforeEach(() => {
  fixture = new PluginFixture();
  backend.asked.length = 0;
  backend.answer = () => ({ allowed: true });
});

function configured(imagePolicy: object = {}): AdmissionPlugin {
  plugin?.stop?.();
  plugin = fixture.plugin('ImagePolicyWebhook', { imagePolicy: { kubeConfigFile, retryBackoff: 1, ...imagePolicy } });
  return plugin;
}
const write = (to: AdmissionPlugin, more: Partial<Request> = {}) =>
  fixture.run(to, { line: 'create pods', object: podOf(), oldObject: podOf(), ...more });

test('the backend is told images, its own annotations and the namespace', async () => {
  const object = podOf(
    { initContainers: [{ name: 'i', image: 'init' }], ephemeralContainers: [{ name: 'e', image: 'debug' }] },
    { annotations: { 'ticket.image-policy.k8s.io/b': '1', other: '2' } },
  );
  const to = configured();
  await write(to, { object });
  await write(to, { object, line: 'update pods/ephemeralcontainers' });
  await write(to, { object, line: 'update pods/status' });
  const annotations = { 'ticket.image-policy.k8s.io/b': '1' };
  assert.deepEqual(backend.asked, [
    {
      apiVersion: 'imagepolicy.k8s.io/v1alpha1',
      kind: 'ImageReview',
      metadata: {},
      spec: { containers: [{ image: 'i' }, { image: 'init' }], annotations, namespace: 'ns' },
      status: { allowed: false },
    },
    {
      apiVersion: 'imagepolicy.k8s.io/v1alpha1',
      kind: 'ImageReview',
      metadata: {},
      spec: { containers: [{ image: 'debug' }], annotations, namespace: 'ns' },
      status: { allowed: false },
    },
  ]);
});

test('a refusal says why, if the backend does; audit annotations are passed on', async () => {
  const to = configured({ denyTTL: -1 });
  backend.answer = () => ({ allowed: false, reason: 'not scanned' });
  await assert.rejects(write(to), {
    message: 'pods "p" is forbidden: image policy webhook backend denied one or more images: not scanned',
  });
  backend.answer = () => ({});
  await assert.rejects(write(to), { message: 'pods "p" is forbidden: one or more images rejected by webhook backend' });
  backend.answer = () => ({ allowed: true, auditAnnotations: { policy: 'lax' } });
  const { annotations } = await write(to);
  assert.deepEqual(annotations, { 'imagepolicywebhook.image-policy.k8s.io/policy': 'lax' });
});

test('answers are remembered as long as told', async () => {
  const to = configured({ allowTTL: 10, denyTTL: 2 });
  await write(to);
  fixture.time += 9999;
  await write(to);
  assert.equal(backend.asked.length, 1);
  backend.answer = () => ({ allowed: false });
  fixture.time += 1;
  await assert.rejects(write(to));
  fixture.time += 1999;
  await assert.rejects(write(to));
  assert.equal(backend.asked.length, 2);
  fixture.time += 1;
  await assert.rejects(write(to));
  assert.equal(backend.asked.length, 3);
});

test('a backend that fails is asked again, and then counts as refusing, or as allowing', async () => {
  let failures = 2;
  backend.answer = () => (failures-- > 0 ? 500 : { allowed: true });
  await write(configured());
  assert.equal(backend.asked.length, 3);
  failures = Number.POSITIVE_INFINITY;
  await assert.rejects(
    write(configured()),
    /^StatusError: pods "p" is forbidden: an error on the server \("\{\}"\) has prevented/,
  );
  assert.equal(backend.asked.length, 8);
  const { annotations } = await write(configured({ defaultAllow: true }));
  assert.deepEqual(annotations, { 'imagepolicywebhook.image-policy.k8s.io/failed-open': 'true' });
});

test('answers that are none refuse', async () => {
  backend.answer = () => ({ allowed: 'yes' });
  await assert.rejects(write(configured()), {
    message:
      'pods "p" is forbidden: json: cannot unmarshal string into Go struct field ImageReviewStatus.status.allowed of type bool',
  });
});

test('configurations that are none', () => {
  const refusal = (message: string) => ({ message: `couldn't init admission plugin "ImagePolicyWebhook": ${message}` });
  assert.throws(() => fixture.plugin('ImagePolicyWebhook'), refusal('no config specified'));
  assert.throws(() => configured({ allowTTL: 1801 }), refusal('valid value is between 1s and 30m0s, got 30m1s'));
  assert.throws(
    () => configured({ retryBackoff: 300_001 }),
    refusal('valid value is between 1ns and 5m0s, got 5m0.001s'),
  );
  assert.throws(
    () => configured({ denyTTL: '30s' }),
    /cannot unmarshal string into Go struct field .*denyTTL of type time.Duration/,
  );
  assert.throws(() => configured({ kubeConfigFile: path.join(directory, 'none') }), /there is no such file/);
});
