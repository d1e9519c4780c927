/** Wires discovery, watches, graph and the two queues together. */
import { Controller, delay, type KnownResource, type Running } from '@typernetes/openapi/client';
import type { KubernetesObject } from '@typernetes/openapi/meta';
import type { ControllerContext } from '../context.ts';
import { type DiscoveredResource, discover } from '../discovery/discovery.ts';
import { messageOf } from '../pods/pod-control.ts';
import { type CollectorOptions, DeleteAttempt, OrphanAttempt } from './collector.ts';
import { type GraphChange, OwnerGraph } from './graph.ts';
import { Monitors } from './monitors.ts';

const resyncMs = 30_000;
const retryMs = 1000;
const workers = 20;

export function startGarbageCollector(context: ControllerContext): Running {
  const client = context.clientFor('generic-garbage-collector');
  const graph = new OwnerGraph();
  let discovered: readonly DiscoveredResource[] = [];
  const applied = (change: GraphChange): void => {
    for (const uid of change.attemptToDelete) deletions.queue.add(uid);
    for (const uid of change.attemptToOrphan) orphans.queue.add(uid);
  };
  const options: CollectorOptions = {
    client,
    graph,
    recorder: context.recorderFor(client, 'garbage-collector-controller'),
    resourceOf: (apiVersion, kind) => resourceOf(discovered, apiVersion, kind),
    attemptToDelete: (uid) => deletions.queue.add(uid),
    absent: (uid) => applied(graph.delete(uid)),
  };
  const monitors = new Monitors(client, context, {
    put: (identity, object) => applied(graph.put(identity, object)),
    delete: (uid) => applied(graph.delete(uid)),
  });
  const stopping = new AbortController();
  const { signal } = stopping;
  const firstSync = Promise.withResolvers<void>();
  signal.addEventListener('abort', () => firstSync.resolve());
  const shared = { concurrency: workers, synced: [firstSync.promise], clock: context.clock, logger: context.logger };
  const deletions = new Controller({
    ...shared,
    name: 'garbage_collector_attempt_to_delete',
    reconciler: new DeleteAttempt(options),
  });
  const orphans = new Controller({
    ...shared,
    name: 'garbage_collector_attempt_to_orphan',
    reconciler: new OrphanAttempt(options),
  });

  const resync = async (): Promise<void> => {
    // What the others watch is shared, and they come first.
    await context.informers.waitForSync(signal);
    while (!signal.aborted) {
      let wait = resyncMs;
      try {
        const { resources, failed } = await discover(client, signal);
        discovered = resources;
        monitors.update(resources, failed);
        void monitors.synced.then(() => firstSync.resolve());
      } catch (error) {
        if (signal.aborted) break;
        context.logger.warn({ controller: 'garbagecollector', error: messageOf(error) }, 'discovery failed');
        wait = retryMs;
      }
      await delay(context.clock, wait, signal);
    }
  };
  const resyncing = resync();
  const running = [deletions.start(), orphans.start()];
  return {
    ready: firstSync.promise,
    stop: async () => {
      stopping.abort();
      monitors.stop();
      await Promise.all([resyncing, ...running.map((entry) => entry.stop())]);
    },
  };
}

/** Kinds are looked up in the reference's own version, else in any of the group. */
function resourceOf(
  discovered: readonly DiscoveredResource[],
  apiVersion: string,
  kind: string,
): KnownResource<KubernetesObject> | undefined {
  const slash = apiVersion.indexOf('/');
  const group = slash === -1 ? '' : apiVersion.slice(0, slash);
  const version = apiVersion.slice(slash + 1);
  const candidates = discovered.filter((entry) => entry.group === group && entry.kind === kind);
  return candidates.find((entry) => entry.version === version) ?? candidates[0];
}
