/** What every cluster must survive, wherever its objects lie: its API server killed while clients write and watch. */
import assert from 'node:assert/strict';
import { loadKubeconfig, RestClient } from '@typernetes/openapi/client';
import type { ConfigMap } from '@typernetes/openapi/types/core/v1';
import type { TestCluster } from '../../scripts/cluster.mjs';
import { eventually, type Kubectl, processOf } from './cluster.ts';

/** A Deployment whose pods are ready; resolves to the pods' UIDs. */
export async function deploy(kubectl: Kubectl, name: string, replicas: number): Promise<string[]> {
  await kubectl.run(['create', 'deployment', name, '--image=example.test/app:1', `--replicas=${replicas}`]);
  await rolledOut(kubectl, name);
  return podUids(kubectl, name);
}

export async function rolledOut(kubectl: Kubectl, name: string): Promise<void> {
  await kubectl.run(['rollout', 'status', `deployment/${name}`, '--timeout=120s']);
}

export async function podUids(kubectl: Kubectl, name: string): Promise<string[]> {
  const output = await kubectl.run(['get', 'pods', '-l', `app=${name}`, '-o', 'jsonpath={.items[*].metadata.uid}']);
  return output.split(' ').filter(Boolean).sort();
}

export async function apiAnswers(kubectl: Kubectl): Promise<boolean> {
  return (await kubectl.result(['get', '--raw=/readyz', '--request-timeout=5s'])).code === 0;
}

export interface CrashFigures {
  acknowledged: number;
  refused: number;
  downMs: number;
}

/** SIGKILL in the middle of writes; resolves when the supervisor has it answering again and nothing acknowledged is lost. */
export async function killApiserverDuringWrites(
  cluster: TestCluster,
  kubectl: Kubectl,
  namespace: string,
): Promise<CrashFigures> {
  await kubectl.run(['create', 'namespace', namespace]);
  const client = new RestClient(loadKubeconfig(cluster.kubeconfig));
  const configMaps = client.resource<ConfigMap>({ group: '', version: 'v1', resource: 'configmaps' });
  const acknowledged = new Map<string, string>();
  let refused = 0;
  let next = 0;
  let killedAt: number | undefined;
  const victim = processOf(cluster, 'apiserver').pid;
  const writer = async (): Promise<void> => {
    while (killedAt === undefined) {
      const name = `write-${next++}`;
      try {
        const made = await configMaps.create(namespace, {
          apiVersion: 'v1',
          kind: 'ConfigMap',
          metadata: { name },
          data: { name },
        });
        acknowledged.set(name, made.metadata?.uid ?? '');
      } catch {
        refused += 1;
      }
      if (acknowledged.size >= 200 && killedAt === undefined) {
        killedAt = performance.now();
        process.kill(victim, 'SIGKILL');
      }
    }
  };
  try {
    await Promise.all(Array.from({ length: 16 }, writer));
    await eventually('the API server answers again', () => apiAnswers(kubectl));
    const downMs = performance.now() - (killedAt ?? Number.NaN);
    assert.notEqual(processOf(cluster, 'apiserver').pid, victim, 'another process serves');
    const list = await configMaps.list(namespace);
    const found = new Map(list.items.map(({ metadata, data }) => [metadata?.name ?? '', { metadata, data }]));
    for (const [name, uid] of acknowledged) {
      assert.equal(found.get(name)?.metadata?.uid, uid, `${name} was acknowledged`);
      assert.deepEqual(found.get(name)?.data, { name }, `${name} is whole`);
    }
    return { acknowledged: acknowledged.size, refused, downMs };
  } finally {
    client.close();
  }
}

/** A kubectl that waits for a rollout through a crash in the middle: its watch and the controllers' all go on. */
export async function watchThrough(kubectl: Kubectl, name: string, replicas: number, crash: () => Promise<void>) {
  const nodes = (await kubectl.run(['get', 'nodes', '-o', 'name'])).trim().split('\n');
  await kubectl.run(['cordon', ...nodes.map((node) => node.replace('node/', ''))]);
  await kubectl.run(['scale', `deployment/${name}`, `--replicas=${replicas}`]);
  const watching = kubectl.start(['rollout', 'status', `deployment/${name}`, '--timeout=200s']);
  assert.match(await watching.first, /Waiting for deployment/);
  await crash();
  await kubectl.run(['uncordon', ...nodes.map((node) => node.replace('node/', ''))]);
  const { code, output } = await watching.ended;
  assert.equal(code, 0, output);
  assert.match(output, /successfully rolled out/);
}
