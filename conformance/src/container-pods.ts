/** Pods with one container that runs what a promise needs, and what their status says. */
import assert from 'node:assert/strict';
import type { PromiseContext } from './context.ts';
import { until } from './until.ts';
import type { WatchedObject } from './watch.ts';

interface ContainerStatus {
  name: string;
  ready: boolean;
  restartCount: number;
  state: {
    running?: object;
    waiting?: { reason: string };
    terminated?: { exitCode: number; reason: string; message?: string };
  };
  lastState?: { terminated?: { exitCode: number; reason: string } };
}

export const statuses = (pod: WatchedObject | undefined): ContainerStatus[] =>
  (pod?.status?.['containerStatuses'] ?? []) as ContainerStatus[];

export const phase = (pod: WatchedObject | undefined): string => String(pod?.status?.['phase'] as string | undefined);

export async function runPod(
  context: PromiseContext,
  name: string,
  container: object,
  spec: object = {},
): Promise<WatchedObject> {
  return context.create('v1', 'pods', {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, labels: { app: name } },
    spec: {
      terminationGracePeriodSeconds: 1,
      containers: [{ name: 'main', image: context.image, ...container }],
      ...spec,
    },
  });
}

export async function running(context: PromiseContext, name: string): Promise<WatchedObject> {
  return context.waitForObject(
    'v1',
    'pods',
    name,
    (pod) => statuses(pod).length > 0 && statuses(pod).every(({ ready }) => ready) && pod,
  );
}

/** Asserts what a container has written; that comes a moment after it runs. */
export async function logged(context: PromiseContext, name: string, expected: string): Promise<void> {
  let text = '';
  await until(context, async () => {
    text = await context.kubectl.run(['logs', name]);
    return text.length >= expected.length;
  });
  assert.equal(text, expected);
}

export const shell = (script: string): { command: string[] } => ({ command: ['sh', '-c', script] });
