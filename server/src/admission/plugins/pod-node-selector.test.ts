import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { isNotFound, StatusError } from '@typernetes/openapi/meta';
import type { Pod } from '@typernetes/openapi/types/core/v1';
import { PluginFixture, podOf } from '../testing/plugins.ts';

let fixture: PluginFixture;
beforeEach(() => {
  fixture = new PluginFixture();
});

interface Case {
  annotation?: string;
  selectors?: Record<string, string>;
  nodeSelector?: Record<string, string>;
}
const key = 'scheduler.alpha.kubernetes.io/node-selector';

async function selectorOf({ annotation, selectors, nodeSelector }: Case) {
  const annotations: Record<string, string> = annotation === undefined ? {} : { [key]: annotation };
  fixture.objects.put('namespaces', { metadata: { name: 'ns', annotations } });
  const configuration = selectors === undefined ? undefined : { podNodeSelectorPluginConfig: selectors };
  const plugin = fixture.plugin('PodNodeSelector', configuration);
  const { object } = await fixture.run(plugin, { line: 'create pods', object: podOf({ nodeSelector }) });
  return (object as Pod).spec?.nodeSelector;
}

test('a pod gets its namespace’s selector, or the cluster’s, besides its own', async () => {
  const cluster = { clusterDefaultNodeSelector: 'region=west' };
  assert.equal(await selectorOf({}), undefined);
  assert.deepEqual(await selectorOf({ annotation: 'a=b, c=d', nodeSelector: { e: 'f' } }), { a: 'b', c: 'd', e: 'f' });
  assert.deepEqual(await selectorOf({ selectors: cluster }), { region: 'west' });
  assert.equal(await selectorOf({ selectors: cluster, annotation: '' }), undefined);
  assert.deepEqual(await selectorOf({ selectors: { other: 'x=y' }, nodeSelector: { a: 'b' } }), { a: 'b' });
});

test('a pod that contradicts is refused, as is one that goes beyond what its namespace may have', async () => {
  const forbidden = 'pods "p" is forbidden: pod node label selector';
  await assert.rejects(selectorOf({ annotation: 'a=b', nodeSelector: { a: 'c' } }), {
    message: `${forbidden} conflicts with its namespace node label selector`,
  });
  for (const nodeSelector of [{ a: 'c' }, { other: 'b' }] as Record<string, string>[])
    await assert.rejects(selectorOf({ selectors: { ns: 'a=b' }, nodeSelector }), {
      message: `${forbidden} labels conflict with its namespace whitelist`,
    });
  assert.deepEqual(await selectorOf({ selectors: { ns: 'a=b,c=d' }, nodeSelector: { a: 'b' } }), { a: 'b' });
});

test('selectors that are none, and namespaces that are not there', async () => {
  for (const [annotation, message] of [
    ['a', 'invalid selector: [a]'],
    ['a==b', 'invalid selector: [a  b]'],
    ['-a=b', /^<nil>: Invalid value: "-a": name part must consist of/],
    ['a=-b', /^\[a\]: Invalid value: "-b": a valid label must be/],
  ] as const)
    await assert.rejects(selectorOf({ annotation }), (error) => {
      assert.ok(error instanceof StatusError);
      assert.equal(error.status.code, 500);
      if (typeof message === 'string') assert.equal(error.message, message);
      else assert.match(error.message, message);
      return true;
    });
  const request = { line: 'create pods', object: podOf(), namespace: 'none' };
  await assert.rejects(fixture.run(fixture.plugin('PodNodeSelector'), request), isNotFound);
});
