import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { MemoryObjects } from '../../authorization/testing/memory-objects.ts';
import type { TokenAuthenticator } from '../authenticator.ts';
import { bootstrapTokenAuthenticator } from './bootstrap-token.ts';
import { withTokenCache } from './cache.ts';
import { parseCsv, tokenFileAuthenticator } from './token-file.ts';
import { unionTokens } from './union.ts';

const now = (): Date => new Date('2030-01-01T00:00:00Z');

describe('bootstrap tokens', () => {
  const good: Record<string, string> = {
    'token-id': 'abcdef',
    'token-secret': '0123456789abcdef',
    'usage-bootstrap-authentication': 'true',
    'auth-extra-groups': 'system:bootstrappers:kubeadm:default-node-token',
    expiration: '2030-01-01T00:00:01Z',
  };
  const table: { why: string; change: Record<string, string>; type?: string; token?: string; ok: boolean }[] = [
    { why: 'good', change: {}, ok: true },
    { why: 'expired', change: { expiration: '2029-12-31T23:59:59Z' }, ok: false },
    { why: 'unreadable expiry', change: { expiration: 'soon' }, ok: false },
    { why: 'expiry that is no RFC 3339', change: { expiration: '12/31/2099' }, ok: false },
    { why: 'not for authentication', change: { 'usage-bootstrap-authentication': 'false' }, ok: false },
    { why: 'other secret', change: { 'token-secret': '0123456789abcdee' }, ok: false },
    { why: 'other id', change: { 'token-id': 'abcdee' }, ok: false },
    { why: 'group outside system:bootstrappers:', change: { 'auth-extra-groups': 'system:masters' }, ok: false },
    { why: 'other type', change: {}, type: 'Opaque', ok: false },
    { why: 'not of the form', change: {}, token: 'ABCDEF.0123456789abcdef', ok: false },
  ];
  for (const { why, change, type = 'bootstrap.kubernetes.io/token', token = 'abcdef.0123456789abcdef', ok } of table) {
    test(why, async () => {
      const objects = new MemoryObjects();
      const data = Object.fromEntries(
        Object.entries({ ...good, ...change }).map(([key, value]) => [key, Buffer.from(value).toString('base64')]),
      );
      objects.put('secrets', {
        metadata: { namespace: 'kube-system', name: 'bootstrap-token-abcdef' },
        type,
        data,
      } as object);
      const response = await bootstrapTokenAuthenticator(objects, now).authenticateToken(token, []);
      const user = {
        name: 'system:bootstrap:abcdef',
        groups: ['system:bootstrappers', 'system:bootstrappers:kubeadm:default-node-token'],
      };
      assert.deepEqual(response, ok ? { user } : undefined);
    });
  }
});

test('token files', async () => {
  const tokens = tokenFileAuthenticator('t1,jane,u1,"devs,ops"\nt2,joe,u2\n,nobody,u3\n', 'tokens.csv');
  assert.deepEqual(await tokens.authenticateToken('t1', []), {
    user: { name: 'jane', uid: 'u1', groups: ['devs', 'ops'] },
  });
  assert.deepEqual(await tokens.authenticateToken('t2', []), { user: { name: 'joe', uid: 'u2', groups: [] } });
  assert.equal(await tokens.authenticateToken('', []), undefined);
  assert.equal(await tokens.authenticateToken('t3', []), undefined);
  assert.throws(() => tokenFileAuthenticator('a,b\n', 'f'), /must have at least 3 columns/);
  assert.deepEqual(parseCsv('a,"b ""c"", d"\r\n\r\ne,\n'), [
    ['a', 'b "c", d'],
    ['e', ''],
  ]);
});

describe('the cache', () => {
  const counting = (answer: (token: string) => ReturnType<TokenAuthenticator['authenticateToken']>) => {
    const calls: string[] = [];
    return { calls, authenticateToken: (token: string) => (calls.push(token), answer(token)) };
  };
  test('remembers the good for its time, per audience, and never the bad', async () => {
    let clock = 0;
    const inner = counting(async (token) => (token === 'good' ? { user: { name: 'jane', groups: [] } } : undefined));
    const cached = withTokenCache(inner, { ttlMs: 10, monotonic: () => clock });
    for (let index = 0; index < 3; index++) await cached.authenticateToken('good', ['a']);
    assert.equal(inner.calls.length, 1);
    await cached.authenticateToken('good', ['b']);
    assert.equal(inner.calls.length, 2);
    clock = 11;
    await cached.authenticateToken('good', ['a']);
    assert.equal(inner.calls.length, 3);
    await cached.authenticateToken('bad', []);
    await cached.authenticateToken('bad', []);
    assert.equal(inner.calls.length, 5);
  });
  test('one check for all who ask at once; a failure fails them all and is forgotten', async () => {
    let fail = true;
    const inner = counting(async () => {
      if (fail) throw new Error('down');
      return { user: { name: 'jane', groups: [] } };
    });
    const cached = withTokenCache(inner);
    const results = await Promise.allSettled([1, 2, 3].map(() => cached.authenticateToken('t', [])));
    assert.ok(results.every((result) => result.status === 'rejected'));
    assert.equal(inner.calls.length, 1);
    fail = false;
    assert.ok(await cached.authenticateToken('t', []));
  });
  test('never holds more than it may', async () => {
    const inner = counting(async (token) => ({ user: { name: token, groups: [] } }));
    const cached = withTokenCache(inner, { maxEntries: 2 });
    for (const token of ['a', 'b', 'c', 'c', 'b', 'a']) await cached.authenticateToken(token, []);
    assert.deepEqual(inner.calls, ['a', 'b', 'c', 'a']);
  });
});

test('a union answers with the first that knows, else throws what went wrong', async () => {
  const knows: TokenAuthenticator = { authenticateToken: async () => ({ user: { name: 'jane', groups: [] } }) };
  const silent: TokenAuthenticator = { authenticateToken: async () => undefined };
  const broken: TokenAuthenticator = {
    authenticateToken: async () => {
      throw new Error('down');
    },
  };
  assert.equal((await unionTokens(broken, silent, knows).authenticateToken('t', []))?.user.name, 'jane');
  assert.equal(await unionTokens(silent).authenticateToken('t', []), undefined);
  await assert.rejects(unionTokens(broken, silent).authenticateToken('t', []), /^AggregateError: down$/);
});
