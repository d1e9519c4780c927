/** What the machinery answers for any kind: the same requests for all of them. */
import type { Case, Kind } from '../case.ts';
import { kinds } from '../kinds.ts';
import {
  apply,
  create,
  get,
  item,
  list,
  made,
  nameOf,
  objectOf,
  patch,
  post,
  put,
  remove,
  table,
  update,
} from '../requests.ts';

const title = ({ apiVersion, resource }: Kind): string => `${apiVersion} ${resource}`;

export function genericCases(of: readonly Kind[] = kinds): Case[] {
  return of.flatMap((kind) => [
    { name: `generic/${title(kind)}: life of an object`, steps: life(kind) },
    { name: `generic/${title(kind)}: refusals`, steps: refusals(kind) },
  ]);
}

function life(kind: Kind) {
  const one = nameOf(kind, 'one');
  const only = { fieldSelector: `metadata.name=${one}` };
  return [
    create(kind, 'one', {}, { dryRun: 'All' }, { label: 'dry run' }),
    ...made(kind, 'one', { 'metadata/labels': { app: 'compare' } }),
    create(kind, 'one', {}, {}, { label: 'again' }),
    get(kind, 'one'),
    list(kind, only),
    list(kind, { ...only, labelSelector: 'app=compare', limit: 1 }, { label: 'selected' }),
    table(kind, only),
    list(kind, only, {
      headers: { accept: 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1' },
      label: 'metadata only',
    }),
    get(kind, 'one', {}, { headers: { accept: 'application/vnd.kubernetes.protobuf' }, label: 'protobuf' }),
    get(kind, 'one', {}, { headers: { accept: 'application/yaml;q=0.9, text/html' }, label: 'YAML' }),
    update(kind, 'one', { 'metadata/annotations': { a: 'b' } }, {}, { label: 'adds an annotation, drops the label' }),
    update(kind, 'one', { 'metadata/resourceVersion': '1' }, {}, { label: 'an old version' }),
    patch('merge', kind, 'one', { metadata: { labels: { patched: 'merge' }, annotations: null } }),
    patch('strategic', kind, 'one', { metadata: { labels: { patched: 'strategic' } } }),
    patch('json', kind, 'one', [{ op: 'replace', path: '/metadata/labels/patched', value: 'json' }]),
    apply(kind, 'one', { 'metadata/labels': { patched: 'apply' } }, {}, { label: 'conflict' }),
    apply(kind, 'one', { 'metadata/labels': { patched: 'apply' } }, { force: true }, { label: 'forced' }),
    list(kind, { ...only, watch: true, resourceVersion: '{{made.metadata.resourceVersion}}', timeoutSeconds: 1 }),
    remove(
      kind,
      'one',
      { preconditions: { uid: '00000000-0000-0000-0000-000000000000' } },
      {},
      { label: 'another uid' },
    ),
    remove(kind, 'one', undefined, { dryRun: 'All' }, { label: 'dry run' }),
    remove(kind, 'one'),
    remove(kind, 'one', undefined, {}, { label: 'again' }),
  ];
}

function refusals(kind: Kind) {
  const { apiVersion, kind: kindName, namespaced } = kind;
  const name = nameOf(kind, 'absent');
  const bare = { apiVersion, kind: kindName, metadata: { name } };
  const dry = { dryRun: 'All' };
  return [
    get(kind, 'absent'),
    remove(kind, 'absent'),
    update(kind, 'absent'),
    patch('merge', kind, 'absent', {}),
    patch('apply', kind, 'absent', bare, { fieldManager: 'compare', ...dry }, { label: 'apply of nothing but a name' }),
    post(kind, bare, dry, { label: 'nothing but a name' }),
    post(kind, { apiVersion, kind: kindName }, dry, { label: 'not even a name' }),
    post(kind, {}, dry, { label: 'empty object' }),
    post(kind, [], dry, { label: 'array' }),
    post(kind, '{', dry, { label: 'half a brace' }),
    post(kind, '', dry, { label: 'no body' }),
    post(kind, { ...bare, kind: 'Nonsense' }, dry, { label: 'unknown kind' }),
    post(kind, { ...bare, apiVersion: 'none.example.com/v1' }, dry, { label: 'unknown group' }),
    create(kind, 'variant', { 'metadata/name': 'Not A Name!' }, dry, { label: 'bad name' }),
    create(kind, 'variant', { 'metadata/name': '' }, dry, { label: 'empty name' }),
    create(kind, 'variant', { 'metadata/name': undefined, 'metadata/generateName': 'made-' }, dry, {
      label: 'generated',
    }),
    create(kind, 'variant', { 'metadata/namespace': 'elsewhere' }, dry, { label: 'namespace of its own' }),
    create(kind, 'variant', { 'metadata/labels': { 'bad key!': 'x' }, 'metadata/annotations': { '/': '' } }, dry, {
      label: 'bad label and annotation',
    }),
    create(kind, 'variant', { 'metadata/ownerReferences': [{ apiVersion: 'v1', kind: '', name: '', uid: '' }] }, dry, {
      label: 'bad owner',
    }),
    create(kind, 'variant', { 'metadata/finalizers': ['plain', 'a b/c', 'ok.example.com/x'] }, dry, {
      label: 'finalizers',
    }),
    create(
      kind,
      'variant',
      { unknown: 1, 'metadata/unknown': 2 },
      { ...dry, fieldValidation: 'Strict' },
      { label: 'Strict' },
    ),
    create(
      kind,
      'variant',
      { unknown: 1, 'metadata/unknown': 2 },
      { ...dry, fieldValidation: 'Warn' },
      { label: 'Warn' },
    ),
    create(kind, 'variant', { 'metadata/labels': 5 }, dry, { label: 'labels of a wrong type' }),
    put(kind, 'other', objectOf(kind, 'variant'), dry, {
      label: namespaced ? 'name differs from the path' : 'name may differ from the path',
    }),
    { method: 'POST' as const, path: item(kind, 'absent'), body: bare, label: 'POST to an item' },
    list(kind, { fieldSelector: 'spec.nonsense=1' }),
    list(kind, { labelSelector: 'a in (' }),
    list(kind, { resourceVersion: 'x' }),
    list(kind, { limit: 1, continue: 'nonsense' }),
  ];
}
