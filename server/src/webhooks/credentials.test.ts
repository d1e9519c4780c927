/** Who the API server is to which webhook. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { WebhookCredentials } from './credentials.ts';

let directory: string;
before(async () => (directory = await mkdtemp(path.join(tmpdir(), 'typernetes-credentials-'))));
after(() => rm(directory, { recursive: true }));

let time = 0;

async function credentials(users: Record<string, object>, current?: string): Promise<WebhookCredentials> {
  const file = path.join(directory, 'kubeconfig');
  const context = { contexts: [{ name: 'c', context: { user: current } }], 'current-context': 'c' };
  const kubeconfig = {
    apiVersion: 'v1',
    kind: 'Config',
    users: Object.entries(users).map(([name, user]) => ({ name, user })),
    ...(current === undefined ? {} : context),
  };
  await writeFile(file, JSON.stringify(kubeconfig));
  return new WebhookCredentials(file, () => time);
}
const bearer = (token: string) => ({ headers: { Authorization: `Bearer ${token}` } });

test('the user that is named most like the host', async () => {
  const names = ['hook.ns.svc:443', '*.ns.svc:443', 'hook.ns.svc', '*.ns.svc', '*.svc', 'other.ns.svc:8443', '*', 'me'];
  const users = new Map(names.map((name) => [name, { token: name }]));
  for (const name of names.filter((each) => each !== 'other.ns.svc:8443')) {
    const found = (await credentials(Object.fromEntries(users), 'me')).for('hook.ns.svc', 443);
    assert.deepEqual(found, bearer(name));
    users.delete(name);
  }
  const left = await credentials(Object.fromEntries(users), 'other.ns.svc:8443');
  assert.deepEqual(left.for('other.ns.svc', 8443), bearer('other.ns.svc:8443'));
  assert.deepEqual((await credentials({ 'hook.ns.svc': { token: 't' } })).for('hook.ns.svc', 8443), { headers: {} });
});

test('tokens, passwords, certificates, and in whose stead', async () => {
  await writeFile(path.join(directory, 'token'), 'of-a-file\n');
  const own = async (user: object) => (await credentials({ '*': user })).for('host', 443);
  assert.deepEqual(await own({ tokenFile: 'token' }), bearer('of-a-file'));
  assert.deepEqual(await own({ username: 'u', password: 'p' }), { headers: { Authorization: 'Basic dTpw' } });
  const pem = Buffer.from('PEM').toString('base64');
  assert.deepEqual(await own({ 'client-certificate-data': pem, 'client-key-data': pem }), {
    cert: 'PEM',
    key: 'PEM',
    headers: {},
  });
  assert.deepEqual(await own({ as: 'you', 'as-groups': ['a', 'b'], 'as-user-extra': { 'k/x': ['v'] } }), {
    headers: { 'Impersonate-User': 'you', 'Impersonate-Group': ['a', 'b'], 'Impersonate-Extra-k%2Fx': ['v'] },
  });
  await assert.rejects(own({ exec: { command: 'x' } }), /user "\*": exec is not supported/);
});

test('a token’s file is read again after a minute', async () => {
  const file = path.join(directory, 'rotated');
  await writeFile(file, 'old');
  const own = await credentials({ '*': { tokenFile: file } });
  assert.deepEqual(own.for('host', 443), bearer('old'));
  await writeFile(file, 'new');
  time += 59_999;
  assert.deepEqual(own.for('host', 443), bearer('old'));
  time += 1;
  assert.deepEqual(own.for('host', 443), bearer('new'));
});
