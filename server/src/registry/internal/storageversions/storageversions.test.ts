import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { fieldErrorMessage } from '@typernetes/openapi/meta';
import { storageVersionName, validateStatus } from './validate.ts';

const told = (status: object): string[] =>
  validateStatus(status).map((error) => fieldErrorMessage(error).replace(/: a .*/, ''));
const server = (change: object = {}): object => ({
  apiServerID: 'one',
  encodingVersion: 'v1',
  decodableVersions: ['v1'],
  ...change,
});

describe('StorageVersions', () => {
  test('they are called after a group and a resource', () => {
    assert.deepEqual(storageVersionName('apps.deployments'), []);
    assert.deepEqual(storageVersionName('deployments'), ['name must be in the form of <group>.<resource>']);
    assert.match(storageVersionName('Apps.Deployments').join('\n'), /^the group segment .*\nthe resource segment /);
  });

  test('a common version is told exactly where all servers agree', () => {
    assert.deepEqual(told({}), []);
    assert.deepEqual(told({ storageVersions: [server()], commonEncodingVersion: 'v1' }), []);
    assert.deepEqual(told({ storageVersions: [server()] }), [
      'status.commonEncodingVersion: Invalid value: null: the common encoding version is v1',
    ]);
    const other = server({ apiServerID: 'two', encodingVersion: 'v2', decodableVersions: ['v2'] });
    assert.deepEqual(told({ storageVersions: [server(), other] }), []);
    assert.match(told({ storageVersions: [server(), other], commonEncodingVersion: 'v1' }).join(), /should be nil/);
    assert.deepEqual(told({ storageVersions: [server()], commonEncodingVersion: 'v2' }), [
      'status.commonEncodingVersion: Invalid value: "v2": the actual common encoding version is v1',
    ]);
  });

  test('a server decodes what it encodes and serves, and comes once', () => {
    const at = 'status.storageVersions';
    const odd = server({ decodableVersions: ['v2', 'a/b/c'], servedVersions: ['v3'] });
    assert.deepEqual(told({ storageVersions: [server(), odd], commonEncodingVersion: 'v1' }), [
      `${at}[1].apiServerID: Duplicate value: "one"`,
      `${at}[1].decodableVersions[1]: Invalid value: "a/b/c": an apiVersion is a DNS-1035 label, which must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?') with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyVersion')`,
      `${at}[1].decodableVersions: Invalid value: ["v2","a/b/c"]: decodableVersions must include encodingVersion v1`,
      `${at}[1].servedVersions[0]: Invalid value: "v3": individual served version : v3 must be included in decodableVersions : [v2 a/b/c]`,
    ]);
  });

  test('conditions have a type of their own, a reason and a message', () => {
    const condition = { type: 'A', status: 'True', reason: 'R', message: 'm' };
    assert.deepEqual(told({ conditions: [condition, { ...condition, reason: '', message: '' }] }), [
      'status[1].type: Invalid value: "A": the type of the condition is not unique, it also appears in conditions[0]',
      'status[1].reason: Required value',
      'status[1].message: Required value',
    ]);
  });
});
