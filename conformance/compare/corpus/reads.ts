/** Media types, selectors, lists and watches, shown on small kinds. */
import type { Case } from '../case.ts';
import { configMaps, pods, secrets } from '../kinds.ts';
import { collection, create, get, list, type Parameters, patch, post, remove, tableAccept } from '../requests.ts';

const dry = { dryRun: 'All' };
const yaml = { 'content-type': 'application/yaml' };
const configMapYaml = 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: text\ndata:\n  a: "1"\n';

export const readCases: readonly Case[] = [
  {
    name: 'objects/media types',
    steps: [
      post(configMaps, configMapYaml, dry, { headers: yaml, label: 'YAML' }),
      post(configMaps, '- a\n- b\n', dry, { headers: yaml, label: 'a YAML list' }),
      post(configMaps, 'a: [b', dry, { headers: yaml, label: 'broken YAML' }),
      post(configMaps, '{}', dry, { headers: { 'content-type': 'text/plain' } }),
      post(configMaps, '{}', dry, { headers: { 'content-type': 'nonsense' } }),
      post(configMaps, '{}', dry, {
        headers: { 'content-type': 'application/json; charset=utf-8' },
        label: 'a charset',
      }),
      post(configMaps, 'not protobuf', dry, { headers: { 'content-type': 'application/vnd.kubernetes.protobuf' } }),
      list(configMaps, {}, { headers: { accept: 'text/html' } }),
      list(configMaps, {}, { headers: { accept: 'application/json;as=Table;v=v2;g=meta.k8s.io' } }),
      list(configMaps, {}, { headers: { accept: 'application/json;as=Nonsense;v=v1;g=meta.k8s.io,application/json' } }),
      list(configMaps, { includeObject: 'Nonsense' }, { headers: { accept: tableAccept } }),
      list(configMaps, { includeObject: 'None' }, { headers: { accept: tableAccept } }),
      list(configMaps, { includeObject: 'Object' }, { headers: { accept: tableAccept } }),
      get(configMaps, 'absent', {}, { headers: { accept: 'application/yaml' } }),
      list(configMaps, { pretty: 'true' }),
    ],
  },
  {
    name: 'objects/selectors',
    steps: [
      create(configMaps, 'red', { 'metadata/labels': { color: 'red', size: 'big' } }),
      create(configMaps, 'blue', { 'metadata/labels': { color: 'blue' } }),
      create(configMaps, 'plain'),
      ...[
        'color=red',
        'color==red',
        'color!=red',
        'color in (red,blue)',
        'color notin (red)',
        'color',
        '!color',
        'color=red,size=big',
        'color in ()',
        'color in (red',
        'color===red',
        'color=a b',
        '=red',
        'color=red,',
        'size>5',
        'size<x',
        'Bad_Prefix!/x=y',
        `color=${'v'.repeat(64)}`,
      ].map((labelSelector) => list(configMaps, { labelSelector }, { label: labelSelector })),
      ...[
        'metadata.name=red',
        'metadata.name!=red',
        'metadata.name=red,metadata.name=blue',
        'metadata.namespace=elsewhere',
        'metadata.uid=1',
        'metadata.name',
        'metadata.name=\\,',
        'metadata.name=\\x',
        'a=b=c',
        '',
      ].map((fieldSelector) => list(configMaps, { fieldSelector }, { label: fieldSelector })),
      ...['spec.nodeName=', 'status.phase=Pending', 'spec.restartPolicy=Always', 'status.podIP=', 'spec.image=x'].map(
        (fieldSelector) => list(pods, { fieldSelector }, { label: fieldSelector }),
      ),
      list(secrets, { fieldSelector: 'type=Opaque' }),
      {
        ...remove(configMaps, 'x', undefined, {}),
        path: `${collection(configMaps)}?labelSelector=color%3Dred`,
        label: 'a collection',
      },
      list(configMaps, { labelSelector: 'color' }, { label: 'after that' }),
    ],
  },
  {
    name: 'objects/lists: versions, limits and tokens',
    steps: [
      create(configMaps, 'a', {}, {}, { as: 'a' }),
      create(configMaps, 'b'),
      create(configMaps, 'c', {}, {}, { as: 'c' }),
      list(configMaps, { limit: 2 }, { as: 'page' }),
      list(configMaps, { limit: 2, continue: '{{page.metadata.continue}}' }),
      list(configMaps, { limit: 2, continue: '{{page.metadata.continue}}', resourceVersion: '1' }),
      list(configMaps, { limit: -1 }),
      list(configMaps, { limit: 'x' }),
      list(configMaps, { resourceVersion: '0' }),
      list(configMaps, { resourceVersion: '{{a.metadata.resourceVersion}}' }),
      list(configMaps, { resourceVersion: '{{a.metadata.resourceVersion}}', resourceVersionMatch: 'Exact' }),
      list(configMaps, { resourceVersion: '{{a.metadata.resourceVersion}}', resourceVersionMatch: 'NotOlderThan' }),
      list(configMaps, { resourceVersionMatch: 'Exact' }),
      list(configMaps, { resourceVersion: '0', resourceVersionMatch: 'Exact' }),
      list(configMaps, { resourceVersion: '1', resourceVersionMatch: 'Nonsense' }),
      list(configMaps, { resourceVersion: '-1' }),
      list(configMaps, { resourceVersion: '99999999999999999999999' }),
      list(configMaps, { sendInitialEvents: true }),
      list(configMaps, { timeoutSeconds: 'x' }),
      list(configMaps, { watch: 'nonsense' }),
      get(configMaps, 'a', { resourceVersion: '0' }),
      get(configMaps, 'a', { resourceVersion: 'x' }),
      get(configMaps, 'a', { resourceVersion: '{{c.metadata.resourceVersion}}' }),
    ],
  },
  {
    name: 'objects/watches',
    steps: [
      create(configMaps, 'a', { 'metadata/labels': { in: 'yes' } }, {}, { as: 'a' }),
      patch('merge', configMaps, 'a', { data: { key: 'other' } }),
      patch('merge', configMaps, 'a', { metadata: { labels: { in: 'no' } } }),
      patch('merge', configMaps, 'a', { metadata: { labels: { in: 'yes' } } }),
      remove(configMaps, 'a'),
      ...[
        {} as Parameters,
        { labelSelector: 'in=yes' },
        { fieldSelector: 'metadata.name=a' },
        { fieldSelector: 'metadata.name=b' },
      ].map((selection: Parameters) =>
        list(
          configMaps,
          { watch: true, resourceVersion: '{{a.metadata.resourceVersion}}', timeoutSeconds: 1, ...selection },
          { label: JSON.stringify(selection) },
        ),
      ),
      list(
        configMaps,
        { watch: true, resourceVersion: '{{a.metadata.resourceVersion}}', timeoutSeconds: 1 },
        { headers: { accept: tableAccept }, label: 'as Tables' },
      ),
      list(
        configMaps,
        { watch: true, resourceVersion: '{{a.metadata.resourceVersion}}', timeoutSeconds: 1 },
        { headers: { accept: 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1' }, label: 'metadata only' },
      ),
      list(configMaps, { watch: true, resourceVersion: 'x', timeoutSeconds: 1 }),
      list(configMaps, { watch: true, sendInitialEvents: true, timeoutSeconds: 1 }, { label: 'no match' }),
      list(configMaps, { watch: true, sendInitialEvents: true, resourceVersionMatch: 'Exact', timeoutSeconds: 1 }),
      list(configMaps, { watch: true, resourceVersionMatch: 'NotOlderThan', timeoutSeconds: 1 }),
      list(configMaps, { watch: true, timeoutSeconds: 1, labelSelector: 'a in (' }),
    ],
  },
];
