import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { resources } from '@typernetes/openapi/client';
import { compactVerify, importSPKI } from 'jose';
import { createSigningKeys } from '../../certificates/index.ts';
import { type Harness, startHarness } from '../testing/harness.ts';
import { startServiceAccountTokenController } from './token-controller.ts';

describe('Secrets of service accounts', () => {
  let harness: Harness;
  let publicKey: string;
  beforeEach(async () => {
    const keys = await createSigningKeys();
    publicKey = keys.publicKey;
    harness = await startHarness([startServiceAccountTokenController], { serviceAccountKey: keys.privateKey });
    harness.server.put(resources.serviceAccounts, { metadata: { name: 'robot', namespace: 'team' } });
  });
  afterEach(() => harness.stop());

  const put = (
    name: string,
    annotations: Record<string, string>,
    type = 'kubernetes.io/service-account-token',
  ): unknown => harness.server.put(resources.secrets, { metadata: { name, namespace: 'team', annotations }, type });
  const secret = (name: string) => harness.server.get(resources.secrets, 'team', name);
  const text = (name: string, key: string): string => Buffer.from(secret(name)?.data?.[key] ?? '', 'base64').toString();
  const ofRobot = { 'kubernetes.io/service-account.name': 'robot' };

  it('are filled with a token, the CA and the namespace', async () => {
    put('token', ofRobot);
    await harness.server.waitFor(() => secret('token')?.data?.['token'], 'a token');
    assert.equal(text('token', 'ca.crt'), 'CERTIFICATE');
    assert.equal(text('token', 'namespace'), 'team');
    const { uid } = harness.server.get(resources.serviceAccounts, 'team', 'robot')?.metadata ?? {};
    assert.equal(secret('token')?.metadata?.annotations?.['kubernetes.io/service-account.uid'], uid);
    const { payload } = await compactVerify(text('token', 'token'), await importSPKI(publicKey, 'ES256'));
    assert.deepEqual(JSON.parse(Buffer.from(payload).toString()), {
      iss: 'kubernetes/serviceaccount',
      'kubernetes.io/serviceaccount/namespace': 'team',
      'kubernetes.io/serviceaccount/secret.name': 'token',
      'kubernetes.io/serviceaccount/service-account.name': 'robot',
      'kubernetes.io/serviceaccount/service-account.uid': uid,
      sub: 'system:serviceaccount:team:robot',
    });
  });

  it('go with their account, and without one', async () => {
    put('token', ofRobot);
    put('stray', { 'kubernetes.io/service-account.name': 'nobody' });
    put('other uid', { ...ofRobot, 'kubernetes.io/service-account.uid': 'of another' });
    await harness.server.waitFor(() => !secret('stray') && !secret('other uid'), 'no strays');
    await harness.server.waitFor(() => secret('token')?.data?.['token'], 'a token');
    harness.server.remove(resources.serviceAccounts, 'team', 'robot');
    await harness.server.waitFor(() => !secret('token'), 'no token');
  });

  it('of other types are left alone', async () => {
    put('mine', ofRobot, 'Opaque');
    put('token', ofRobot);
    await harness.server.waitFor(() => secret('token')?.data?.['token'], 'a token');
    assert.equal(secret('mine')?.data, undefined);
  });
});
