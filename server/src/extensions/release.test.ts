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
import { customDocuments } from './index.ts';

const resource = { group: 'stable.example.com', resource: 'widgets' };
const names = { plural: 'widgets', singular: 'widget', kind: 'Widget', listKind: 'WidgetList' };

function established(status: 'True' | 'False', resourceVersion: string, group = resource.group): Definition {
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `widgets.${group}`, uid: 'one', resourceVersion },
    spec: {
      group,
      scope: 'Namespaced',
      names,
      versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }],
    },
    status: { acceptedNames: names, conditions: [{ type: 'Established', status }] },
  };
}

interface Fixture {
  custom: CustomResources;
  cachers: CacherGroup;
  registry: ReturnType<typeof loopbackRegistry>;
  change: (type: ChangeType, definition: Definition) => void;
}

async function withCustomResources(run: (fixture: Fixture) => void | Promise<void>): Promise<void> {
  const directory = temporaryDirectory();
  const storage = await EmbeddedStorage.open(directory.path);
  const cachers = new CacherGroup(storage);
  const registry = loopbackRegistry(() => new Date(), new AbortController().signal);
  let change: Fixture['change'] = () => undefined;
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
  try {
    await custom.start();
    await run({ custom, cachers, registry, change });
  } finally {
    await custom.stop();
    await cachers.close();
    await storage.close();
    directory.remove();
  }
}

void test('nothing of a resource stays in memory that is served no longer', () =>
  withCustomResources(async ({ custom, cachers, registry, change }) => {
    const isGone = (): void => {
      assert.deepEqual([...custom.served()], []);
      assert.throws(() => registry.store(resource), isNotFound);
      assert.equal(cachers.size('/registry/stable.example.com/widgets/'), undefined);
    };
    change('put', established('True', '1'));
    assert.deepEqual(await registry.list(resource), []);
    assert.deepEqual(cachers.size('/registry/stable.example.com/widgets/'), { count: 0, bytes: 0 });
    change('put', established('False', '2'));
    isGone();
    change('put', established('True', '3'));
    assert.ok(registry.store(resource));
    change('delete', established('True', '4'));
    isGone();
  }));

void test('a change makes the OpenAPI documents of its own group versions anew, and no others', () =>
  withCustomResources(({ custom, change }) => {
    const documents = customDocuments(custom);
    const identities = (): (object | undefined)[] => {
      const known = documents.openApiV3();
      return ['apis/stable.example.com/v1', 'apis/other.example.com/v1'].map((path) => known.get(path)?.identity);
    };
    change('put', established('True', '1'));
    change('put', established('True', '2', 'other.example.com'));
    const [stable, other] = identities();
    assert.ok(stable !== undefined && other !== undefined);
    const changed = established('True', '3', 'other.example.com');
    changed.spec.versions[0]!.schema = { openAPIV3Schema: { type: 'object', description: 'changed' } };
    change('put', changed);
    const [same, anew] = identities();
    assert.equal(same, stable);
    assert.notEqual(anew, other);
    assert.match(JSON.stringify(documents.openApiV3().get('apis/other.example.com/v1')?.make()), /"changed"/);
    change('delete', changed);
    assert.deepEqual(identities(), [stable, undefined]);
  }));
