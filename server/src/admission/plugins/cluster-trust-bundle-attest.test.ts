import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PluginFixture } from '../testing/plugins.ts';

const fixture = new PluginFixture();
const asked: string[] = [];
fixture.more = {
  authorizer: {
    authorize({ verb, resource, name, user }) {
      asked.push(`${verb} ${resource} ${name}`);
      const may = user.name === 'jane' ? name === 'example.com/ca' : name === 'example.com/*';
      return Promise.resolve({ decision: may ? 'allow' : 'noOpinion', reason: '' });
    },
  },
};
const plugin = fixture.plugin('ClusterTrustBundleAttest');
const bundle = (signerName?: string, trustBundle = 'pem', metadata: object = {}) => ({
  metadata: { name: 'b', ...metadata },
  spec: { signerName, trustBundle },
});
const resource = 'clustertrustbundles.certificates.k8s.io';
const create = (object: object, name = 'jane') =>
  fixture.run(plugin, { line: `create ${resource}`, object, user: { name, groups: [] } });

test('only who may attest for a signer vouches in its name', async () => {
  await create(bundle('example.com/ca'));
  await create(bundle('example.com/other'), 'john');
  assert.deepEqual(asked, [
    'attest signers example.com/ca',
    'attest signers example.com/other',
    'attest signers example.com/*',
  ]);
  await assert.rejects(create(bundle('example.com/other')), {
    message:
      'clustertrustbundles.certificates.k8s.io "b" is forbidden: user not permitted to attest for signerName "example.com/other"',
  });
  await create(bundle(), 'nobody');
});

test('an update too, unless it is only about who owns it', async () => {
  const update = (object: object) =>
    fixture.run(plugin, { line: `update ${resource}`, object, oldObject: bundle('example.com/other') });
  await update(bundle('example.com/other', 'pem', { finalizers: ['a/b'], ownerReferences: [{ uid: 'u' }] }));
  for (const changed of [
    bundle('example.com/other', 'more'),
    bundle('example.com/other', 'pem', { labels: { a: 'b' } }),
  ])
    await assert.rejects(update(changed), /not permitted to attest/);
});
