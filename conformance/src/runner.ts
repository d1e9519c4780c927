/** Runs promises side by side, each in its namespace under its deadline, and collects what came of them. */
import { randomBytes } from 'node:crypto';
import { type Cluster, PromiseContext, SkipPromise } from './context.ts';
import { ApiHttp } from './http.ts';
import type { PromiseDefinition } from './promise.ts';

export interface PromiseOutcome {
  name: string;
  area: string;
  codename: string | undefined;
  result: 'passed' | 'failed' | 'skipped';
  durationMs: number;
  /** Why it failed or was skipped. */
  message: string;
  /** kubectl calls with their output, for failures. */
  transcript: readonly string[];
}

export interface RunOptions {
  parallel: number;
  onOutcome(outcome: PromiseOutcome): void;
}

export async function runPromises(
  promises: readonly PromiseDefinition[],
  cluster: Cluster,
  options: RunOptions,
): Promise<PromiseOutcome[]> {
  const outcomes: PromiseOutcome[] = [];
  const waiting = [...promises];
  const worker = async (): Promise<void> => {
    for (let definition = waiting.shift(); definition !== undefined; definition = waiting.shift()) {
      const outcome = await runOne(definition, cluster);
      outcomes.push(outcome);
      options.onOutcome(outcome);
    }
  };
  await Promise.all(Array.from({ length: Math.max(1, options.parallel) }, worker));
  return outcomes;
}

async function runOne(definition: PromiseDefinition, cluster: Cluster): Promise<PromiseOutcome> {
  const started = performance.now();
  const outcome = (
    result: PromiseOutcome['result'],
    message: string,
    transcript: readonly string[] = [],
  ): PromiseOutcome => ({
    name: definition.name,
    area: definition.area,
    codename: definition.codename,
    result,
    durationMs: performance.now() - started,
    message,
    transcript,
  });
  const missing = missingNeed(definition, cluster);
  if (missing !== undefined) return outcome('skipped', missing);

  const namespace = `promise-${randomBytes(5).toString('hex')}`;
  const http = new ApiHttp(cluster.access);
  const ending = new AbortController();
  const timer = setTimeout(
    () => ending.abort(new Error(`not done after ${definition.deadlineMs / 1000} s`)),
    definition.deadlineMs,
  );
  const context = new PromiseContext(cluster, namespace, ending.signal);
  try {
    const created = await http.request('POST', '/api/v1/namespaces', {
      body: { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
      signal: ending.signal,
    });
    if (created.status !== 201)
      return outcome('failed', `cannot make namespace ${namespace}: ${created.status} ${created.text()}`);
    await context.namespaceFilled();
    await definition.check(context);
    return outcome('passed', '');
  } catch (error) {
    if (error instanceof SkipPromise) return outcome('skipped', error.message);
    const message = error instanceof Error ? error.message : String(error);
    const late = ending.signal.aborted ? ` (not done after ${definition.deadlineMs / 1000} s)` : '';
    return outcome('failed', `${message}${late}`, context.kubectl.transcript);
  } finally {
    clearTimeout(timer);
    // Ends children and watches of the promise that are still there.
    ending.abort(new Error('the promise is over'));
    await context.cleanup();
    await http.request('DELETE', `/api/v1/namespaces/${namespace}`).catch(() => undefined);
    http.close();
  }
}

function missingNeed(definition: PromiseDefinition, cluster: Cluster): string | undefined {
  for (const need of definition.needs) {
    switch (need) {
      case 'containers':
        if (cluster.image === undefined) return 'needs nodes that run real containers and an image for them (--image)';
        break;
      case 'nodes':
        if (cluster.nodes === 0) return 'needs a Ready node';
        break;
      case 'kubectl':
        if (cluster.kubectl === undefined) return 'needs kubectl on PATH or --kubectl';
        break;
      default:
        return need satisfies never;
    }
  }
  return undefined;
}
