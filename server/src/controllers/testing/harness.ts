/** Starts controllers against a fake API server, and plays the parts of scheduler and kubelet on demand. */
import {
  type Clock,
  EventRecorder,
  type Running,
  resources,
  SharedInformerFactory,
  silentLogger,
  systemClock,
} from '@typernetes/openapi/client';
import { type FakeApiResource, FakeApiServer } from '@typernetes/openapi/client/testing';
import type { Event, Pod } from '@typernetes/openapi/types/core/v1';
import type { ControllerContext, ControllerSettings, StartController } from '../context.ts';

const devices = { group: 'resource.k8s.io', version: 'v1' };

export const discovery: readonly FakeApiResource[] = [
  ...Object.values(resources).map(({ group, version, resource, kind, namespaced }) => ({
    group,
    version,
    resource,
    kind,
    namespaced,
  })),
  { ...devices, resource: 'resourceclaims', kind: 'ResourceClaim', namespaced: true },
  { ...devices, resource: 'deviceclasses', kind: 'DeviceClass', namespaced: false },
];

const defaults: ControllerSettings = {
  allocateNodeCidrs: true,
  clusterCidrs: ['10.244.0.0/16'],
  serviceClusterIpRanges: ['10.96.0.0/16'],
  nodeCidrMaskSizeIpv4: 24,
  nodeCidrMaskSizeIpv6: 64,
  rootCa: 'CERTIFICATE',
  serviceAccountKey: undefined,
  clusterSigning: undefined,
  nodeMonitorPeriodMs: 20,
  nodeMonitorGracePeriodMs: 200,
  nodeStartupGracePeriodMs: 200,
  terminatedPodGcThreshold: 100,
  legacyTokenCleanUpPeriodMs: 365 * 86_400_000,
};

export interface Harness {
  server: FakeApiServer;
  events(): Event[];
  stop(): Promise<void>;
}

/** The system's clock, set to a time at which no minute and no day ends while a test runs. */
export function clockFrom(start: string): Clock {
  const shift = Date.parse(start) - Date.now();
  return { ...systemClock, now: () => Date.now() + shift };
}

export async function startHarness(
  start: readonly StartController[],
  settings: Partial<ControllerSettings> = {},
  /** What is there before the controllers start. */
  prepare: (server: FakeApiServer) => void = () => undefined,
  clock: Clock = systemClock,
): Promise<Harness> {
  const server = await FakeApiServer.start({ discovery });
  prepare(server);
  const stopping = new AbortController();
  const client = server.client();
  const informers = new SharedInformerFactory(client, { freeze: true });
  const recorders: EventRecorder[] = [];
  const context: ControllerContext = {
    informers,
    clock,
    random: Math.random,
    logger: silentLogger,
    options: { ...defaults, ...settings },
    client,
    clientFor: () => client,
    recorderFor: (recording, component) => {
      const recorder = new EventRecorder(recording, { component });
      recorders.push(recorder);
      return recorder;
    },
  };
  const running: Running[] = start.map((entry) => entry(context));
  informers.start(stopping.signal);
  await Promise.all(running.map((entry) => entry.ready));
  return {
    server,
    events: () => server.list(resources.events),
    stop: async () => {
      await Promise.all(running.map((entry) => entry.stop()));
      await Promise.all(recorders.map((recorder) => recorder.stop()));
      stopping.abort();
      await informers.stopped();
      await server.stop();
    },
  };
}

/** A kubelet that runs every pod at once, as long as `ready` says so; stops when told. */
export function runPods(server: FakeApiServer, ready: (pod: Pod) => boolean = () => true): () => void {
  let address = 1;
  const settle = (pod: Pod): void => {
    if (pod.status?.phase === 'Running' || pod.metadata?.deletionTimestamp || !ready(pod)) return;
    const now = new Date().toISOString();
    const podIP = `10.244.0.${address++}`;
    server.put(resources.pods, {
      ...pod,
      spec: { containers: [], ...pod.spec, nodeName: pod.spec?.nodeName ?? 'node-1' },
      status: {
        phase: 'Running',
        podIP,
        podIPs: [{ ip: podIP }],
        conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: now }],
      },
    });
  };
  return server.onChange((change) => {
    if (change.resource !== '/pods' || change.type === 'DELETED') return;
    const { name = '', namespace } = change.object.metadata ?? {};
    setImmediate(() => {
      const pod = server.get(resources.pods, namespace, name);
      if (pod) settle(pod);
    });
  });
}

/** How a pod ends: a phase, or an exit code other than 0 of its first container. Undefined: it runs on. */
export type PodOutcome = 'Succeeded' | 'Failed' | number | undefined;

/** A kubelet whose pods end at once, as `outcome` says; it also lets go of pods being deleted. */
export function endPods(server: FakeApiServer, outcome: (pod: Pod) => PodOutcome): () => void {
  const settle = (pod: Pod): void => {
    const { phase } = pod.status ?? {};
    if (phase === 'Succeeded' || phase === 'Failed') return;
    const result = pod.metadata?.deletionTimestamp ? 'Failed' : outcome(pod);
    if (result === undefined && phase === 'Running') return;
    const exitCode = result === 'Succeeded' ? 0 : result === 'Failed' ? 1 : (result ?? 0);
    const name = pod.spec?.containers[0]?.name ?? 'c';
    const now = new Date().toISOString();
    const terminated = { exitCode, finishedAt: now };
    server.put(resources.pods, {
      ...pod,
      status: {
        phase: result === undefined ? 'Running' : exitCode === 0 ? 'Succeeded' : 'Failed',
        conditions: [{ type: 'Ready', status: result === undefined ? 'True' : 'False', lastTransitionTime: now }],
        ...(result === undefined
          ? {}
          : {
              containerStatuses: [
                { name, image: '', imageID: '', ready: false, restartCount: 0, state: { terminated } },
              ],
            }),
      },
    });
  };
  return server.onChange((change) => {
    if (change.resource !== '/pods' || change.type === 'DELETED') return;
    const { name = '', namespace } = change.object.metadata ?? {};
    setImmediate(() => {
      const pod = server.get(resources.pods, namespace, name);
      if (pod) settle(pod);
    });
  });
}
