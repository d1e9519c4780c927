/** CustomResourceDefinitions: names, versions, columns, subresources, conversion, and what changes as they live. */
import type { Case, Changes, Json, JsonObject, Kind } from '../case.ts';
import { customResourceDefinitions } from '../kinds.ts';
import { create, get, made, patch, remove, settled, sub, table, update, variants } from '../requests.ts';

const version = (name: string, more: JsonObject = {}): JsonObject => ({
  name,
  served: true,
  storage: false,
  schema: { openAPIV3Schema: { type: 'object', properties: { spec: { type: 'object' } } } },
  ...more,
});
const stored = (name: string, more: JsonObject = {}): JsonObject => version(name, { storage: true, ...more });
const versions = (...each: Json[]): Changes => ({ 'spec/versions': each });
const other = { schema: { openAPIV3Schema: { type: 'object', properties: { other: { type: 'string' } } } } };

const webhook = (clientConfig: Json | undefined, conversionReviewVersions: Json = ['v1']): Changes => ({
  'spec/conversion': {
    strategy: 'Webhook',
    webhook: { ...(clientConfig === undefined ? {} : { clientConfig }), conversionReviewVersions },
  },
});
const service = { namespace: 'default', name: 'converter' };

const columns = (...each: JsonObject[]): Changes => ({ 'spec/versions/0/additionalPrinterColumns': each });
const column = (more: JsonObject): Changes => columns({ name: 'Column', type: 'string', jsonPath: '.spec.x', ...more });
const scale = (more: JsonObject): Changes => ({
  'spec/versions/0/subresources': {
    scale: { specReplicasPath: '.spec.replicas', statusReplicasPath: '.status.replicas', ...more },
  },
});
const fieldsOf = (properties: JsonObject): JsonObject => ({ type: 'object', properties });
const selectable = (...paths: string[]): Changes => ({
  'spec/versions/0/schema/openAPIV3Schema': fieldsOf({
    spec: fieldsOf({
      text: { type: 'string' },
      number: { type: 'integer' },
      float: { type: 'number' },
      flag: { type: 'boolean' },
      list: { type: 'array', items: { type: 'string' } },
      map: { type: 'object', additionalProperties: { type: 'string' } },
      'a-b': { type: 'string' },
      time: { type: 'string', format: 'date-time' },
      choice: { type: 'string', enum: ['a'] },
      mixed: { 'x-kubernetes-int-or-string': true },
      ...Object.fromEntries(Array.from({ length: 9 }, (_, index) => [`f${index}`, { type: 'string' }])),
    }),
    metadata: { type: 'object', properties: { name: { type: 'string' } } },
  }),
  'spec/versions/0/selectableFields': paths.map((jsonPath) => ({ jsonPath })),
});

/** Another definition of the case's group. */
const another = (plural: string, names: JsonObject = {}): Kind => ({
  ...customResourceDefinitions,
  example: {
    metadata: { name: `${plural}.$ns.example.com` },
    spec: {
      ...(customResourceDefinitions.example['spec'] as JsonObject),
      names: { kind: 'Other', plural, ...names },
    },
  },
});

const next = { 'metadata/resourceVersion': '{{made.metadata.resourceVersion}}' };
/** One dry-run update of what was made for each set of changes. */
const changesOf = (initial: Changes, each: Record<string, Changes>) => [
  ...made(customResourceDefinitions, 'x', initial),
  ...Object.entries(each).map(([label, changes]) =>
    update(customResourceDefinitions, 'x', { ...initial, ...next, ...changes }, { dryRun: 'All' }, { label }),
  ),
];

export const definitionCases: readonly Case[] = [
  {
    name: 'definitions/names',
    steps: [
      ...variants(customResourceDefinitions, {
        'no names': { 'spec/names': {} },
        'names of nothing': { 'spec/names': undefined },
        'another name': { 'metadata/name': 'x.$ns.example.com' },
        'no group': { 'spec/group': '' },
        'a group without dots': { 'spec/group': 'x', 'metadata/name': 'things.x' },
        'a group of nonsense': { 'spec/group': 'A b.c' },
        "Kubernetes' own group": { 'spec/group': 'x.k8s.io', 'metadata/name': 'things.x.k8s.io' },
        "Kubernetes' own group, approved": {
          'spec/group': 'x.k8s.io',
          'metadata/name': 'things.x.k8s.io',
          'metadata/annotations': { 'api-approved.kubernetes.io': 'https://github.com/kubernetes/kubernetes/pull/1' },
        },
        "Kubernetes' own group, unapproved": {
          'spec/group': 'x.k8s.io',
          'metadata/name': 'things.x.k8s.io',
          'metadata/annotations': { 'api-approved.kubernetes.io': 'unapproved, an experiment' },
        },
        "Kubernetes' own group, with nonsense": {
          'spec/group': 'x.kubernetes.io',
          'metadata/name': 'things.x.kubernetes.io',
          'metadata/annotations': { 'api-approved.kubernetes.io': 'nonsense' },
        },
        'a group of the server': { 'spec/group': 'apps', 'metadata/name': 'things.apps' },
        'no scope': { 'spec/scope': undefined },
        'a scope of nonsense': { 'spec/scope': 'namespaced' },
        'a plural of nonsense': { 'spec/names/plural': 'The Things' },
        'a singular of nonsense': { 'spec/names/singular': 'The-' },
        'a kind of nonsense': { 'spec/names/kind': 'The Thing' },
        'a kind in small letters': { 'spec/names/kind': 'thing' },
        'a kind that is its list': { 'spec/names/listKind': 'Thing' },
        'a list kind of nonsense': { 'spec/names/listKind': 'x_' },
        'short names and categories': { 'spec/names/shortNames': ['th', 't'], 'spec/names/categories': ['all'] },
        'short names of nonsense': { 'spec/names/shortNames': ['T h', ''] },
        'categories of nonsense': { 'spec/names/categories': ['A l l'] },
        'no spec': { spec: undefined },
        'status of its own': { status: { storedVersions: ['v7'], conditions: [], acceptedNames: { plural: 'x' } } },
      }),
      ...made(customResourceDefinitions, 'x', { 'spec/names/shortNames': ['th'], 'spec/names/categories': ['all'] }),
      create(another('others', { kind: 'Thing' }), 'x'),
      create(another('moreothers', { listKind: 'ThingList' }), 'x'),
      create(another('evenothers', { shortNames: ['th', 'eo'], kind: 'Even' }), 'x'),
      create(another('singulars', { singular: 'thing', kind: 'Single' }), 'x'),
      create(another('th', { kind: 'Short' }), 'x'),
      ...settled(another('others'), 'x'),
      get(another('moreothers'), 'x'),
      get(another('evenothers'), 'x'),
      get(another('singulars'), 'x'),
      get(another('th'), 'x'),
      { method: 'GET', path: '/apis/$ns.example.com/v1' },
      { method: 'GET', path: '/apis/$ns.example.com' },
      { method: 'GET', path: '/apis/$ns.example.com/v1/others' },
      ...['others', 'moreothers', 'evenothers', 'singulars', 'th'].map((plural) => remove(another(plural), 'x')),
    ],
  },
  {
    name: 'definitions/versions',
    steps: variants(customResourceDefinitions, {
      none: versions(),
      'no versions': { 'spec/versions': undefined },
      'no schema': versions({ name: 'v1', served: true, storage: true }),
      'an empty schema': versions({ name: 'v1', served: true, storage: true, schema: {} }),
      'a bad name': versions(stored('V 1')),
      'an empty name': versions(stored('')),
      'none stored': versions(version('v1')),
      'none served': versions(stored('v1', { served: false })),
      'two stored': versions(stored('v1'), stored('v2')),
      'two the same': versions(stored('v1'), version('v1')),
      'two alike': versions(stored('v1'), version('v1beta1')),
      'two that differ': versions(stored('v1'), version('v1beta1', other)),
      'served without saying so': versions({ name: 'v1', storage: true, schema: other.schema }),
      'one without schema': versions(stored('v1'), { name: 'v2', served: true, storage: false }),
      'both wrong alike': versions(
        stored('v1', { schema: { openAPIV3Schema: { type: 'array' } } }),
        version('v2', { schema: { openAPIV3Schema: { type: 'array' } } }),
      ),
      'the second wrong': versions(stored('v1'), version('v2', { schema: { openAPIV3Schema: { type: 'string' } } })),
      'a deprecated one': versions(stored('v1', { deprecated: true })),
      'a deprecated one with a warning': versions(stored('v1', { deprecated: true, deprecationWarning: 'old' })),
      'a warning without deprecation': versions(stored('v1', { deprecationWarning: 'old' })),
      'an empty warning': versions(stored('v1', { deprecated: true, deprecationWarning: '' })),
      'a warning of lines': versions(stored('v1', { deprecated: true, deprecationWarning: 'a\nb' })),
      'a long warning': versions(stored('v1', { deprecated: true, deprecationWarning: 'x'.repeat(257) })),
      'unknown fields': { 'spec/preserveUnknownFields': true },
      'known fields': { 'spec/preserveUnknownFields': false },
      'an unknown field': versions(stored('v1', { nonsense: 1 })),
      'the form of v1beta1': { 'spec/version': 'v1', 'spec/validation': {}, 'spec/subresources': {} },
      'a wrong type': versions(stored('v1', { served: 'x' })),
      'versions of nonsense': { 'spec/versions': 'x' },
      'formats of nonsense': versions(
        stored('v1', {
          schema: { openAPIV3Schema: fieldsOf({ x: { type: 'string', format: 'nonsense' } }) },
        }),
      ),
    }),
  },
  {
    name: 'definitions/columns, subresources, selectable fields',
    steps: variants(customResourceDefinitions, {
      'a column': column({}),
      'a column with everything': column({ description: 'some', format: 'date-time', priority: 1 }),
      'a column without name': column({ name: '' }),
      'a column without type': columns({ name: 'x', jsonPath: '.x' }),
      'a type of nonsense': column({ type: 'nonsense' }),
      'a format of nonsense': column({ format: 'nonsense' }),
      'no path': column({ jsonPath: '' }),
      'a path without dot': column({ jsonPath: 'spec.x' }),
      'a path in braces': column({ jsonPath: '{.spec.x}' }),
      'a path that is none': column({ jsonPath: '.spec[' }),
      'a path of a filter': column({ jsonPath: ".status.conditions[?(@.type=='Ready')].status" }),
      'a path of the object': column({ jsonPath: '.' }),
      'one column twice': columns(
        { name: 'x', type: 'string', jsonPath: '.x' },
        { name: 'x', type: 'string', jsonPath: '.x' },
      ),
      'a negative priority': column({ priority: -1 }),
      'the name of the first column': column({ name: 'Name' }),
      status: { 'spec/versions/0/subresources': { status: {} } },
      'status of text': { 'spec/versions/0/subresources': { status: 'x' } },
      'status with fields': { 'spec/versions/0/subresources': { status: { x: 1 } } },
      'no subresources': { 'spec/versions/0/subresources': {} },
      'status and a root of nonsense': {
        'spec/versions/0/subresources': { status: {} },
        'spec/versions/0/schema/openAPIV3Schema': { type: 'object', minProperties: 1 },
      },
      'status and a root of more': {
        'spec/versions/0/subresources': { status: {} },
        'spec/versions/0/schema/openAPIV3Schema': { type: 'object', title: 'x', required: ['spec'], oneOf: [{}] },
      },
      'status and no type': {
        'spec/versions/0/subresources': { status: {} },
        'spec/versions/0/schema/openAPIV3Schema': { 'x-kubernetes-preserve-unknown-fields': true },
      },
      'status and a root that preserves': {
        'spec/versions/0/subresources': { status: {} },
        'spec/versions/0/schema/openAPIV3Schema': {
          type: 'object',
          'x-kubernetes-preserve-unknown-fields': true,
          'x-kubernetes-validations': [{ rule: 'true' }],
        },
      },
      scale: scale({}),
      'scale with a selector': scale({ labelSelectorPath: '.status.selector' }),
      'scale with an empty selector': scale({ labelSelectorPath: '' }),
      'scale with a selector elsewhere': scale({ labelSelectorPath: '.metadata.x' }),
      'scale with a selector without dot': scale({ labelSelectorPath: 'status.x' }),
      'scale without paths': { 'spec/versions/0/subresources': { scale: {} } },
      'scale by status': scale({ specReplicasPath: '.status.replicas' }),
      'scale by spec': scale({ statusReplicasPath: '.spec.replicas' }),
      'scale without dots': scale({ specReplicasPath: 'spec.replicas', statusReplicasPath: 'x' }),
      'scale of all of spec': scale({ specReplicasPath: '.spec', statusReplicasPath: '.status' }),
      'scale by an index': scale({ specReplicasPath: '.spec.pools[0].replicas' }),
      'a field': selectable('.spec.text'),
      'fields of each type': selectable('.spec.number', '.spec.flag', '.spec.time', '.spec.choice'),
      'a number': selectable('.spec.float'),
      'a list': selectable('.spec.list'),
      'an item of a list': selectable('.spec.list[0]'),
      'a map': selectable('.spec.map'),
      'a value of a map': selectable('.spec.map.x'),
      'a value in brackets': selectable(".spec.map['x']"),
      'an object': selectable('.spec'),
      'int or string': selectable('.spec.mixed'),
      'a dash': selectable('.spec.a-b'),
      'no dot': selectable('spec.text'),
      'no field path': selectable(''),
      'the whole object': selectable('.'),
      'an unknown field of it': selectable('.spec.nonsense'),
      'a name': selectable('.metadata.name'),
      'labels of it': selectable('.metadata.labels'),
      'one field twice': selectable('.spec.text', '.spec.text'),
      'nine fields': selectable(...Array.from({ length: 9 }, (_, index) => `.spec.f${index}`)),
      'fields without schema': {
        'spec/versions/0/schema': undefined,
        'spec/versions/0/selectableFields': [{ jsonPath: '.x' }],
      },
    }),
  },
  {
    name: 'definitions/conversion',
    steps: [
      ...variants(customResourceDefinitions, {
        none: { 'spec/conversion': { strategy: 'None' } },
        empty: { 'spec/conversion': {} },
        nonsense: { 'spec/conversion': { strategy: 'Nonsense' } },
        'none with a webhook': { 'spec/conversion': { strategy: 'None', webhook: { clientConfig: { service } } } },
        'none with versions of reviews': {
          'spec/conversion': { strategy: 'None', webhook: { conversionReviewVersions: ['v1'] } },
        },
        'no webhook': { 'spec/conversion': { strategy: 'Webhook' } },
        'no client': webhook(undefined),
        'an empty client': webhook({}),
        'a service': webhook({ service }),
        'a service with everything': webhook({ service: { ...service, path: '/x', port: 8443 } }),
        'a service without name': webhook({ service: { namespace: 'x' } }),
        'a service without namespace': webhook({ service: { name: 'x' } }),
        'a port of nonsense': webhook({ service: { ...service, port: 70_000 } }),
        'a path of nonsense': webhook({ service: { ...service, path: 'x//y?' } }),
        'a path with two slashes': webhook({ service: { ...service, path: '/x//y' } }),
        'a URL': webhook({ url: 'https://example.com/x' }),
        'a URL without s': webhook({ url: 'http://example.com/x' }),
        'a URL with a user': webhook({ url: 'https://u:p@example.com/x?y=z#f' }),
        'a URL without host': webhook({ url: 'https:///x' }),
        'a URL of nonsense': webhook({ url: ':' }),
        'both service and URL': webhook({ service, url: 'https://example.com' }),
        'a bundle of nonsense': webhook({ service, caBundle: 'eA==' }),
        'no base64': webhook({ service, caBundle: '?' }),
        'no review versions': webhook({ service }, []),
        'unknown review versions': webhook({ service }, ['v7']),
        'some known review versions': webhook({ service }, ['v7', 'v1beta1']),
        'a review version twice': webhook({ service }, ['v1', 'v1']),
        'review versions of nonsense': webhook({ service }, ['V 1', 'v1', '']),
        'with unknown fields preserved': { ...webhook({ service }), 'spec/preserveUnknownFields': true },
      }),
      ...changesOf(
        {},
        {
          'a bundle of nonsense': webhook({ service, caBundle: 'eA==' }),
          'unknown review versions': webhook({ service }, ['v7']),
          'a webhook': webhook({ service }),
        },
      ),
    ],
  },
  {
    name: 'definitions/updates',
    steps: changesOf(versions(stored('v1'), version('v2', other)), {
      'the same': {},
      'without version': { 'metadata/resourceVersion': undefined },
      'another group': { 'spec/group': 'x.example.com' },
      'another plural': { 'spec/names/plural': 'stuff' },
      'another kind': { 'spec/names/kind': 'Stuff' },
      'another list kind': { 'spec/names/listKind': 'Stuff' },
      'another singular': { 'spec/names/singular': 'stuff' },
      'another scope': { 'spec/scope': 'Cluster' },
      'another storage version': versions(version('v1'), stored('v2', other)),
      'the storage version gone': versions(stored('v2')),
      'a version gone': versions(stored('v1')),
      'a version that is not served': versions(stored('v1'), version('v2', { ...other, served: false })),
      'the storage version not served': versions(stored('v1', { served: false }), version('v2', other)),
      'no schema': versions({ name: 'v1', served: true, storage: true }),
      'a short name': { 'spec/names/shortNames': ['x'] },
      'unknown fields': { 'spec/preserveUnknownFields': true },
      'a finalizer of its own': { 'metadata/finalizers': ['example.com/x'] },
      'status too': { status: { storedVersions: ['v9'] } },
      'no names': { 'spec/names': {} },
    }),
  },
  {
    name: 'definitions/status',
    steps: [
      ...made(customResourceDefinitions, 'x', versions(stored('v1'), version('v2', other))),
      ...Object.entries<JsonObject>({
        'another stored version': { storedVersions: ['v1', 'v2'] },
        'a stored version that is none': { storedVersions: ['v1', 'v9'] },
        'not the stored version': { storedVersions: ['v2'] },
        'no stored versions': { storedVersions: [] },
        'other names': { acceptedNames: { plural: 'x y' } },
        conditions: { conditions: [{ type: 'Established', status: 'False' }] },
        'conditions of nonsense': { conditions: [{ type: 'Nonsense', status: 'Nonsense' }] },
      }).map(([label, status]) =>
        sub('status', patch('merge', customResourceDefinitions, 'x', { status }, { dryRun: 'All' }, { label })),
      ),
      sub('status', patch('merge', customResourceDefinitions, 'x', { spec: { scope: 'Cluster' } }, { dryRun: 'All' })),
      sub('status', get(customResourceDefinitions, 'x')),
      patch('merge', customResourceDefinitions, 'x', {
        spec: { versions: [version('v1'), stored('v2', other)] },
      }),
      ...settled(customResourceDefinitions, 'x'),
      patch('merge', customResourceDefinitions, 'x', { spec: { versions: [stored('v2', other)] } }),
      sub('status', patch('merge', customResourceDefinitions, 'x', { status: { storedVersions: ['v2'] } })),
      patch('merge', customResourceDefinitions, 'x', { spec: { versions: [stored('v2', other)] } }),
      ...settled(customResourceDefinitions, 'x'),
      table(customResourceDefinitions, { fieldSelector: 'metadata.name=things.$ns.example.com' }),
      { method: 'GET', path: '/apis/$ns.example.com/v1/namespaces/$ns/things' },
      // The first to ask may be told to come again.
      {
        method: 'GET',
        path: '/apis/$ns.example.com/v2/namespaces/$ns/things?watch=true&timeoutSeconds=1',
        uncompared: true,
      },
      { method: 'GET', path: '/apis/$ns.example.com/v2/namespaces/$ns/things' },
      remove(customResourceDefinitions, 'x'),
    ],
  },
];
