/** What is served in several versions: written in one, read, owned and changed in another; and the versions that are off by default. */
import type { Case, Changes, Json, JsonObject, Kind, Step } from '../case.ts';
import { autoscalers, autoscalersV1, resourceClaims, resourceSlices } from '../kinds.ts';
import {
  otherVersions,
  resourceClaimsV1beta1,
  resourceClaimTemplatesV1beta1,
  resourceSlicesV1beta1,
  versionPairs,
} from '../other-versions.ts';
import {
  apply,
  create,
  get,
  item,
  list,
  nameOf,
  patch,
  remove,
  sub,
  tableAccept,
  update,
  updates,
  variants,
  withParameters,
} from '../requests.ts';
import { genericCases } from './generic.ts';
import { versionKindCases } from './version-kinds.ts';
import { writeCases } from './writes.ts';

const title = ({ apiVersion, resource }: Kind): string => `${apiVersion} ${resource}`;
const only = (kind: Kind) => ({ fieldSelector: `metadata.name=${nameOf(kind, 'one')}` });

/** Every way to read the one object. */
function reads(kind: Kind): Step[] {
  const headers = { accept: tableAccept };
  return [
    get(kind, 'one'),
    list(kind, only(kind)),
    get(kind, 'one', {}, { headers, label: 'as a Table' }),
    list(kind, only(kind), { headers, label: 'as a Table' }),
    list(kind, { ...only(kind), includeObject: 'Object' }, { headers, label: 'as a Table of objects' }),
    list(kind, only(kind), {
      headers: { accept: 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1' },
      label: 'metadata only',
    }),
    list(kind, { ...only(kind), watch: true, timeoutSeconds: 1 }, { label: 'watched' }),
    list(kind, { ...only(kind), watch: true, timeoutSeconds: 1 }, { headers, label: 'watched as a Table' }),
    sub('status', get(kind, 'one')),
  ];
}

/** Written in the one, changed and owned in both. */
const across = (one: Kind, other: Kind): Step[] => [
  create(one, 'one', { 'metadata/labels': { a: 'b' } }, {}, { as: 'made' }),
  ...reads(one),
  ...reads(other),
  patch('merge', other, 'one', { metadata: { annotations: { changed: 'there' } } }),
  patch('strategic', other, 'one', { metadata: { labels: { strategic: 'there' } } }),
  update(one, 'one', { 'metadata/resourceVersion': undefined, 'metadata/labels': { a: 'c' } }),
  apply(other, 'one', { 'metadata/labels': { a: 'd' } }, {}, { label: 'conflict' }),
  apply(other, 'one', { 'metadata/labels': { a: 'd' } }, { force: true }, { label: 'forced' }),
  apply(one, 'one', { 'metadata/labels': { a: 'd' } }, { fieldManager: 'second' }),
  apply(one, 'one', { 'metadata/labels': { a: 'd', c: 'e' } }, {}, { label: 'the same manager in the other version' }),
  apply(other, 'one', {}, {}, { label: 'less' }),
  patch('json', one, 'one', [{ op: 'test', path: '/apiVersion', value: one.apiVersion }], { dryRun: 'All' }),
  patch('merge', one, 'one', { apiVersion: other.apiVersion }, { dryRun: 'All' }),
  update(one, 'one', { apiVersion: other.apiVersion }, { dryRun: 'All' }, { label: 'of the other version' }),
  ...reads(other),
  remove(one, 'one'),
];

const selectors: Json = [{ cel: { expression: 'device.driver == "example.com"' } }];
const tolerations: Json = [{ key: 'example.com/a' }, { key: 'example.com/b', operator: 'Exists', effect: 'NoExecute' }];
const alternative: JsonObject = { name: 'small', deviceClassName: 'small.example.com', tolerations };

/** Requests of v1beta1 say flatly what v1 says under `exactly`. */
const requestChanges: Readonly<Record<string, JsonObject>> = {
  'nothing but a name': { name: 'gpu' },
  'no name': { deviceClassName: 'gpu.example.com' },
  'all devices': { name: 'gpu', deviceClassName: 'gpu.example.com', allocationMode: 'All' },
  'all devices and a count': { name: 'gpu', deviceClassName: 'gpu.example.com', allocationMode: 'All', count: 2 },
  'a count': { name: 'gpu', deviceClassName: 'gpu.example.com', count: 2 },
  'a negative count': { name: 'gpu', deviceClassName: 'gpu.example.com', count: -1 },
  'a mode of nonsense': { name: 'gpu', deviceClassName: 'gpu.example.com', allocationMode: 'Some' },
  'a mode without a class': { name: 'gpu', allocationMode: 'ExactCount' },
  'a count without a class': { name: 'gpu', count: 1 },
  'selectors without a class': { name: 'gpu', selectors },
  'no selectors without a class': { name: 'gpu', selectors: [] },
  'no tolerations without a class': { name: 'gpu', tolerations: [] },
  'a capacity without a class': { name: 'gpu', capacity: { requests: { memory: '1Gi' } } },
  'a bad class': { name: 'gpu', deviceClassName: 'Bad Class' },
  selectors: { name: 'gpu', deviceClassName: 'gpu.example.com', selectors },
  'bad selectors': { name: 'gpu', deviceClassName: 'gpu.example.com', selectors: [{ cel: { expression: '1 +' } }, {}] },
  tolerations: { name: 'gpu', deviceClassName: 'gpu.example.com', tolerations },
  'bad tolerations': {
    name: 'gpu',
    deviceClassName: 'gpu.example.com',
    tolerations: [{ operator: 'Like', key: 'a b' }],
  },
  'admin access': { name: 'gpu', deviceClassName: 'gpu.example.com', adminAccess: true },
  'no admin access': { name: 'gpu', deviceClassName: 'gpu.example.com', adminAccess: false },
  'a capacity': { name: 'gpu', deviceClassName: 'gpu.example.com', capacity: { requests: { memory: '1Gi' } } },
  alternatives: { name: 'gpu', firstAvailable: [alternative] },
  'alternatives and a class': { name: 'gpu', deviceClassName: 'gpu.example.com', firstAvailable: [alternative] },
  'no alternatives': { name: 'gpu', firstAvailable: [] },
  'a bad alternative': { name: 'gpu', firstAvailable: [{ ...alternative, count: -1, deviceClassName: '' }] },
  'as v1 says it': { name: 'gpu', exactly: { deviceClassName: 'gpu.example.com' } },
};

const requestVariants = (at: string): Record<string, Changes> =>
  Object.fromEntries(Object.entries(requestChanges).map(([label, request]) => [label, { [`${at}/0`]: request }]));

const basic = (device: JsonObject): Changes => ({ 'spec/devices/0': { name: 'gpu-0', basic: device } });
const nodeSelector: Json = { nodeSelectorTerms: [{ matchExpressions: [{ key: 'a', operator: 'Exists' }] }] };
const deviceChanges: Record<string, Changes> = {
  'no basic': { 'spec/devices/0/basic': undefined },
  'an empty basic': basic({}),
  'as v1 says it': { 'spec/devices/0': { name: 'gpu-0', attributes: { model: { string: 'a' } } } },
  'empty maps': basic({ attributes: {}, capacity: {}, taints: [], consumesCounters: [] }),
  attributes: basic({ attributes: { a: { int: 1 }, b: { bool: false }, 'c.example.com/d': { version: '1.0.0' } } }),
  'a bad name of an attribute': basic({ attributes: { 'a b': { int: 1 } } }),
  'two values of an attribute': basic({ attributes: { c: { int: 1, string: 'x' } } }),
  'a taint': basic({ taints: [{ key: 'a', effect: 'NoSchedule', timeAdded: '2026-01-02T03:04:05Z' }] }),
  'a taint without a time': basic({ taints: [{ key: 'a', effect: 'NoExecute' }] }),
  'bad taints': basic({ taints: [{ key: 'a b', effect: 'Nonsense' }] }),
  'a node of its own': basic({ nodeName: 'node' }),
  'a binding': basic({ bindsToNode: true, bindingConditions: ['a'], bindingFailureConditions: ['b'] }),
  'half a binding': basic({ bindingConditions: ['a'] }),
  'several allocations': basic({ allowMultipleAllocations: true }),
  counters: {
    'spec/sharedCounters': [{ name: 'set', counters: { memory: { value: '1Gi' } } }],
    ...basic({ consumesCounters: [{ counterSet: 'set', counters: { memory: { value: '1Gi' } } }] }),
  },
  mappings: basic({ nodeAllocatableResourceMappings: { cpu: { capacityKey: 'cpu' } } }),
  'all nodes as well': { 'spec/allNodes': true },
  'not all nodes': { 'spec/allNodes': false },
  'all nodes': { 'spec/nodeName': undefined, 'spec/allNodes': true },
  'no node': { 'spec/nodeName': '' },
  'no node, and not all': { 'spec/nodeName': undefined, 'spec/allNodes': false },
  'nodes by label': { 'spec/nodeName': undefined, 'spec/nodeSelector': nodeSelector },
  'nodes device by device': {
    'spec/nodeName': undefined,
    'spec/perDeviceNodeSelection': true,
    ...basic({ allNodes: true }),
  },
};

const rich: Json = [
  {
    name: 'gpu',
    deviceClassName: 'gpu.example.com',
    selectors,
    tolerations,
    capacity: { requests: { memory: '1Gi' } },
  },
  { name: 'any', firstAvailable: [alternative] },
];
const allocation: JsonObject = {
  devices: { results: [{ request: 'gpu', driver: 'example.com', pool: 'pool', device: 'gpu-0', tolerations }] },
};

const claims = resourceClaimsV1beta1;
const templates = resourceClaimTemplatesV1beta1;
const slices = resourceSlicesV1beta1;
const needs = [claims.apiVersion];

const devices: readonly Case[] = [
  { name: 'versions/claims of v1beta1', needs, steps: variants(claims, requestVariants('spec/devices/requests')) },
  {
    name: 'versions/claim templates of v1beta1',
    needs,
    steps: variants(templates, requestVariants('spec/spec/devices/requests')),
  },
  { name: 'versions/slices of v1beta1', needs, steps: variants(slices, deviceChanges) },
  { name: 'versions/slices of v1beta1 updated', needs, steps: updates(slices, deviceChanges) },
  {
    name: 'versions/claims of v1beta1 updated',
    needs,
    steps: updates(claims, requestVariants('spec/devices/requests')),
  },
  {
    name: 'versions/allocated claims of v1beta1',
    needs,
    steps: [
      create(claims, 'one', { 'spec/devices/requests': rich }),
      ...reads(resourceClaims),
      sub('status', patch('merge', claims, 'one', { status: { allocation } })),
      sub('status', apply(claims, 'one', { spec: undefined, status: { allocation } }, { dryRun: 'All' })),
      sub('status', apply(resourceClaims, 'one', { spec: undefined, status: { allocation } }, { dryRun: 'All' })),
      sub('status', update(claims, 'one', { 'spec/devices/requests': rich, status: {} }, { dryRun: 'All' })),
      ...reads(claims),
      ...reads(resourceClaims),
      patch('strategic', claims, 'one', { spec: { devices: { requests: [{ name: 'gpu', count: 2 }] } } }),
    ],
  },
  {
    name: 'versions/slices by what they say',
    needs,
    steps: ['spec.nodeName', 'spec.driver', 'spec.allNodes', 'metadata.name', 'spec.pool.name'].flatMap((label) =>
      [slices, resourceSlices].map((kind) => list(kind, { fieldSelector: `${label}=$ns` })),
    ),
  },
];

/** What v1 of an autoscaler tells in annotations. */
const measured: Changes = {
  'spec/metrics': [
    { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 70 } } },
    { type: 'Resource', resource: { name: 'memory', target: { type: 'AverageValue', averageValue: '1Gi' } } },
  ],
  'spec/behavior': { scaleDown: { stabilizationWindowSeconds: 5 } },
};
const autoscaling: Case = {
  name: 'versions/autoscalers and their annotations',
  steps: [
    create(autoscalers, 'one', { ...measured, 'metadata/annotations': { own: 'annotation' } }),
    ...reads(autoscalersV1),
    ...reads(autoscalers),
    {
      method: 'GET',
      path: withParameters(item(autoscalersV1, 'one'), { includeObject: 'Object' }),
      headers: { accept: tableAccept },
      label: 'as a Table of an object',
    },
    get(
      autoscalersV1,
      'one',
      {},
      {
        headers: { accept: 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1' },
        label: 'metadata only',
      },
    ),
    patch(
      'merge',
      autoscalersV1,
      'one',
      { metadata: { annotations: { more: 'of it' } } },
      {},
      {
        headers: { accept: tableAccept },
        label: 'answered with a Table',
      },
    ),
    remove(autoscalersV1, 'one', undefined, {}, { headers: { accept: tableAccept }, label: 'answered with a Table' }),
  ],
};

const needsOf = (name: string): string[] => [name.replace(/^\w+\/(\S+) .*$/, '$1')];

export function versionCases(): Case[] {
  return [
    ...[...genericCases(otherVersions), ...writeCases(otherVersions)].map((each) => ({
      ...each,
      needs: needsOf(each.name),
    })),
    ...versionPairs.flatMap(([one, other]) => [
      { name: `versions/${title(one)} as ${other.apiVersion}`, needs: [one.apiVersion], steps: across(one, other) },
      { name: `versions/${title(other)} as ${one.apiVersion}`, needs: [one.apiVersion], steps: across(other, one) },
    ]),
    ...devices,
    autoscaling,
    ...versionKindCases,
  ];
}
