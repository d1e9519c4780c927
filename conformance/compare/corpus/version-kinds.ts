/** Kinds that only versions off by default have: what is right and wrong in them. */
import type { Case, Changes, Json, JsonObject, Kind, Step } from '../case.ts';
import { leaseCandidates, poolStatusRequests, storageVersions, taintRules } from '../other-versions.ts';
import { made, patch, sub, updates, variants } from '../requests.ts';

/** Each on its own: nothing is kept. */
const statuses = (kind: Kind, each: readonly JsonObject[]): Step[] => [
  ...made(kind, 'one'),
  ...each.map((status) =>
    sub('status', patch('merge', kind, 'one', { status }, { dryRun: 'All' }, { label: JSON.stringify(status) })),
  ),
];

const of = (kind: Kind, title: string, steps: readonly Step[]): Case => ({
  name: `versions/${kind.resource} of ${kind.apiVersion}: ${title}`,
  needs: [kind.apiVersion],
  steps,
});

const candidates: Record<string, Changes> = {
  'no spec': { spec: {} },
  'a binary of nonsense': { 'spec/binaryVersion': '1.x' },
  'an emulation of nonsense': { 'spec/emulationVersion': '1.36' },
  'both of nonsense': { 'spec/binaryVersion': 'v1', 'spec/emulationVersion': 'v1' },
  'a newer emulation': { 'spec/emulationVersion': '1.37.0' },
  'an older emulation': { 'spec/emulationVersion': '1.35.0' },
  'a release before the release': { 'spec/binaryVersion': '1.36.0-rc.1' },
  'no emulation': { 'spec/emulationVersion': undefined },
  'a strategy of nonsense': { 'spec/strategy': 'Nonsense' },
  'a strategy of its own': { 'spec/strategy': 'example.com/own', 'spec/emulationVersion': undefined },
  'a bad strategy of its own': { 'spec/strategy': 'example com/own/it' },
};

const requests: Record<string, Changes> = {
  'no spec': { spec: {} },
  'a bad driver': { 'spec/driver': 'Bad Driver' },
  'a driver in capitals': { 'spec/driver': 'Example.com' },
  'a long driver': { 'spec/driver': 'a'.repeat(64) },
  'a pool': { 'spec/poolName': 'a/b' },
  'a bad pool': { 'spec/poolName': 'A b' },
  'no name of a pool': { 'spec/poolName': '' },
  'limit 0': { 'spec/limit': 0 },
  'a limit past the most': { 'spec/limit': 1001 },
  'the highest limit': { 'spec/limit': 1000 },
  'a status': { status: { poolCount: 1 } },
};

const complete: Json = {
  type: 'Complete',
  status: 'True',
  lastTransitionTime: '2026-01-02T03:04:05Z',
  reason: 'Done',
  message: '',
};
const pool: JsonObject = { driver: 'example.com', poolName: 'pool', generation: 1 };
const pools = (...changes: readonly JsonObject[]): JsonObject => ({
  poolCount: 1,
  pools: changes.map((change) => ({ ...pool, ...change })),
});
const answers: readonly JsonObject[] = [
  {},
  { poolCount: 0 },
  { poolCount: -1 },
  { poolCount: 1, conditions: [complete] },
  { poolCount: 1, conditions: [complete, complete] },
  pools({}),
  pools({ driver: '', poolName: '', generation: 0 }),
  pools({ driver: 'Bad Driver', poolName: 'Bad Pool', generation: -1 }),
  pools({
    resourceSliceCount: 0,
    totalDevices: -1,
    allocatedDevices: -1,
    availableDevices: -1,
    unavailableDevices: -1,
  }),
  pools({ totalDevices: 3, allocatedDevices: 2, availableDevices: 1, unavailableDevices: 0 }),
  pools({ nodeName: 'Bad Node', validationError: 'x'.repeat(257) }),
];

const server = (change: JsonObject = {}): JsonObject => ({
  apiServerID: 'one',
  encodingVersion: 'v1',
  decodableVersions: ['v1', 'example.com/v1'],
  ...change,
});
const agreed = (...servers: JsonObject[]): JsonObject => ({ storageVersions: servers, commonEncodingVersion: 'v1' });
const reported: readonly JsonObject[] = [
  agreed(server()),
  { storageVersions: [server()] },
  { commonEncodingVersion: 'v1' },
  { ...agreed(server()), commonEncodingVersion: 'v2' },
  agreed(server(), server({ apiServerID: 'two', encodingVersion: 'example.com/v1' })),
  agreed(server(), server()),
  agreed(server({ apiServerID: 'Bad ID' })),
  agreed(server({ decodableVersions: ['v2'] })),
  agreed(server({ decodableVersions: ['v1', 'a/b/c', 'V 1', '/v1', 'a b/v1', 'a/'] })),
  agreed(server({ servedVersions: ['v1', 'v3'] })),
  { storageVersions: [server({ encodingVersion: '' })] },
  { conditions: [{ type: 'A', status: 'True', reason: 'R', message: 'm' }] },
  { conditions: [{ type: 'A', status: 'True' }, { type: 'A', status: 'b c' }, {}] },
];

const rules: Record<string, Changes> = {
  'no effect': { 'spec/taint/effect': undefined },
  'an effect of nonsense': { 'spec/taint/effect': 'Nonsense' },
  'no key': { 'spec/taint/key': undefined },
  'no time': { 'spec/taint/timeAdded': undefined },
  'a bad value': { 'spec/taint/value': 'a b' },
  'no selector': { 'spec/deviceSelector': undefined },
  'a bad selector': { 'spec/deviceSelector': { driver: 'Bad Driver', pool: 'A b', device: 'a.b' } },
  'a class': { 'spec/deviceSelector': { deviceClassName: 'gpu.example.com' } },
};

const bothVersions = [taintRules('v1beta2'), taintRules('v1alpha3')];
const bothCandidates = [leaseCandidates('v1beta1'), leaseCandidates('v1alpha2')];

export const versionKindCases: readonly Case[] = [
  ...bothCandidates.flatMap((kind) => [of(kind, 'new', variants(kind, candidates))]),
  ...bothVersions.map((kind) => of(kind, 'new', variants(kind, rules))),
  of(poolStatusRequests, 'new', variants(poolStatusRequests, requests)),
  of(poolStatusRequests, 'updated', updates(poolStatusRequests, requests)),
  of(poolStatusRequests, 'answered', statuses(poolStatusRequests, answers)),
  of(storageVersions, 'reported', statuses(storageVersions, reported)),
];
