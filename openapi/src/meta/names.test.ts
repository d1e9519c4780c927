import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  configMapKey,
  dns1035Label,
  dns1123Label,
  dns1123Subdomain,
  envVarName,
  fieldErrorMessage,
  formatMicroTime,
  formatTime,
  generateName,
  gvkOf,
  isValidPortName,
  labelValue,
  nameIsDnsSubdomain,
  parseApiVersion,
  parseTime,
  pathSegmentName,
  qualifiedName,
  validateObjectMeta,
  validateObjectMetaUpdate,
} from './index.ts';

const long = (length: number): string => 'a'.repeat(length);
type Check = (value: string) => string[];

const rules: [string, Check, good: string[], bad: string[]][] = [
  ['dns1123Label', dns1123Label, ['a', '0', 'a-b', long(63)], ['', 'A', '-a', 'a-', 'a.b', 'a_b', 'a\n', long(64)]],
  ['dns1123Subdomain', dns1123Subdomain, ['a', 'a.b', '1.2', long(253)], ['', 'a..b', '.a', 'a.', 'A.b', long(254)]],
  ['dns1035Label', dns1035Label, ['a', 'a1', 'a-1'], ['', '1a', 'A', 'a-', long(64)]],
  [
    'qualifiedName',
    qualifiedName,
    ['a', 'A_b.c', 'x.io/a', `${long(253)}/${long(63)}`],
    ['', '/a', 'a/', 'a/b/c', 'X.io/a', '-a', long(64)],
  ],
  ['labelValue', labelValue, ['', 'a', 'A.b_c-d', long(63)], ['-a', 'a-', 'a b', long(64)]],
  ['isValidPortName', isValidPortName, ['http', 'a-1'], ['', '80', 'a--b', '-a', 'a-', 'A', long(16)]],
  ['pathSegmentName', pathSegmentName, ['a', 'A:b', ''], ['.', '..', 'a/b', 'a%b']],
  ['configMapKey', configMapKey, ['a', 'A_b.c', '.a'], ['', '.', '..', '..a', 'a b', long(254)]],
  ['envVarName', envVarName, ['A', '_a', 'my.env-name'], ['', '1a', 'a b', '..']],
];

for (const [name, check, good, bad] of rules) {
  test(name, () => {
    for (const value of good) assert.deepEqual(check(value), [], value);
    for (const value of bad) assert.ok(check(value).length > 0, `${JSON.stringify(value)} passes`);
  });
}

test("messages are upstream's", () => {
  const pattern = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
  assert.deepEqual(dns1123Label('A'), [
    `a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '${pattern}')`,
  ]);
  assert.deepEqual(dns1123Label('a.b'), ['must not contain dots']);
  assert.equal(dns1123Label(long(64))[0], 'must be no more than 63 characters');
  assert.equal(labelValue(long(64))[0], 'must be no more than 63 bytes');
  assert.equal(qualifiedName(long(64))[0], 'name part must be no more than 63 bytes');
});

test('names of hostile length are checked in no time', () => {
  // Processor time: others may be at work on the machine.
  const started = process.cpuUsage();
  for (const [, check] of rules) check(`${'a-'.repeat(200_000)}!`);
  assert.ok(process.cpuUsage(started).user < 1000_000);
});

const meta = { name: 'a', namespace: 'default' };
const messages = (errors: ReturnType<typeof validateObjectMeta>): string[] => errors.map(fieldErrorMessage);

test('metadata on create', () => {
  assert.deepEqual(validateObjectMeta(meta, { namespaced: true }), []);
  assert.deepEqual(messages(validateObjectMeta({}, { namespaced: true })), [
    'metadata.name: Required value: name or generateName is required',
    'metadata.namespace: Required value',
  ]);
  assert.deepEqual(messages(validateObjectMeta(meta, { namespaced: false })), [
    'metadata.namespace: Forbidden: not allowed on this type',
  ]);
  assert.deepEqual(
    messages(validateObjectMeta({ ...meta, finalizers: ['orphan', 'foregroundDeletion'] }, { namespaced: true })),
    [
      'metadata.finalizers: Invalid value: ["orphan","foregroundDeletion"]: finalizer orphan and foregroundDeletion cannot be both set',
    ],
  );
  assert.deepEqual(
    messages(validateObjectMeta({ ...meta, annotations: { a: long(256 * 1024) } }, { namespaced: true })),
    ['metadata.annotations: Too long: may not be more than 262144 bytes'],
  );
  const owner = { apiVersion: 'v1', kind: 'Pod', name: 'p', uid: 'u', controller: true };
  assert.match(
    messages(
      validateObjectMeta({ ...meta, ownerReferences: [owner, { ...owner, name: 'q' }] }, { namespaced: true }),
    ).join(),
    /Only one reference can have Controller set to true\. Found "true" in references for Pod\/p and Pod\/q/,
  );
});

test('metadata on update', () => {
  const old = { ...meta, uid: 'u', resourceVersion: '1', creationTimestamp: '2024-01-01T00:00:00Z' };
  assert.deepEqual(validateObjectMetaUpdate(old, old), []);
  assert.deepEqual(messages(validateObjectMetaUpdate({ ...old, uid: 'v', name: 'b', resourceVersion: '' }, old)), [
    'metadata.resourceVersion: Invalid value: "": must be specified for an update',
    'metadata.name: Invalid value: "b": field is immutable',
    'metadata.uid: Invalid value: "v": field is immutable',
  ]);
  const deleting = { ...old, deletionTimestamp: '2024-01-01T00:00:00Z', finalizers: ['a.io/x'] };
  assert.deepEqual(messages(validateObjectMetaUpdate({ ...deleting, finalizers: ['a.io/x', 'a.io/y'] }, deleting)), [
    'metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{"a.io/y"}',
  ]);
  assert.deepEqual(validateObjectMetaUpdate({ ...deleting, finalizers: [] }, deleting), []);
});

test('generated names: five characters of the alphabet, 63 in all', () => {
  assert.equal(
    generateName('web-', () => 0),
    'web-bbbbb',
  );
  assert.equal(
    generateName('web-', () => 0.999),
    'web-99999',
  );
  assert.equal(generateName(long(80), () => 0).length, 63);
  assert.deepEqual(nameIsDnsSubdomain('web-', true), []);
  assert.ok(nameIsDnsSubdomain('web-', false).length > 0);
});

test('kinds and times', () => {
  assert.deepEqual(parseApiVersion('apps/v1'), { group: 'apps', version: 'v1' });
  assert.deepEqual(gvkOf({ apiVersion: 'v1', kind: 'Pod' }), { group: '', version: 'v1', kind: 'Pod' });
  assert.throws(() => parseApiVersion('a/b/c'), /unexpected GroupVersion string: a\/b\/c/);
  const date = new Date('2024-02-29T01:02:03.456Z');
  assert.equal(formatTime(date), '2024-02-29T01:02:03Z');
  assert.equal(formatMicroTime(date), '2024-02-29T01:02:03.456000Z');
  assert.equal(parseTime('2024-02-29T02:02:03.456+01:00')?.getTime(), date.getTime());
  for (const bad of ['', '2024-02-30T00:00:00Z', '2023-02-29T00:00:00Z', '2024-01-01', '2024-01-01T24:00:00Z'])
    assert.equal(parseTime(bad), undefined);
});
