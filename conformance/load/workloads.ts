/** The loads, in the order they run: each works on what those before it left. */
import type { Call } from './connection.ts';
import { watchFanOut } from './fan-out.ts';
import type { Sample } from './measure.ts';
import { deployment, pod, podStatus } from './objects.ts';
import { type Target, unexpected } from './target.ts';

export interface LoadOptions {
  /** Pods that are made and listed. */
  objects: number;
  clients: number;
  watchers: number;
  rounds: number;
}

/** The first round warms both sides up and is not counted. */
export const warmUp = -1;

export interface Workload {
  name: string;
  /** Makes ready for a round, unmeasured; what it returns is measured. */
  prepare(target: Target, round: number): Promise<() => Promise<Sample>>;
}

interface Requests {
  name: string;
  /** Per round. */
  total: number;
  clients: number;
  calls: (target: Target, round: number) => ((index: number) => Call) | Promise<(index: number) => Call>;
}

const warmUpRequests = 500;

function requests({ name, total, clients, calls }: Requests): Workload {
  return {
    name,
    async prepare(target, round) {
      const count = round === warmUp ? Math.min(total, warmUpRequests) : total;
      const call = await calls(target, round);
      return async () => {
        const times: number[] = [];
        let bytes = 0;
        let next = 0;
        const started = performance.now();
        const work = async (connection: Target['connections'][number]): Promise<void> => {
          for (let index = next++; index < count; index = next++) {
            const sent = call(index);
            const begun = performance.now();
            const answer = await connection.request(sent);
            times.push(performance.now() - begun);
            bytes += answer.size;
            if (answer.status >= 300) throw unexpected(sent, answer);
          }
        };
        await Promise.all(target.connections.slice(0, clients).map(work));
        return { times, seconds: (performance.now() - started) / 1000, bytes };
      };
    },
  };
}

const json = { 'Content-Type': 'application/json' };
const mergePatch = { 'Content-Type': 'application/merge-patch+json' };
const strategicPatch = { 'Content-Type': 'application/strategic-merge-patch+json' };
const applyPatch = { 'Content-Type': 'application/apply-patch+yaml' };

export function workloads({ objects, clients, watchers, rounds }: LoadOptions): Workload[] {
  const perRound = Math.ceil(objects / rounds);
  const updated = Math.min(perRound, 1_000);
  const all = (target: Target, index: number): string => `${target.pods}/pod-${index % (perRound * rounds)}`;
  const list = (name: string, headers: Record<string, string>, query = ''): Workload =>
    requests({
      name,
      total: 5,
      clients: 1,
      calls: (target) => () => ({ method: 'GET', path: target.pods + query, headers }),
    });
  return [
    requests({
      name: 'create',
      total: perRound,
      clients,
      calls(target, round) {
        const owner = { name: 'owner', uid: target.ownerUid };
        // The names of the uncounted round come again: that one ends with their deletion.
        const first = Math.max(round, 0) * perRound;
        const query = round === warmUp ? '?dryRun=All' : '';
        return (index) => ({
          method: 'POST',
          path: target.pods + query,
          headers: json,
          body: pod(`pod-${first + index}`, owner),
        });
      },
    }),
    requests({
      name: 'patch status',
      total: perRound,
      clients,
      calls: (target, round) => (index) => ({
        method: 'PATCH',
        path: `${target.pods}/pod-${Math.max(round, 0) * perRound + index}/status?fieldManager=kubelet`,
        headers: strategicPatch,
        body: podStatus(index, round === warmUp ? '2025-12-31T00:00:00Z' : '2026-01-01T00:00:00Z'),
      }),
    }),
    requests({
      name: 'get',
      total: Math.max(2_000, perRound),
      clients,
      calls: (target, round) => (index) => ({ method: 'GET', path: all(target, round * 613 + 613 + index) }),
    }),
    requests({
      name: 'merge patch',
      total: updated,
      clients,
      calls: (target, round) => (index) => ({
        method: 'PATCH',
        path: all(target, index),
        headers: mergePatch,
        body: JSON.stringify({ metadata: { annotations: { patched: `${round}-${index}` } } }),
      }),
    }),
    requests({
      name: 'update',
      total: updated,
      clients,
      async calls(target, round) {
        const { body } = await target.send({ method: 'GET', path: `${target.pods}?limit=${updated}` }, 200);
        const { items } = JSON.parse(String(body)) as { items: PodLike[] };
        const bodies = items.map((item) => {
          item.metadata.annotations = { ...item.metadata.annotations, updated: String(round) };
          return { path: `${target.pods}/${item.metadata.name}`, body: JSON.stringify(item) };
        });
        return (index) => ({ method: 'PUT', headers: json, ...bodies[index]! });
      },
    }),
    requests({
      name: 'apply',
      total: updated,
      clients,
      calls: (target, round) => (index) => ({
        method: 'PATCH',
        path: `${target.deployments}/deployment-${index % 100}?fieldManager=load&force=true`,
        headers: applyPatch,
        body: deployment(`deployment-${index % 100}`, (round + 1) * updated + index),
      }),
    }),
    list('list', { Accept: 'application/json' }),
    list('list gzip', { Accept: 'application/json', 'Accept-Encoding': 'gzip' }),
    list('list protobuf', { Accept: 'application/vnd.kubernetes.protobuf' }),
    list('list Table', { Accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' }),
    list('list metadata', { Accept: 'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io' }),
    requests({
      name: 'list by label',
      total: 50,
      clients: 4,
      calls: (target) => (index) => ({ method: 'GET', path: `${target.pods}?labelSelector=index%3Dpod-${index}` }),
    }),
    { name: 'watch fan-out', prepare: (target, round) => watchFanOut(target, watchers, round === warmUp ? 5 : 50) },
    requests({
      name: 'delete',
      total: perRound,
      clients,
      calls(target, round) {
        const query = round === warmUp ? '&dryRun=All' : '';
        const first = Math.max(round, 0) * perRound;
        return (index) => ({
          method: 'DELETE',
          path: `${target.pods}/pod-${first + index}?gracePeriodSeconds=0${query}`,
        });
      },
    }),
  ];
}

interface PodLike {
  metadata: { name: string; annotations?: Record<string, string> };
}
