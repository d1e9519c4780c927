import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type FieldError, fieldErrorMessage, StatusError } from '@typernetes/openapi/meta';
import type { ResourceClaim } from '@typernetes/openapi/types/resource/v1';
import type { AuthorizerAttributes } from '../../../authorization/authorizer.ts';
import { FakeRegistry, restContext, testDependencies } from '../../testing/registry.ts';
import { resourceclaims } from './index.ts';

type Status = NonNullable<ResourceClaim['status']>;

const gpu = { driver: 'example.com', pool: 'pool', device: 'gpu-0' };
const result = { request: 'gpu', ...gpu };
const allocation = { devices: { results: [result] } };
const holder = { resource: 'pods', name: 'one', uid: 'u' };
const reported = { ...gpu, data: { a: 1 } };

const claim = (status: object, metadata: object = {}): ResourceClaim =>
  ({
    kind: 'ResourceClaim',
    metadata: { name: 'one', namespace: 'default', ...metadata },
    spec: { devices: { requests: [{ name: 'gpu', exactly: { deviceClassName: 'gpu' } }] } },
    status: status as Status,
  }) as ResourceClaim;

function registrationFor(allowed: (asked: AuthorizerAttributes) => boolean, asked: string[] = []) {
  const dependencies = testDependencies(new FakeRegistry());
  return resourceclaims({
    authorization: {
      ...dependencies.authorization,
      authorizer: {
        authorize(attributes) {
          const { verb, resource, subresource, namespace, name } = attributes;
          asked.push([verb, `${resource}/${subresource}`, namespace, name].join(' ').trimEnd());
          return Promise.resolve({ decision: allowed(attributes) ? 'allow' : 'noOpinion', reason: '' });
        },
      },
    },
  });
}

/** `invalid` of the status becoming another, without the paths' first part. */
function told(status: object, old: object = {}, metadata: object = {}): string[] {
  const { strategy } = registrationFor(() => true);
  const object = claim(status, metadata);
  const context = { user: { name: '', groups: [] }, now: new Date(), dryRun: false, subresource: 'status' };
  strategy?.prepareForStatusUpdate?.(object, claim(old), context);
  const errors: FieldError[] = strategy?.validateStatusUpdate?.(object, claim(old, metadata), context) ?? [];
  return errors.map((error) => fieldErrorMessage(error).replace(/^status\./, ''));
}

test('an allocation', () => {
  assert.deepEqual(told({ allocation, reservedFor: [holder] }), []);
  const changed = (change: object): string[] =>
    told({ allocation: { devices: { results: [{ ...result, ...change }] } } }).map((text) =>
      text.replace('allocation.devices.results[0].', ''),
    );
  assert.match(
    changed({ request: 'other' })[0] ?? '',
    /^request: Invalid value: "other": must be the name of a request/,
  );
  assert.deepEqual(changed({ driver: '', pool: '' }), ['driver: Required value', 'pool: Required value']);
  assert.deepEqual(changed({ shareID: 'x' }), [
    'shareID: Invalid value: "x": error validating uid: invalid UUID length: 1',
  ]);
  assert.match(changed({ shareID: '0123456789ABCDEF0123456789abcdef' })[0] ?? '', /normalized form/);
  assert.deepEqual(changed({ shareID: '01234567-89ab-cdef-0123-456789abcdef' }), []);
  assert.match(changed({ bindingConditions: ['ready'] })[0] ?? '', /bindingFailureConditions are required/);
  assert.deepEqual(told({ allocation: { devices: { config: [{ opaque: { driver: 'x', parameters: {} } }] } } }), [
    'allocation.devices.config[0].source: Required value',
  ]);
});

test('an allocation is not changed, only taken back', () => {
  const other = { devices: { results: [{ ...result, device: 'gpu-1' }] } };
  assert.match(
    told({ allocation: other }, { allocation })[0] ?? '',
    /^allocation: Invalid value: .*field is immutable$/,
  );
  assert.deepEqual(told({}, { allocation }), []);
  const old = { devices: { results: [{ ...result, request: 'gone' }] } };
  assert.deepEqual(told({ allocation: old }, { allocation: old }), []);
});

test('who holds a claim', () => {
  assert.deepEqual(told({ reservedFor: [holder] }), [
    'reservedFor: Forbidden: may not be specified when `allocated` is not set',
  ]);
  assert.deepEqual(told({ allocation, reservedFor: [{}, holder, holder] }), [
    'reservedFor[0].resource: Required value',
    'reservedFor[0].name: Required value',
    'reservedFor[0].uid: Required value',
    'reservedFor[2]: Duplicate value: "u"',
  ]);
  const deleted = { deletionTimestamp: '2026-01-01T00:00:00Z' };
  const held = { allocation, reservedFor: [holder] };
  assert.deepEqual(told(held, held, deleted), []);
  assert.match(told(held, { allocation }, deleted)[0] ?? '', /^reservedFor: Forbidden: new entries may not be added/);
});

test('what drivers report', () => {
  assert.deepEqual(told({ allocation, devices: [reported] }), []);
  assert.deepEqual(told({ allocation, devices: [{ ...reported, device: 'gpu-1' }] }), [
    'devices[0]: Invalid value: {"Driver":"example.com","Pool":"pool","Device":"gpu-1","ShareID":""}: must be an allocated device in the claim',
  ]);
  assert.deepEqual(told({ allocation, devices: [{ ...reported, data: [] }] }), [
    'devices[0].data: Invalid value: "<value omitted>": must be a valid JSON object',
  ]);
  const network = (networkData: object): string[] =>
    told({ allocation, devices: [{ ...gpu, networkData }] }).map((text) => text.replace('devices[0].networkData.', ''));
  assert.deepEqual(network({ ips: ['10.9.8.7/24', '2001:db8::1/64'] }), []);
  assert.deepEqual(network({ ips: ['10.9.8.07/24', '2001:DB8::1/64', '10.9.8.7', '10.9.8.7/33'] }), [
    'ips[0]: Invalid value: "10.9.8.07/24": must be in canonical form ("10.9.8.7/24")',
    'ips[1]: Invalid value: "2001:DB8::1/64": must be in canonical form ("2001:db8::1/64")',
    'ips[2]: Invalid value: "10.9.8.7": must be a valid address in CIDR form, (e.g. 10.9.8.7/24 or 2001:db8::1/64)',
    'ips[3]: Invalid value: "10.9.8.7/33": must be a valid address in CIDR form, (e.g. 10.9.8.7/24 or 2001:db8::1/64)',
  ]);
  assert.match(network({ hardwareAddress: 'x'.repeat(129) })[0] ?? '', /^hardwareAddress: Too long/);
});

test('reports of what is no longer allocated go', () => {
  assert.deepEqual(told({ devices: [reported] }, { allocation, devices: [reported] }), []);
});

const update = async (
  status: object,
  old: object,
  allowed: (asked: AuthorizerAttributes) => boolean,
  part: object = {},
): Promise<{ asked: string[]; message: string }> => {
  const asked: string[] = [];
  const context = restContext(new FakeRegistry(), {
    asked: { verb: 'patch', subresource: 'status', apiVersion: 'v1' },
    ...part,
  });
  try {
    await registrationFor(allowed, asked).beginUpdate?.(claim(status), claim(old), context);
    return { asked, message: '' };
  } catch (error) {
    assert.ok(error instanceof StatusError);
    return { asked, message: error.message };
  }
};

test('to allocate takes more than to write the status', async () => {
  assert.deepEqual((await update({ allocation }, {}, () => true)).asked, ['patch resourceclaims/binding']);
  assert.deepEqual((await update({ allocation }, { allocation }, () => false)).asked, []);
  const { message } = await update({ allocation, reservedFor: [{}] }, {}, () => false);
  assert.match(
    message,
    /status\.allocation: Forbidden: changing status\.allocation or status\.reservedFor requires resource="resourceclaims\/binding", verb="patch" permission: .*User "alice" cannot patch resource "resourceclaims\/binding" in API group "resource\.k8s\.io" at the cluster scope/,
  );
  assert.match(message, /reservedFor\[0\]\.name: Required value/);
});

test('a driver reports on its own devices, and if it is told so, only on its node', async () => {
  const status = { allocation, devices: [reported] };
  const everywhere = 'arbitrary-node:patch resourceclaims/driver default example.com';
  assert.deepEqual((await update(status, { allocation }, () => true)).asked, [everywhere]);
  const { message } = await update(status, { allocation }, () => false);
  assert.match(
    message,
    /status\.devices: Forbidden: .*verb="\[arbitrary-node:patch\]" permission: .*"resourceclaims\/driver"/,
  );

  const matchFields = [{ key: 'metadata.name', operator: 'In', values: ['node-1'] }];
  const bound = { ...allocation, nodeSelector: { nodeSelectorTerms: [{ matchFields }] } };
  const onNode = (node: string): object => ({
    user: {
      name: 'system:serviceaccount:default:driver',
      groups: [],
      extra: { 'authentication.kubernetes.io/node-name': [node] },
    },
  });
  const report = { allocation: bound, devices: [reported] };
  const near = await update(
    report,
    { allocation: bound },
    ({ verb }) => verb.startsWith('associated'),
    onNode('node-1'),
  );
  assert.deepEqual(near, { asked: ['associated-node:patch resourceclaims/driver default example.com'], message: '' });
  assert.deepEqual((await update(report, { allocation: bound }, () => true, onNode('node-2'))).asked, [everywhere]);
});

test('administrators’ access is allocated in marked namespaces', async () => {
  const admin = { devices: { results: [{ ...result, adminAccess: true }] } };
  const { message } = await update({ allocation: admin }, {}, () => true);
  assert.match(message, /status\.allocation\.devices\.results\[0\]\.adminAccess: Forbidden: admin access/);
  assert.equal((await update({ allocation: admin }, { allocation: admin }, () => true)).message, '');
});
