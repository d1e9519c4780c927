import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubernetesObject } from '@typernetes/openapi/meta';
import { follow } from '../authorization/object-source.ts';
import { silentLogger } from '../endpoints/request-context.ts';
import type { StoreDefinition } from '../registry/generic/definition.ts';
import { EmbeddedStorage } from '../storage/embedded/index.ts';
import { temporaryDirectory } from '../storage/testing/directory.ts';
import { FaultyStorage } from '../storage/testing/faulty-storage.ts';
import { objectSource } from './object-source.ts';

const prefix = '/registry/rolebindings/';
const resource = { group: 'rbac.authorization.k8s.io', resource: 'rolebindings' };

async function eventually(what: string, holds: () => boolean): Promise<void> {
  for (const end = Date.now() + 60_000; !holds(); ) {
    assert.ok(Date.now() < end, `never: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

test('what is deleted while a watch is lost is told when it is back', async () => {
  const directory = temporaryDirectory();
  const embedded = await EmbeddedStorage.open(directory.path);
  const storage = new FaultyStorage(embedded);
  const create = (name: string) =>
    embedded.create(`${prefix}${name}`, Buffer.from(JSON.stringify({ metadata: { name } })));
  try {
    const before = await create('before');
    const source = objectSource(() => ({ storage, definition: { prefix } as StoreDefinition }), silentLogger);
    const present = new Set<string>();
    const follower = follow<KubernetesObject>(source, resource, (type, { metadata }) => {
      if (type === 'put') present.add(metadata?.name ?? '');
      else present.delete(metadata?.name ?? '');
    });
    await follower.ready;
    await eventually('the watch', () => storage.calls.watch === 1);
    const seen = await create('seen');
    await eventually('an event', () => present.has('seen'));
    storage.down = true;
    storage.cutWatches();
    await embedded.delete(before.key, before.modRevision);
    await embedded.delete(seen.key, seen.modRevision);
    await create('new');
    storage.down = false;
    await eventually('the gap is made good', () => present.has('new'));
    assert.deepEqual([...present], ['new']);
    await create('later');
    await eventually('events again', () => present.has('later'));
    follower.stop();
  } finally {
    await storage.close();
    directory.remove();
  }
});
