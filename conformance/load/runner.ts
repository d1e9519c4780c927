/** Runs the workloads against one target or two, in turns, so that what disturbs the machine disturbs both alike. */
import { type Figures, Measurement } from './measure.ts';
import type { Target } from './target.ts';
import { type LoadOptions, type Workload, warmUp } from './workloads.ts';

export interface Results {
  /** By name of the workload. */
  operations: Record<string, Figures>;
  /** MiB of the API server with its etcd: with all pods there, and when everything was measured. */
  memory?: { filled: number; atEnd: number };
}

/** What was held for a moment is gone by then. */
const settleMs = 3_000;
const fills = 'patch status';

export async function runLoad(
  targets: readonly Target[],
  loads: readonly Workload[],
  { rounds }: LoadOptions,
  progress: (text: string) => void,
): Promise<Results[]> {
  const results = targets.map((): Results => ({ operations: {} }));
  let filled: (number | undefined)[] = [];
  for (const load of loads) {
    progress(load.name);
    const measurements = targets.map(() => new Measurement());
    for (let round = warmUp; round < rounds; round += 1) {
      for (const index of order(targets.length, round)) {
        const target = targets[index]!;
        const work = await load.prepare(target, round);
        const before = target.cpu();
        const sample = await work();
        if (round !== warmUp) measurements[index]?.add(sample, target.cpu() - before);
      }
    }
    for (const [index, measurement] of measurements.entries())
      results[index]!.operations[load.name] = measurement.figures();
    if (load.name === fills) filled = await settledMemory(targets);
    if (load.name === loads.at(-2)?.name) {
      for (const [index, atEnd] of (await settledMemory(targets)).entries()) {
        const then = filled[index];
        if (atEnd !== undefined && then !== undefined) results[index]!.memory = { filled: then, atEnd };
      }
    }
  }
  return results;
}

/** Who goes first changes from round to round. */
function order(count: number, round: number): number[] {
  const indexes = Array.from({ length: count }, (_, index) => index);
  return round % 2 === 0 ? indexes : indexes.reverse();
}

async function settledMemory(targets: readonly Target[]): Promise<(number | undefined)[]> {
  await new Promise((resolve) => setTimeout(resolve, settleMs));
  return targets.map((target) => target.memory());
}
