/** Who owns what after updates and applies: scenarios over one custom kind. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { JsonObject, KubernetesObject, ManagedFieldsEntry } from '../../meta/object.ts';
import { StatusError } from '../../meta/status-error.ts';
import type { Schema } from '../schema.ts';
import { extractApplied } from './extract.ts';
import { excludeFields } from './field-filter.ts';
import type { FieldManager, FieldManagerOptions } from './field-manager.ts';
import { FieldSet } from './field-set.ts';
import { owners, resolve, widget, widgetManager, widgetSchema } from './testing/widget.ts';
import { typedNode } from './typed-node.ts';

const served = { uid: 'u', resourceVersion: '1' };

/** A manager and the object as the server holds it. */
class Scene {
  readonly manager: FieldManager;
  live: JsonObject | undefined;

  constructor(options: Partial<FieldManagerOptions> = {}) {
    this.manager = widgetManager({
      onError: (error) => {
        throw error;
      },
      ...options,
    });
  }

  apply(manager: string, spec: JsonObject | undefined, options: { force?: boolean; metadata?: JsonObject } = {}): this {
    this.keep(this.manager.apply(this.live, widget(spec, options.metadata), manager, options.force));
    return this;
  }

  /** Writes the live object with other members of spec (undefined removes one). */
  update(manager: string, spec: Record<string, JsonObject[string] | undefined>, metadata: JsonObject = {}): this {
    const next = structuredClone(this.live ?? widget());
    next['spec'] = JSON.parse(JSON.stringify({ ...(next['spec'] as JsonObject), ...spec })) as JsonObject;
    Object.assign(next['metadata'] as JsonObject, metadata);
    this.keep(this.manager.update(this.live, next, manager));
    return this;
  }

  get owners(): Record<string, string[]> {
    return owners(this.live ?? {});
  }

  get spec(): unknown {
    return this.live?.['spec'];
  }

  get annotations(): Record<string, string> | undefined {
    return (this.live as KubernetesObject).metadata?.annotations;
  }

  get entries(): ManagedFieldsEntry[] {
    return (this.live as KubernetesObject).metadata?.managedFields ?? [];
  }

  conflict(manager: string, spec: JsonObject): StatusError {
    try {
      this.manager.apply(this.live, widget(spec), manager);
    } catch (error) {
      assert.ok(error instanceof StatusError, String(error));
      return error;
    }
    assert.fail('no conflict');
  }

  private keep(object: KubernetesObject): void {
    object.metadata = { ...object.metadata, ...served };
    // Through text, as storage does it: what is shared between objects cannot leak from one write to the next.
    this.live = JSON.parse(JSON.stringify(object)) as JsonObject;
  }
}

describe('apply', () => {
  test('owns what it mentions, and removes what it no longer mentions', () => {
    const scene = new Scene().apply('a', {
      name: 'x',
      labels: { p: '1', q: '2' },
      set: ['s', 't'],
      items: [{ name: 'i', value: 'v' }],
    });
    assert.deepEqual(scene.owners, {
      'a Apply': [
        '.spec.items[{"name":"i"}]',
        '.spec.items[{"name":"i"}].name',
        '.spec.items[{"name":"i"}].value',
        '.spec.labels.p',
        '.spec.labels.q',
        '.spec.name',
        '.spec.set["s"]',
        '.spec.set["t"]',
      ],
    });
    scene.apply('a', { labels: { q: '3' }, set: ['t'] });
    assert.deepEqual(scene.spec, { labels: { q: '3' }, set: ['t'] });
    assert.deepEqual(scene.owners, { 'a Apply': ['.spec.labels.q', '.spec.set["t"]'] });
  });

  test('shares what it sets to the same value; shared fields stay until the last applier lets go', () => {
    const scene = new Scene().apply('a', { name: 'x', count: 1 }).apply('b', { name: 'x' });
    assert.deepEqual(scene.owners, { 'a Apply': ['.spec.count', '.spec.name'], 'b Apply': ['.spec.name'] });
    scene.apply('a', { count: 1 });
    assert.deepEqual(scene.spec, { count: 1, name: 'x' });
    scene.apply('b', {});
    assert.deepEqual(scene.spec, { count: 1 });
  });

  test('conflicts over what another applier set otherwise, and takes it when forced', () => {
    const scene = new Scene().apply('a', { name: 'x', count: 1 });
    const conflict = scene.conflict('b', { name: 'y' });
    assert.deepEqual(conflict.status, {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message: 'Apply failed with 1 conflict: conflict with "a": .spec.name',
      reason: 'Conflict',
      details: { causes: [{ reason: 'FieldManagerConflict', message: 'conflict with "a"', field: '.spec.name' }] },
      code: 409,
    });
    scene.apply('b', { name: 'y' }, { force: true });
    assert.deepEqual(scene.owners, { 'a Apply': ['.spec.count'], 'b Apply': ['.spec.name'] });
    scene.apply('a', { count: 1 });
    assert.deepEqual(scene.spec, { name: 'y', count: 1 });
  });

  test('names every conflict, grouped by manager', () => {
    const scene = new Scene()
      .apply('b', { labels: { p: '1' }, items: [{ name: 'i', value: 'v' }] })
      .update('kubectl-edit', { count: 3 });
    const { message, details } = scene.conflict('c', {
      count: 4,
      labels: { p: '2' },
      items: [{ name: 'i', value: 'w' }],
    }).status;
    assert.equal(
      message,
      [
        'Apply failed with 3 conflicts: conflicts with "b":',
        '- .spec.items[name="i"].value',
        '- .spec.labels.p',
        'conflicts with "kubectl-edit" using example.com/v1:',
        '- .spec.count',
      ].join('\n'),
    );
    assert.deepEqual(
      details?.causes?.map(({ field }) => field),
      ['.spec.items[name="i"].value', '.spec.labels.p', '.spec.count'],
    );
  });

  test('keeps what updaters put beside what it removes, not what they put into it', () => {
    const scene = new Scene().apply('a', { struct: { a: 'x' }, items: [{ name: 'i', value: 'v' }, { name: 'j' }] });
    scene.update('u', {
      struct: { a: 'x', b: 'y' },
      items: [{ name: 'i', value: 'v', labels: { mine: 'yes' } }, { name: 'j' }, { name: 'k' }],
    });
    scene.apply('a', { items: [{ name: 'j' }] });
    assert.deepEqual(scene.spec, { struct: { b: 'y' }, items: [{ name: 'j' }, { name: 'k' }] });
    assert.deepEqual(scene.owners, {
      'a Apply': ['.spec.items[{"name":"j"}]', '.spec.items[{"name":"j"}].name'],
      'u Update': ['.spec.items[{"name":"k"}]', '.spec.items[{"name":"k"}].name', '.spec.struct.b'],
    });
  });

  test('leaves atomic lists and maps to one owner', () => {
    const scene = new Scene().apply('a', { atomicList: ['x'], atomicMap: { p: '1' }, atomicStruct: { a: 'x' } });
    const causes = scene.conflict('b', {
      atomicList: ['x', 'y'],
      atomicMap: { q: '2' },
      atomicStruct: { a: 'x', b: 'y' },
    }).status.details?.causes;
    assert.deepEqual(
      causes?.map(({ field }) => field),
      ['.spec.atomicList', '.spec.atomicMap', '.spec.atomicStruct'],
    );
    scene.apply('b', { atomicMap: { q: '2' } }, { force: true });
    assert.deepEqual(scene.spec, { atomicList: ['x'], atomicMap: { q: '2' }, atomicStruct: { a: 'x' } });
    assert.deepEqual(scene.owners, {
      'a Apply': ['.spec.atomicList', '.spec.atomicStruct'],
      'b Apply': ['.spec.atomicMap'],
    });
  });

  test('two appliers build one list', () => {
    const scene = new Scene().apply('a', { items: [{ name: 'i', value: '1' }], set: ['a'] }).apply('b', {
      items: [
        { name: 'j', value: '2' },
        { name: 'i', tags: ['t'] },
      ],
      set: ['b', 'a'],
    });
    assert.deepEqual(scene.spec, {
      items: [
        { name: 'j', value: '2' },
        { name: 'i', value: '1', tags: ['t'] },
      ],
      set: ['b', 'a'],
    });
    scene.apply('a', {});
    assert.deepEqual(scene.spec, {
      items: [
        { name: 'j', value: '2' },
        { name: 'i', tags: ['t'] },
      ],
      set: ['b', 'a'],
    });
    scene.apply('b', {});
    assert.deepEqual(scene.spec, {});
  });

  test('keys that have defaults may be left out', () => {
    const scene = new Scene().apply('a', { ports: [{ port: 80, note: 'x' }] });
    assert.deepEqual(
      scene.conflict('b', { ports: [{ port: 80, protocol: 'TCP', note: 'y' }] }).status.details?.causes,
      [
        {
          reason: 'FieldManagerConflict',
          message: 'conflict with "a"',
          field: '.spec.ports[port=80,protocol="TCP"].note',
        },
      ],
    );
    scene.apply('b', { ports: [{ port: 80, protocol: 'UDP', note: 'y' }] });
    assert.deepEqual(scene.spec, {
      ports: [
        { port: 80, note: 'x' },
        { port: 80, protocol: 'UDP', note: 'y' },
      ],
    });
  });

  test('tolerates live items that come more than once, not applied ones', () => {
    const scene = new Scene().update('u', { set: ['a', 'a', 'b'] });
    scene.apply('a', { set: ['c'] });
    assert.deepEqual(scene.spec, { set: ['a', 'a', 'b', 'c'] });
    const error = scene.conflict('a', { set: ['c', 'c'] });
    assert.equal(error.code, 500);
    assert.equal(
      error.message,
      'failed to create typed patch object (default/w; example.com/v1, Kind=Widget): .spec.set: duplicate entries for key [="c"]',
    );
  });

  test('refuses what is not of its kind', () => {
    const manager = widgetManager();
    const cases: [JsonObject, number, string][] = [
      [{ ...widget({}), kind: 'Other' }, 400, 'invalid object type: example.com/v1, Kind=Other'],
      [{ ...widget({}), apiVersion: 'v1' }, 400, 'invalid object type: /v1, Kind=Widget'],
      [widget({}, { managedFields: [] }), 400, 'metadata.managedFields must be nil'],
      [
        widget({ nope: 1 }),
        500,
        'failed to create typed patch object (default/w; example.com/v1, Kind=Widget): .spec.nope: field not declared in schema',
      ],
    ];
    for (const [config, code, message] of cases) {
      assert.throws(() => manager.apply(undefined, config, 'a'), { code, message });
    }
    const broken = widget({}, { managedFields: [{ manager: 'a' }] });
    assert.throws(() => manager.apply(broken, widget({}), 'a'), {
      code: 500,
      message: 'failed to decode managed fields: operation must be `Apply` or `Update`',
    });
  });

  test('fills in defaults after merging; nobody owns them', () => {
    const applyDefaults = (object: JsonObject): void => {
      (object['spec'] as JsonObject)['count'] ??= 7;
    };
    const scene = new Scene({ applyDefaults }).apply('a', { name: 'x' });
    assert.deepEqual(scene.spec, { name: 'x', count: 7 });
    assert.deepEqual(scene.owners, { 'a Apply': ['.spec.name'] });
  });

  test('changes neither the live object nor the configuration', () => {
    const live = widgetManager().apply(
      undefined,
      widget({ labels: { a: '1' }, atomicMap: { a: '1' } }),
      'a',
    ) as JsonObject;
    const config = widget({ labels: { b: '2' }, atomicList: ['x'], free: { a: { b: 1 } } });
    const [liveText, configText] = [JSON.stringify(live), JSON.stringify(config)];
    const result = widgetManager().apply(live, config, 'b') as JsonObject;
    const spec = result['spec'] as Record<string, JsonObject & string[]>;
    spec['labels']!['x'] = 'y';
    spec['atomicMap']!['x'] = 'y';
    spec['atomicList']!.push('z');
    ((spec['free'] as JsonObject)['a'] as JsonObject)['c'] = 1;
    assert.equal(JSON.stringify(live), liveText);
    assert.equal(JSON.stringify(config), configText);
  });
});

describe('update', () => {
  test('takes what it changes from whoever had it, and lets go of what it removes', () => {
    const scene = new Scene().apply('a', { name: 'x', count: 1, labels: { p: '1', q: '2' } });
    scene.update('u', { count: 2, labels: { p: '1', r: '3' } });
    assert.deepEqual(scene.owners, {
      'a Apply': ['.spec.labels.p', '.spec.name'],
      'u Update': ['.spec.count', '.spec.labels.r'],
    });
    scene.update('v', { count: undefined });
    assert.deepEqual(scene.owners, { 'a Apply': ['.spec.labels.p', '.spec.name'], 'u Update': ['.spec.labels.r'] });
  });

  test('by an applier takes nothing from its applied configuration but what changed', () => {
    const scene = new Scene().apply('a', { name: 'x', count: 1 }).update('a', { count: 2 });
    assert.deepEqual(scene.owners, { 'a Apply': ['.spec.name'], 'a Update': ['.spec.count'] });
    assert.equal(
      scene.conflict('a', { name: 'x', count: 3 }).message,
      'Apply failed with 1 conflict: conflict with "a" using example.com/v1: .spec.count',
    );
  });

  test('of a create owns everything but what the server sets', () => {
    const scene = new Scene().update('u', { name: 'x', struct: { a: 'b' } }, {
      labels: { l: 'm' },
      generation: 1,
    } as JsonObject);
    assert.deepEqual(scene.owners, {
      'u Update': ['.metadata.labels', '.metadata.labels.l', '.spec', '.spec.name', '.spec.struct', '.spec.struct.a'],
    });
  });

  test('times move with what is owned, not with writes', () => {
    const scene = new Scene().update('u', { name: 'x' });
    const first = scene.entries[0]?.time;
    scene.update('u', { name: 'x' }).update('v', { name: 'x' });
    assert.deepEqual(
      scene.entries.map(({ manager, time }) => [manager, time]),
      [['u', first]],
    );
    scene.update('v', { count: 1 });
    assert.equal(scene.entries.find((entry) => entry.manager === 'u')?.time, first);
    scene.update('u', { name: 'y' });
    assert.notEqual(scene.entries.find((entry) => entry.manager === 'u')?.time, first);
  });

  test('an apply that changes nothing keeps its time', () => {
    const scene = new Scene().apply('a', { name: 'x' });
    const before = scene.live;
    assert.deepEqual(scene.apply('a', { name: 'x' }).live, before);
    scene.apply('b', { name: 'x' });
    assert.equal(scene.entries.find((entry) => entry.manager === 'b')?.time, undefined);
  });

  test('goes by the entries it brings, if they can be read', () => {
    const scene = new Scene().apply('a', { name: 'x' });
    const entries = scene.entries;
    const write = (managedFields: unknown): Record<string, string[]> => {
      const next = structuredClone(scene.live) as JsonObject;
      const metadata = next['metadata'] as JsonObject;
      if (managedFields === undefined) delete metadata['managedFields'];
      else metadata['managedFields'] = managedFields as JsonObject[];
      return owners(scene.manager.update(scene.live, next as KubernetesObject, 'u'));
    };
    const own = { 'a Apply': ['.spec.name'] };
    assert.deepEqual(write(entries), own);
    assert.deepEqual(write(undefined), own, 'forgotten by a client that does not know them');
    assert.deepEqual(write([{ ...entries[0], fieldsV1: { bad: {} } }]), own, 'unreadable');
    assert.deepEqual(write([{ ...entries[0], operation: 'Delete' }]), own, 'unknown operation');
    assert.deepEqual(write([{ ...entries[0], manager: 'b' }]), { 'b Apply': ['.spec.name'] });
    assert.deepEqual(write([]), {}, 'reset');
    assert.deepEqual(write([{}]), {}, 'reset');
  });

  test('an object nobody tracks stays untracked until it is applied to', () => {
    const scene = new Scene();
    scene.live = widget({ name: 'x', count: 1 }, served);
    scene.update('u', { count: 2 });
    assert.deepEqual(scene.owners, {});
    const conflict = scene.conflict('a', { name: 'y' });
    assert.equal(
      conflict.message,
      'Apply failed with 1 conflict: conflict with "before-first-apply" using example.com/v1: .spec.name',
    );
    scene.apply('a', { name: 'x' });
    assert.deepEqual(scene.owners, {
      'a Apply': ['.spec.name'],
      'before-first-apply Update': ['.spec', '.spec.count', '.spec.name'],
    });
  });

  test('goes without managedFields where ownership cannot be worked out', () => {
    const errors: unknown[] = [];
    const manager = widgetManager({ onError: (error) => errors.push(error) });
    const result = manager.update(undefined, widget({ nope: 1 }) as KubernetesObject, 'u');
    assert.equal(result.metadata?.managedFields, undefined);
    assert.equal(errors.length, 1);
  });

  test('of entries without a name are by "unknown"', () => {
    assert.deepEqual(Object.keys(new Scene().update('', { name: 'x' }).owners), ['unknown Update']);
  });

  test('puts old updates together when there are too many', () => {
    const scene = new Scene({ maxUpdateManagers: 3 });
    for (let index = 0; index < 6; index++)
      scene.update(`u${index}`, {
        labels: Object.fromEntries(Array.from({ length: index + 1 }, (_, n) => [`l${n}`, 'x'])),
      });
    assert.deepEqual(scene.owners, {
      'ancient-changes Update': [
        '.spec',
        '.spec.labels',
        '.spec.labels.l0',
        '.spec.labels.l1',
        '.spec.labels.l2',
        '.spec.labels.l3',
      ],
      'u4 Update': ['.spec.labels.l4'],
      'u5 Update': ['.spec.labels.l5'],
    });
    scene.apply('a', { name: 'x' });
    assert.equal(scene.entries.length, 4);
  });
});

describe('endpoints', () => {
  const statusOnly = { 'example.com/v1': excludeFields(FieldSet.of(['spec'])) };
  const specOnly = { 'example.com/v1': excludeFields(FieldSet.of(['status'])) };

  test('nobody owns what an endpoint resets', () => {
    const main = widgetManager({ resetFields: specOnly });
    const status = widgetManager({ resetFields: statusOnly, subresource: 'status' });
    const created = main.update(
      undefined,
      { ...widget({ name: 'x' }), status: { phase: 'y' } } as KubernetesObject,
      'u',
    );
    created.metadata = { ...created.metadata, uid: 'u' };
    assert.deepEqual(owners(created), { 'u Update': ['.spec', '.spec.name'] });
    const next = { ...structuredClone(created), spec: { name: 'z' }, status: { phase: 'Ready' } };
    const updated = status.update(created, next as KubernetesObject, 'u');
    assert.deepEqual(owners(updated), {
      'u Update': ['.spec', '.spec.name'],
      'u Update/status': ['.status.phase'],
    });
    assert.throws(() => status.apply(updated, { ...widget(), status: { phase: 'Gone' } } as KubernetesObject, 'a'), {
      message:
        'Apply failed with 1 conflict: conflict with "u" with subresource "status" using example.com/v1: .status.phase',
    });
  });

  test('subresources do not take the entries a request brings', () => {
    const status = widgetManager({ resetFields: statusOnly, subresource: 'status' });
    const live = widgetManager().apply(undefined, widget({ name: 'x' }, { uid: 'u' }), 'a');
    const next = {
      ...structuredClone(live),
      metadata: { ...live.metadata, managedFields: [] },
      status: { phase: 'Ready' },
    };
    assert.deepEqual(Object.keys(owners(status.update(live, next, 'u'))), ['a Apply', 'u Update/status']);
  });
});

describe('versions', () => {
  // v2 calls spec.name spec.title.
  const v2: Schema = structuredClone(widgetSchema);
  const spec = v2.properties?.['spec']?.properties as Record<string, Schema>;
  spec['title'] = spec['name'] as Schema;
  delete spec['name'];
  const schemas: Record<string, Schema> = { 'example.com/v1': widgetSchema, 'example.com/v2': v2 };
  const convert = (object: JsonObject, apiVersion: string): JsonObject => {
    const { name, title, ...rest } = (object['spec'] ?? {}) as JsonObject;
    const value = name ?? title;
    const key = apiVersion === 'example.com/v2' ? 'title' : 'name';
    return { ...object, apiVersion, spec: value === undefined ? rest : { ...rest, [key]: value } };
  };
  const versions = { schema: (apiVersion: string) => schemas[apiVersion], convert };
  const second = { ...versions, gvk: { group: 'example.com', version: 'v2', kind: 'Widget' }, schema: v2, versions };

  test('fields keep their owners across versions', () => {
    const one = widgetManager({ versions });
    const two = widgetManager(second);
    let live = one.apply(undefined, widget({ name: 'x', count: 1 }), 'a') as JsonObject;
    live = convert(live, 'example.com/v2');
    const config = { ...widget({ title: 'y' }), apiVersion: 'example.com/v2' };
    assert.throws(() => two.apply(live, config, 'b'), {
      message: 'Apply failed with 1 conflict: conflict with "a": .spec.name',
    });
    const forced = two.apply(live, config, 'b', true) as JsonObject;
    assert.deepEqual(owners(forced), { 'a Apply': ['.spec.count'], 'b Apply': ['.spec.title'] });
  });

  test('an applier that changes version still removes what it no longer applies', () => {
    const live = widgetManager({ versions }).apply(undefined, widget({ name: 'x', count: 1 }), 'a') as JsonObject;
    const config = { ...widget({ count: 1 }), apiVersion: 'example.com/v2' };
    const result = widgetManager(second).apply(live, config, 'a') as JsonObject;
    assert.deepEqual([result['apiVersion'], result['spec']], ['example.com/v2', { count: 1 }]);
    assert.deepEqual(owners(result), { 'a Apply': ['.spec.count'] });
  });

  test('versions served no more lose their owners', () => {
    const live = widgetManager().apply(undefined, widget({ name: 'x' }), 'a') as JsonObject;
    const managedFields = ((live['metadata'] as JsonObject)['managedFields'] as JsonObject[]).map((entry) => ({
      ...entry,
      apiVersion: 'example.com/v0',
    }));
    Object.assign(live['metadata'] as JsonObject, { managedFields });
    assert.deepEqual(owners(widgetManager().apply(live, widget({ name: 'y' }), 'b') as JsonObject), {
      'b Apply': ['.spec.name'],
    });
  });

  test('a schema that made fields atomic since', () => {
    const scene = new Scene().apply('a', { labels: { p: '1' } });
    const atomic: Schema = structuredClone(widgetSchema);
    const labels = atomic.properties?.['spec']?.properties?.['labels'];
    assert.ok(labels !== undefined);
    labels['x-kubernetes-map-type'] = 'atomic';
    const manager = widgetManager({ schema: atomic });
    assert.throws(() => manager.apply(scene.live, widget({ labels: { q: '2' } }), 'b'), {
      message: 'Apply failed with 1 conflict: conflict with "a": .spec.labels',
    });
    const forced = manager.apply(scene.live, widget({ labels: { q: '2' } }), 'b', true) as JsonObject;
    assert.deepEqual([forced['spec'], owners(forced)], [{ labels: { q: '2' } }, { 'b Apply': ['.spec.labels'] }]);
  });
});

describe('kinds without a schema', () => {
  test('maps are merged, lists replaced', () => {
    const scene = new Scene({ schema: undefined });
    scene.apply('a', { deep: { a: 1 }, list: [1] }).apply('b', { deep: { b: 2 } });
    assert.deepEqual(scene.spec, { deep: { a: 1, b: 2 }, list: [1] });
    assert.equal(
      scene.conflict('b', { list: [1, 2] }).message,
      'Apply failed with 1 conflict: conflict with "a": .spec.list',
    );
    scene.apply('a', { deep: { a: 1 } });
    assert.deepEqual(scene.spec, { deep: { a: 1, b: 2 } });
  });

  test('parts without a schema', () => {
    const scene = new Scene()
      .apply('a', { free: { deep: { a: 1 } }, any: { x: 1 } })
      .apply('b', { free: { deep: { b: 2 } }, any: { y: 2 } });
    assert.deepEqual(scene.spec, { free: { deep: { a: 1, b: 2 } }, any: { x: 1, y: 2 } });
    scene.apply('a', {});
    assert.deepEqual(scene.spec, { free: { deep: { b: 2 } }, any: { y: 2 } });
  });
});

describe("kubectl's client-side apply", () => {
  const annotation = 'kubectl.kubernetes.io/last-applied-configuration';
  const clientSide = (scene: Scene, spec: JsonObject, changed: JsonObject = spec): Scene =>
    scene.update('kubectl-client-side-apply', changed, { annotations: { [annotation]: JSON.stringify(widget(spec)) } });

  test('kubectl takes over what its client-side apply owns, and keeps the annotation', () => {
    const scene = clientSide(new Scene(), { name: 'x', count: 1 });
    assert.match(
      scene.conflict('other', { name: 'y' }).message,
      /conflict with "kubectl-client-side-apply" using example.com\/v1: .spec.name/,
    );
    scene.apply('kubectl', { name: 'y' });
    assert.deepEqual(scene.spec, { name: 'y', count: 1 });
    assert.equal(
      scene.annotations?.[annotation],
      '{"apiVersion":"example.com/v1","kind":"Widget","metadata":{"name":"w","namespace":"default"},"spec":{"name":"y"}}\n',
    );
  });

  test('what others changed since is still a conflict', () => {
    const scene = clientSide(new Scene(), { name: 'x', count: 1 }).update('u', { count: 5 });
    const { message } = scene.conflict('kubectl', { name: 'y', count: 2 });
    assert.equal(message, 'Apply failed with 1 conflict: conflict with "u" using example.com/v1: .spec.count');
  });

  test('no annotation is made where there was none, nor kept when it grows too large', () => {
    const scene = new Scene().apply('kubectl', { name: 'x' });
    assert.equal(scene.annotations, undefined);
    const large = clientSide(new Scene(), { name: 'x' }).apply('kubectl', { name: 'z'.repeat(300_000) });
    assert.deepEqual(large.annotations, {});
  });
});

test('extraction gives an applier its configuration back', () => {
  const node = typedNode(widgetSchema, resolve, { custom: true });
  const spec = { name: 'x', items: [{ name: 'i', value: 'v' }], labels: { p: '1' }, atomicMap: { k: 'v' } };
  const scene = new Scene().apply('a', spec).update('u', { count: 1, labels: { p: '1', q: '2' } });
  assert.deepEqual(extractApplied(scene.live as KubernetesObject, node, 'a'), {
    apiVersion: 'example.com/v1',
    kind: 'Widget',
    spec,
  });
  assert.equal(extractApplied(scene.live as KubernetesObject, node, 'u'), undefined);
  assert.equal(extractApplied(scene.live as KubernetesObject, node, 'a', 'status'), undefined);
  const again = scene.manager.apply(
    scene.live,
    { ...widget(), ...extractApplied(scene.live as KubernetesObject, node, 'a') },
    'a',
  );
  assert.deepEqual(owners(again), scene.owners);
});
