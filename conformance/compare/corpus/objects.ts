/** What all objects share, shown on small kinds: names, metadata, unknown fields. */
import type { Case } from '../case.ts';
import { configMaps, pods } from '../kinds.ts';
import { create, post, variants } from '../requests.ts';

const dry = { dryRun: 'All' };
const yaml = { 'content-type': 'application/yaml' };
const configMapYaml = 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: text\ndata:\n  a: "1"\n';

export const objectCases: readonly Case[] = [
  {
    name: 'objects/names: long, dotted, generated',
    steps: variants(configMaps, {
      'a dotted name': { 'metadata/name': 'a.b.c' },
      '253 letters': { 'metadata/name': 'a'.repeat(253) },
      '254 letters': { 'metadata/name': 'a'.repeat(254) },
      'an underscore': { 'metadata/name': 'a_b' },
      'a leading dash': { 'metadata/name': '-a' },
      'a capital': { 'metadata/name': 'Abc' },
      'a slash': { 'metadata/name': 'a/b' },
      'a percent sign': { 'metadata/name': 'a%b' },
      'two dots': { 'metadata/name': '..' },
      unicode: { 'metadata/name': 'naïve' },
      'a generated name': { 'metadata/name': undefined, 'metadata/generateName': 'made-' },
      'a generated name with a dot at its end': { 'metadata/name': undefined, 'metadata/generateName': 'made.' },
      'a bad generated name': { 'metadata/name': undefined, 'metadata/generateName': 'Made_' },
      'a long generated name': { 'metadata/name': undefined, 'metadata/generateName': 'x'.repeat(300) },
      'both names': { 'metadata/generateName': 'made-' },
    }),
  },
  {
    name: 'objects/metadata: what clients may and may not say',
    steps: variants(configMaps, {
      'a uid': { 'metadata/uid': '11111111-1111-1111-1111-111111111111' },
      'a creation time': { 'metadata/creationTimestamp': '2020-01-01T00:00:00Z' },
      'a deletion time': { 'metadata/deletionTimestamp': '2020-01-01T00:00:00Z' },
      'a grace period': { 'metadata/deletionGracePeriodSeconds': 5 },
      'a self link': { 'metadata/selfLink': '/x' },
      'a generation': { 'metadata/generation': 7 },
      'a negative generation': { 'metadata/generation': -7 },
      'an empty label value': { 'metadata/labels': { a: '' } },
      'a long label value': { 'metadata/labels': { a: 'v'.repeat(64) } },
      'a label with a prefix': { 'metadata/labels': { 'example.com/a': 'b' } },
      'a label with a long prefix': { 'metadata/labels': { [`${'p'.repeat(254)}/a`]: 'b' } },
      'a label with two slashes': { 'metadata/labels': { 'a/b/c': 'd' } },
      'a null label': { 'metadata/labels': { a: null } },
      'a numeric label': { 'metadata/labels': { a: 5 } },
      'annotations in capitals': { 'metadata/annotations': { 'Example.com/A': 'b' } },
      'large annotations': { 'metadata/annotations': { a: 'x'.repeat(262_145) } },
      'standard finalizers': { 'metadata/finalizers': ['orphan', 'kubernetes'] },
      'opposite finalizers': { 'metadata/finalizers': ['orphan', 'foregroundDeletion'] },
      'one finalizer twice': { 'metadata/finalizers': ['example.com/a', 'example.com/a'] },
      'an owner': { 'metadata/ownerReferences': [{ apiVersion: 'v1', kind: 'Pod', name: 'p', uid: 'u' }] },
      'two controllers': {
        'metadata/ownerReferences': [
          { apiVersion: 'v1', kind: 'Pod', name: 'a', uid: 'u1', controller: true },
          { apiVersion: 'v1', kind: 'Pod', name: 'b', uid: 'u2', controller: true },
        ],
      },
      'one owner twice': {
        'metadata/ownerReferences': [
          { apiVersion: 'v1', kind: 'Pod', name: 'a', uid: 'u1' },
          { apiVersion: 'v1', kind: 'Pod', name: 'a', uid: 'u1' },
        ],
      },
      'an event as owner': { 'metadata/ownerReferences': [{ apiVersion: 'v1', kind: 'Event', name: 'e', uid: 'u' }] },
      'a resource version': { 'metadata/resourceVersion': '5' },
      'managed fields that are none': { 'metadata/managedFields': [{ manager: 'm', operation: 'Bogus' }] },
    }),
  },
  {
    name: 'objects/field validation: unknown and duplicate fields',
    steps: (['Strict', 'Warn', 'Ignore', 'Nonsense'] as const).flatMap((fieldValidation) => [
      post(
        configMaps,
        '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"x","name":"y"},"data":{"a":"1","a":"2"}}',
        { ...dry, fieldValidation },
        { label: 'duplicates' },
      ),
      create(
        configMaps,
        'x',
        { 'metadata/foo': 1, bar: { baz: 1 } },
        { ...dry, fieldValidation },
        { label: 'unknown' },
      ),
      create(
        pods,
        'x',
        { 'spec/containers/0/foo': 1, 'spec/bar': [] },
        { ...dry, fieldValidation },
        { label: 'unknown, deep' },
      ),
      post(
        configMaps,
        `${configMapYaml}data:\n  b: "2"\n`,
        { ...dry, fieldValidation },
        { headers: yaml, label: 'duplicates in YAML' },
      ),
    ]),
  },
];
