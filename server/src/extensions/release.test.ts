import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isNotFound } from '@typernetes/openapi/meta';
import type { ChangeType, ObjectSource } from '../authorization/object-source.ts';
import { loopbackRegistry } from '../registry/generic/loopback.ts';
import { CacherGroup } from '../storage/cacher/index.ts';
import { EmbeddedStorage } from '../storage/embedded/index.ts';
import { temporaryDirectory } from '../storage/testing/directory.ts';
import { CustomResources } from './custom-resources.ts';
import type { Definition } from './definition.ts';

const resource = { group: 'stable.example.com', resource: 'widgets' };
const names = { plural: 'widgets', singular: 'widget', kind: 'Widget', listKind: 'WidgetList' };

function established(status: 'True' | 'False', resourceVersion: string): Definition {
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'widgets.stable.example.com', uid: 'one', resourceVersion },
    spec: {
      group: resource.group,
      scope: 'Namespaced',
      names,
      versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }],
    },
    status: { acceptedNames: names, conditions: [{ type: 'Established', status }] },
  };
}

void test('nothing of a resource stays in memory that is served no longer', async () => {
  const directory = temporaryDirectory();
  const storage = await EmbeddedStorage.open(directory.path);
  const cachers = new CacherGroup(storage);
  const registry = loopbackRegistry(() => new Date(), new AbortController().signal);
  let change: (type: ChangeType, definition: Definition) => void = () => undefined;
  const source: ObjectSource = {
    list: () => Promise.resolve([]),
    onChange(_, handler) {
      change = (type, definition) => handler(type, definition as never);
      return () => undefined;
    },
  };
  const custom = new CustomResources({
    registry,
    source,
    cachers,
    root: '/registry/',
    now: () => new Date(),
    report: () => undefined,
    webhooks: { post: () => Promise.reject(new Error('no webhooks here')) },
  });
  const isGone = (): void => {
    assert.deepEqual([...custom.served()], []);
    assert.throws(() => registry.store(resource), isNotFound);
    assert.equal(cachers.size('/registry/stable.example.com/widgets/'), undefined);
  };
  try {
    await custom.start();
    change('put', established('True', '1'));
    assert.deepEqual(await registry.list(resource), []);
    assert.deepEqual(cachers.size('/registry/stable.example.com/widgets/'), { count: 0, bytes: 0 });
    change('put', established('False', '2'));
    isGone();
    change('put', established('True', '3'));
    assert.ok(registry.store(resource));
    change('delete', established('True', '4'));
    isGone();
  } finally {
    await custom.stop();
    await cachers.close();
    await storage.close();
    directory.remove();
  }
});
