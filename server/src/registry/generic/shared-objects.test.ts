import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { encodeForStorage } from '@typernetes/openapi/codec';
import type { Entry } from '../../storage/storage.ts';
import { EntryView } from './entry-view.ts';
import { forgetWritten, rememberWritten } from './shared-objects.ts';

interface Named {
  apiVersion: string;
  kind: string;
  metadata: { name: string; resourceVersion?: string };
  data: { key: string };
}

function named(name: string, key = 'value'): Named {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { key } };
}

let revision = 0;

function entryOf(object: Named): Entry {
  const { name } = object.metadata;
  return { key: `/shared/${name}`, value: encodeForStorage(object), createRevision: 1, modRevision: ++revision };
}

describe('objects that readers share', () => {
  test('the event of a write has what was written, with its resourceVersion', () => {
    const object = named('a');
    const entry = entryOf(object);
    rememberWritten(entry.key, Buffer.from(entry.value), object);
    const shared = EntryView.of(entry).shared<Named>();
    assert.equal(shared.data, object.data);
    assert.equal(shared.metadata.resourceVersion, String(entry.modRevision));
    assert.equal(object.metadata.resourceVersion, undefined);
  });

  test('what others wrote under the key is parsed', () => {
    const object = named('b');
    const theirs = entryOf(named('b', 'theirs'));
    rememberWritten(theirs.key, encodeForStorage(object), object);
    assert.equal(EntryView.of(theirs).shared<Named>().data.key, 'theirs');
  });

  test('a write that failed is forgotten', () => {
    const object = named('c');
    const entry = entryOf(object);
    rememberWritten(entry.key, entry.value, object);
    forgetWritten(entry.key);
    assert.notEqual(EntryView.of(entry).shared<Named>().data, object.data);
  });

  test('readers get the same object, and a copy of their own where they ask for one', () => {
    const view = EntryView.of(entryOf(named('d')));
    assert.equal(view.shared(), view.shared());
    assert.notEqual(view.parse(), view.shared());
    assert.deepEqual(view.parse(), view.shared());
  });

  test('only so many are kept, by number and by size', () => {
    const first = EntryView.of(entryOf(named('first')));
    const before = first.shared();
    for (let index = 0; index < 256; index++) EntryView.of(entryOf(named(`other-${index}`))).shared();
    assert.notEqual(first.shared(), before);
    const second = first.shared();
    const large = named('large', 'x'.repeat(1024 * 1024));
    EntryView.of(entryOf(large)).shared();
    assert.notEqual(first.shared(), second);
  });
});
