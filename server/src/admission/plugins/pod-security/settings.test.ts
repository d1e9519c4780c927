/** PodSecurityConfiguration: defaults and exemptions. */
import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { PluginFixture } from '../../testing/plugins.ts';

let fixture: PluginFixture;
beforeEach(() => {
  fixture = new PluginFixture();
  put({});
});

const label = 'pod-security.kubernetes.io/';
const put = (labels: Record<string, string>) => fixture.objects.put('namespaces', { metadata: { name: 'ns', labels } });
const configured = (defaults: object, exemptions: object = {}, version = 'v1') =>
  fixture.plugin('PodSecurity', {
    apiVersion: `pod-security.admission.config.k8s.io/${version}`,
    kind: 'PodSecurityConfiguration',
    defaults,
    exemptions,
  });
const bad = (spec: object = {}) => ({
  metadata: { name: 'p' },
  spec: { hostNetwork: true, containers: [{ name: 'c', image: 'i' }], ...spec },
});
const namespace = (labels: Record<string, string>) => ({ metadata: { name: 'ns', labels } });

test('defaults are for namespaces that say nothing', async () => {
  const plugin = configured({ enforce: 'baseline', 'enforce-version': 'v1.30', audit: 'restricted', warn: 'baseline' });
  const create = () => fixture.run(plugin, { line: 'create pods', object: bad() });
  await assert.rejects(create(), /violates PodSecurity "baseline:v1.30": host namespaces/);
  put({ [`${label}enforce`]: 'privileged' });
  const { warnings, annotations } = await create();
  assert.deepEqual(warnings, ['would violate PodSecurity "baseline:latest": host namespaces (hostNetwork=true)']);
  assert.equal(annotations[`${label}enforce-policy`], 'privileged:v1.30');
  assert.match(annotations[`${label}audit-violations`] ?? '', /^would violate PodSecurity "restricted:latest"/);
});

test('a refusal tells the audit log as well', async () => {
  const plugin = configured({ enforce: 'baseline', audit: 'baseline' });
  const annotations: Record<string, string> = {};
  await assert.rejects(fixture.run(plugin, { line: 'create pods', object: bad(), annotations }));
  assert.equal(
    annotations[`${label}audit-violations`],
    'would violate PodSecurity "baseline:latest": host namespaces (hostNetwork=true)',
  );
});

describe('exempt', () => {
  const create = (exemptions: object, spec: object = {}, line = 'create pods') =>
    fixture.run(configured({ enforce: 'baseline', warn: 'baseline' }, exemptions), { line, object: bad(spec) });
  const exempt = (by: string) => ({ [`${label}exempt`]: by });

  test('are namespaces, users and runtime classes', async () => {
    assert.deepEqual((await create({ namespaces: ['ns'] })).annotations, exempt('namespace'));
    assert.deepEqual((await create({ usernames: ['jane'] })).annotations, exempt('user'));
    const classes = { runtimeClasses: ['vm'] };
    assert.deepEqual((await create(classes, { runtimeClassName: 'vm' })).annotations, exempt('runtimeClass'));
    for (const others of [{}, { namespaces: ['other'] }, { usernames: ['john'] }, classes])
      await assert.rejects(create(others, { runtimeClassName: 'plain' }), /violates PodSecurity/);
  });

  test('is also what makes such pods', async () => {
    const object = { metadata: { name: 'd' }, spec: { template: bad({ runtimeClassName: 'vm' }) } };
    const run = (exemptions: object) =>
      fixture.run(configured({ warn: 'baseline' }, exemptions), { line: 'create deployments.apps', object });
    assert.equal((await run({})).warnings.length, 1);
    assert.deepEqual((await run({ runtimeClasses: ['vm'] })).warnings, []);
    assert.deepEqual((await run({ namespaces: ['ns'] })).warnings, []);
  });

  test('namespaces are told that their labels are ignored', async () => {
    const plugin = configured({ audit: 'baseline' }, { namespaces: ['ns'] });
    const warningsOf = async (line: string, labels: Record<string, string>) =>
      (await fixture.run(plugin, { line, object: namespace(labels), oldObject: namespace({}) })).warnings;
    const labels = { [`${label}enforce`]: 'restricted', [`${label}warn-version`]: 'v1.30' };
    const ignored = [
      'namespace "ns" is exempt from Pod Security, and the policy (enforce=restricted:latest, warn=restricted:v1.30) will be ignored',
    ];
    assert.deepEqual(await warningsOf('create namespaces', labels), ignored);
    assert.deepEqual(await warningsOf('update namespaces', labels), ignored);
    assert.deepEqual(await warningsOf('create namespaces', {}), []);
  });

  test('pods are not counted against a stricter label', async () => {
    for (const [name, runtimeClassName] of Object.entries({ a: 'vm', b: 'plain' }))
      fixture.objects.put('pods', Object.assign(bad({ runtimeClassName }), { metadata: { namespace: 'ns', name } }));
    const { warnings } = await fixture.run(configured({}, { runtimeClasses: ['vm'] }), {
      line: 'update namespaces',
      object: namespace({ [`${label}enforce`]: 'baseline' }),
      oldObject: namespace({}),
    });
    assert.equal(warnings.at(-1), 'b: host namespaces');
  });
});

test('configurations that are none', () => {
  const fails = (message: RegExp, ...given: Parameters<typeof configured>) =>
    assert.throws(() => configured(...given), message);
  const initialization = 'failed to initialize admission plugin "PodSecurity": PodSecurity';
  fails(
    new RegExp(
      `^Error: ${initialization} configuration error: enforce: must be one of privileged, baseline, restricted$`,
    ),
    {
      enforce: 'strict',
    },
  );
  fails(
    /configuration error: \[enforce-version: must be "latest" or "v1.x", warn: must be one of privileged, baseline, restricted\]$/,
    { 'enforce-version': '1.30', warn: 'x' },
  );
  fails(
    /PodSecurity invalid: \[exemptions.namespaces\[0\]: Invalid value: "A_": a lowercase RFC 1123 label .*, exemptions.namespaces\[2\]: Duplicate value: "b", exemptions.usernames\[0\]: Invalid value: "": username must not be empty\]$/,
    {},
    { namespaces: ['A_', 'b', 'b'], usernames: [''] },
  );
  fails(
    /^Error: couldn't init admission plugin "PodSecurity": strict decoding error: unknown field "exemptions.users"$/,
    {},
    { users: [] },
  );
  fails(/no kind "PodSecurityConfiguration" is registered for version ".*\/v2"/, {}, {}, 'v2');
  configured({}, {}, 'v1beta1');
});
