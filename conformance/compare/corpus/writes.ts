/** What an object of any kind may become: the same updates, patches and status writes for all of them. */
import type { Case, Changes, Json, JsonObject, Kind, Step } from '../case.ts';
import { kinds } from '../kinds.ts';
import { apply, get, item, made, nameOf, patch, put, sub, tableAccept, update } from '../requests.ts';

const title = ({ apiVersion, resource }: Kind): string => `${apiVersion} ${resource}`;
const dry = { dryRun: 'All' };

export function writeCases(of: readonly Kind[] = kinds): Case[] {
  return of.flatMap((kind) => [
    { name: `writes/${title(kind)}: metadata`, steps: metadata(kind) },
    { name: `writes/${title(kind)}: every field changed`, steps: fields(kind) },
    { name: `writes/${title(kind)}: status and scale`, steps: subresources(kind) },
    { name: `writes/${title(kind)}: what is not there`, steps: absent(kind) },
    { name: `writes/${title(kind)}: strictness, patches, owners of fields`, steps: strictness(kind) },
  ]);
}

const badMetadata: Record<string, Changes> = {
  'a bad label': { 'metadata/labels': { a: 'b c' } },
  'a bad annotation': { 'metadata/annotations': { 'a b': '' } },
  'a plain finalizer': { 'metadata/finalizers': ['plain'] },
  'a bad finalizer': { 'metadata/finalizers': ['a b/c'] },
  'a bad owner': { 'metadata/ownerReferences': [{ apiVersion: 'v1', kind: '', name: '', uid: '' }] },
  'another uid': { 'metadata/uid': 'other' },
  'another time': { 'metadata/creationTimestamp': '2020-01-01T00:00:00Z' },
  'a generation': { 'metadata/generation': 77 },
  'a negative generation': { 'metadata/generation': -1 },
  'a deletion': { 'metadata/deletionTimestamp': '2020-01-01T00:00:00Z', 'metadata/deletionGracePeriodSeconds': 5 },
  'a prefix': { 'metadata/generateName': 'Bad Prefix-' },
  'a link': { 'metadata/selfLink': '/x' },
  'another namespace': { 'metadata/namespace': 'elsewhere' },
  'bad managed fields': { 'metadata/managedFields': [{ manager: 'x', operation: 'Nonsense' }] },
  'a resource version of nonsense': { 'metadata/resourceVersion': 'x' },
  'no metadata but the name': {},
};

/** Of these an update must say which version it changes. */
const versioned = new Set([
  'apiservices',
  'csidrivers',
  'csinodes',
  'csistoragecapacities',
  'customresourcedefinitions',
  'leases',
  'mutatingadmissionpolicies',
  'mutatingadmissionpolicybindings',
  'mutatingwebhookconfigurations',
  'poddisruptionbudgets',
  'runtimeclasses',
  'validatingadmissionpolicies',
  'validatingadmissionpolicybindings',
  'validatingwebhookconfigurations',
  'volumeattachments',
]);

const version = ({ resource }: Kind): Changes =>
  versioned.has(resource) ? { 'metadata/resourceVersion': '{{made.metadata.resourceVersion}}' } : {};

function metadata(kind: Kind) {
  return [
    ...made(kind, 'one', { 'metadata/labels': { a: 'b' } }),
    ...Object.entries(badMetadata).flatMap(([label, changes]) => {
      const all = { ...version(kind), ...changes };
      return [
        update(kind, 'one', all, dry, { label }),
        sub('status', update(kind, 'one', all, dry, { label: `${label}, of the status` })),
      ];
    }),
  ];
}

/** One dry-run update for each leaf of the example: another value, and none. */
function fields(kind: Kind) {
  return [
    ...made(kind, 'one'),
    ...leaves(kind.example).flatMap(({ pointer, value }) => [
      update(kind, 'one', { ...version(kind), [pointer]: otherThan(value) }, dry, { label: `${pointer} changed` }),
      update(kind, 'one', { ...version(kind), [pointer]: undefined }, dry, { label: `${pointer} removed` }),
    ]),
    ...Object.keys(kind.example)
      .filter((name) => name !== 'metadata')
      .flatMap((name) => [
        update(kind, 'one', { ...version(kind), [name]: undefined }, dry, { label: `${name} removed` }),
        patch('merge', kind, 'one', { [name]: null }, dry),
        patch('merge', kind, 'one', { [name]: 'text' }, dry),
        patch('json', kind, 'one', [{ op: 'remove', path: `/${name}` }], dry),
      ]),
  ];
}

interface Leaf {
  pointer: string;
  value: Json;
}

function leaves(value: Json, at = ''): Leaf[] {
  if (typeof value !== 'object' || value === null) return [{ pointer: at, value }];
  const entries = Array.isArray(value) ? value.map((child, index) => [String(index), child] as const) : children(value);
  return entries
    .filter(([name]) => !(at === '' && name === 'metadata'))
    .flatMap(([name, child]) => {
      const pointer = name.replaceAll('~', '~0').replaceAll('/', '~1');
      return leaves(child, at === '' ? pointer : `${at}/${pointer}`);
    });
}

const children = (object: JsonObject) => Object.entries(object).map(([name, child]) => [name, child] as const);

function otherThan(value: Json): Json {
  if (typeof value === 'number') return value + 1;
  if (typeof value === 'boolean') return !value;
  return value === 'other' ? 'another' : 'other';
}

/** Some kinds are made by an update, all by an apply, one by its status. */
function absent(kind: Kind): Step[] {
  const writes: Step[] = [
    update(kind, 'absent', {}, dry),
    update(kind, 'absent', { status: {} }, dry, { label: 'with a status' }),
    update(kind, 'absent', { 'metadata/resourceVersion': '1' }, dry, { label: 'with a version' }),
    update(kind, 'absent', { 'metadata/uid': 'other' }, dry, { label: 'with a uid' }),
    apply(kind, 'absent', {}, dry),
    patch('merge', kind, 'absent', { metadata: { labels: { a: 'b' } } }, dry),
  ];
  const whole = put(
    kind,
    'absent',
    { apiVersion: kind.apiVersion, kind: kind.kind, metadata: { name: nameOf(kind, 'absent') } },
    dry,
  );
  return [...writes, whole, ...[...writes, whole].map((step) => sub('status', step))];
}

function subresources(kind: Kind) {
  const status = `${item(kind, 'one')}/status`;
  return [
    ...made(kind, 'one'),
    sub('status', get(kind, 'one')),
    sub('status', get(kind, 'one', {}, { headers: { accept: tableAccept }, label: 'as a Table' })),
    sub('status', update(kind, 'one', version(kind), dry, { label: 'without a status' })),
    sub('status', update(kind, 'one', { ...version(kind), status: {} }, dry, { label: 'an empty status' })),
    sub('status', update(kind, 'one', { ...version(kind), status: null }, dry, { label: 'null' })),
    sub('status', update(kind, 'one', { ...version(kind), status: 'text' }, dry, { label: 'text' })),
    sub(
      'status',
      update(kind, 'one', { ...version(kind), status: { unknown: 1 } }, { ...dry, fieldValidation: 'Strict' }),
    ),
    sub(
      'status',
      update(kind, 'one', { ...version(kind), 'metadata/labels': { made: 'by status' } }, dry, { label: 'a label' }),
    ),
    sub(
      'status',
      update(kind, 'one', { ...version(kind), status: { conditions: [{}] } }, dry, { label: 'an empty condition' }),
    ),
    sub(
      'status',
      update(
        kind,
        'one',
        { ...version(kind), status: { conditions: [condition('Ready', 'Nonsense'), condition('Ready', 'True')] } },
        dry,
        { label: 'bad conditions' },
      ),
    ),
    sub('status', patch('merge', kind, 'one', { status: { conditions: [condition('Ready', 'True')] } }, dry)),
    sub('status', patch('merge', kind, 'one', { spec: { unknown: 1 } }, { ...dry, fieldValidation: 'Strict' })),
    sub('status', apply(kind, 'one', { status: { conditions: [condition('Ready', 'True')] } }, dry)),
    sub('status', apply(kind, 'one', {}, dry)),
    update(kind, 'one', { ...version(kind), status: { conditions: [condition('Ready', 'True')] } }, dry, {
      label: 'status through the object',
    }),
    { method: 'POST' as const, path: status, body: {}, label: 'POST to the status' },
    { method: 'DELETE' as const, path: status },
    sub('scale', get(kind, 'one')),
    sub('nonsense', get(kind, 'one')),
  ];
}

const condition = (type: string, status: string): JsonObject => ({
  type,
  status,
  reason: 'Because',
  message: 'a message',
  lastTransitionTime: '2026-01-02T03:04:05Z',
});

function strictness(kind: Kind) {
  const name = 'one';
  const odd = { unknown: 1, 'metadata/unknown': 2 };
  const merge = { unknown: 1, metadata: { unknown: 2 }, spec: { unknown: 3 } };
  return [
    ...made(kind, 'one', { 'metadata/labels': { a: 'b' } }),
    ...['Strict', 'Warn', 'Ignore'].flatMap((fieldValidation) => [
      update(kind, name, { ...version(kind), ...odd }, { ...dry, fieldValidation }),
      patch('merge', kind, name, merge, { ...dry, fieldValidation }),
      patch('strategic', kind, name, merge, { ...dry, fieldValidation }),
      patch('json', kind, name, [{ op: 'add', path: '/unknown', value: 1 }], { ...dry, fieldValidation }),
      // Of several unknown fields kube-apiserver tells those it meets first, in no order.
      apply(kind, name, { unknown: 1 }, { ...dry, fieldValidation }),
    ]),
    patch('json', kind, name, [{ op: 'test', path: '/kind', value: 'Other' }], dry),
    patch('json', kind, name, [{ op: 'remove', path: '/metadata/labels/absent' }], dry),
    patch('json', kind, name, [{ op: 'move', from: '/metadata/labels/a', path: '/metadata/labels/c' }], dry),
    patch('json', kind, name, [{ op: 'replace', path: '/metadata/name', value: 'other' }], dry),
    patch('json', kind, name, [{ op: 'replace', path: '/kind', value: 'Other' }], dry),
    patch('json', kind, name, [{ op: 'replace', path: '/apiVersion', value: 'other/v1' }], dry),
    patch('merge', kind, name, { metadata: null }, dry),
    patch('merge', kind, name, { metadata: { resourceVersion: '1' } }, dry),
    patch('strategic', kind, name, { metadata: { $patch: 'delete' } }, dry),
    patch('strategic', kind, name, { metadata: { labels: { $patch: 'replace', c: 'd' } } }, dry),
    patch('strategic', kind, name, { $patch: 'nonsense' }, dry),
    patch('strategic', kind, name, { metadata: { labels: { $retainKeys: ['c'], c: 'd' } } }, dry),
    patch('strategic', kind, name, { metadata: { finalizers: ['example.com/x'], $setElementOrder: 5 } }, dry),
    patch('strategic', kind, name, { metadata: { '$deleteFromPrimitiveList/finalizers': ['example.com/x'] } }, dry),
    apply(kind, name, { 'metadata/labels': { a: 'c' } }, dry, { label: 'conflict' }),
    apply(kind, name, { 'metadata/labels': { a: 'c' } }, { ...dry, force: true }, { label: 'forced' }),
    apply(kind, name, {}, {}, { label: 'the whole' }),
    apply(kind, name, {}, { fieldManager: 'second' }, { label: 'the whole, by another' }),
    apply(kind, name, { 'metadata/managedFields': [{}] }, dry, { label: 'with managed fields' }),
    apply(kind, name, { 'metadata/resourceVersion': '1' }, dry, { label: 'an old version' }),
    apply(kind, name, { 'metadata/uid': 'other' }, dry, { label: 'another uid' }),
    put(kind, name, { apiVersion: kind.apiVersion, kind: kind.kind, metadata: { name: '' } }, dry, {
      label: 'no name',
    }),
    get(kind, name),
  ];
}
