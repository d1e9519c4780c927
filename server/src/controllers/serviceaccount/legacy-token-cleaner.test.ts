import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { resources } from '@typernetes/openapi/client';
import type { Pod, Secret } from '@typernetes/openapi/types/core/v1';
import { clockFrom, startHarness } from '../testing/harness.ts';
import { legacyTokens, startLegacyTokenCleaner } from './legacy-token-cleaner.ts';

const type = 'kubernetes.io/service-account-token';
const lastUsed = 'kubernetes.io/legacy-token-last-used';
const invalidSince = 'kubernetes.io/legacy-token-invalid-since';
const annotations = { 'kubernetes.io/service-account.name': 'robot', 'kubernetes.io/service-account.uid': 'uid' };
const year = 365 * 86_400_000;
const now = Date.parse('2026-11-23T12:00:00Z');

const secret = (labels: Record<string, string> = {}, more: object = {}): Secret => ({
  type,
  metadata: {
    name: 'token',
    namespace: 'team',
    creationTimestamp: '2020-01-01T00:00:00Z',
    labels,
    annotations,
    ...more,
  },
});
const robot = { metadata: { name: 'robot', namespace: 'team', uid: 'uid' }, secrets: [{ name: 'token' }] };
const inputs = {
  account: (_: string, name: string) => (name === 'robot' ? robot : undefined),
  pods: [] as Pod[],
  trackedSince: '2024-01-01',
  now,
  cleanUpPeriodMs: year,
};
const fate = (given: Secret, more: Partial<typeof inputs> = {}): string => {
  const { mark, remove } = legacyTokens({ ...inputs, ...more, secrets: [given] });
  return mark.length > 0 ? 'marked' : remove.length > 0 ? 'removed' : 'kept';
};
const podWith = (name: string): Pod => ({
  metadata: { name: 'p', namespace: 'team' },
  spec: { containers: [], volumes: [{ name: 'v', secret: { secretName: name } }] },
});

describe('a legacy token', () => {
  const cases: [what: string, fate: string, secret: Secret, more?: Partial<typeof inputs>][] = [
    ['that nobody has used since uses are noted', 'marked', secret()],
    ['that was last used two years ago', 'marked', secret({ [lastUsed]: '2024-11-22' })],
    ['that was used this year', 'kept', secret({ [lastUsed]: '2025-11-23' })],
    ['whose last use cannot be read', 'kept', secret({ [lastUsed]: 'lately' })],
    ['that was made this year', 'kept', secret({}, { creationTimestamp: '2026-01-01T00:00:00Z' })],
    ['that is on its way out', 'kept', secret({}, { deletionTimestamp: '2026-01-01T00:00:00Z' })],
    ['that was marked two years ago', 'removed', secret({ [invalidSince]: '2024-11-22' })],
    ['that was marked this year', 'kept', secret({ [invalidSince]: '2025-12-01' })],
    ['that was marked in words', 'marked', secret({ [invalidSince]: 'yesterday' })],
    [
      'that was marked two years ago and then used',
      'kept',
      secret({ [invalidSince]: '2024-11-22', [lastUsed]: '2026-11-01' }),
    ],
    ['that a pod mounts', 'kept', secret(), { pods: [podWith('token')] }],
    ['beside one that a pod mounts', 'marked', secret(), { pods: [podWith('other')] }],
    ['that its account does not name', 'kept', secret({}, { name: 'mine' })],
    ['of an account that is gone', 'kept', secret(), { account: () => undefined }],
    [
      'of an earlier account of that name',
      'kept',
      secret(),
      { account: () => ({ ...robot, metadata: { uid: 'new' } }) as typeof robot },
    ],
    ['while uses are noted for less than a year', 'kept', secret(), { trackedSince: '2025-11-23' }],
    ['while nobody knows since when uses are noted', 'kept', secret(), { trackedSince: '' }],
  ];
  for (const [what, expected, given, more] of cases)
    it(`${what} is ${expected}`, () => assert.equal(fate(given, more), expected));
});

it('the controller marks and removes them', async () => {
  const old = {
    creationTimestamp: '2020-01-01T00:00:00Z',
    namespace: 'team',
    annotations: { 'kubernetes.io/service-account.name': 'robot' },
  };
  const harness = await startHarness(
    [startLegacyTokenCleaner],
    { legacyTokenCleanUpPeriodMs: 86_400_000 },
    (server) => {
      server.put(resources.configMaps, {
        metadata: { namespace: 'kube-system', name: 'kube-apiserver-legacy-service-account-token-tracking' },
        data: { since: '2024-01-01' },
      });
      server.put(resources.serviceAccounts, {
        metadata: { name: 'robot', namespace: 'team' },
        secrets: [{ name: 'unused' }, { name: 'marked' }],
      });
      server.put(resources.secrets, { type, metadata: { ...old, name: 'unused' } });
      server.put(resources.secrets, {
        type,
        metadata: { ...old, name: 'marked', labels: { [invalidSince]: '2024-01-01' } },
      });
      server.put(resources.secrets, { type, metadata: { ...old, name: 'manual' } });
    },
    clockFrom('2026-11-23T23:58:00Z'),
  );
  try {
    const of = (name: string) => harness.server.get(resources.secrets, 'team', name);
    await harness.server.waitFor(() => of('unused')?.metadata?.labels?.[invalidSince], 'a mark');
    assert.equal(of('unused')?.metadata?.labels?.[invalidSince], '2026-11-23');
    await harness.server.waitFor(() => !of('marked'), 'the end of the marked one');
    assert.ok(of('manual'));
    assert.equal(of('manual')?.metadata?.labels?.[invalidSince], undefined);
  } finally {
    await harness.stop();
  }
});
