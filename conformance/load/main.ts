/**
 * `npm run load -- --kubeconfig A [--against B]`: what an API server can do, side by side in one run where two are
 * given. `--cold-start` measures `typernetes up` from nothing to a Ready node, and the memory of all its processes.
 */
import { Command, InvalidArgumentError } from 'commander';
import { loadClusterAccess } from '../src/kubeconfig.ts';
import { coldStart } from './cold-start.ts';
import type { Figures } from './measure.ts';
import { type LoadOptions, type Results, runLoad } from './workloads.ts';

interface Options extends LoadOptions {
  kubeconfig?: string;
  against?: string;
  coldStart?: number;
  up?: string[];
  json?: boolean;
}

const wholeNumber = (text: string): number => {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError('a whole number of at least 1 is needed');
  return value;
};

const program = new Command('load')
  .description(
    'Measure API servers: create, get, patch, list, watch fan-out, delete; or the cold start of a whole cluster.',
  )
  .option('--kubeconfig <file>', 'the cluster to measure')
  .option('--against <file>', 'a second cluster, measured in turns with the first; figures are given as ratios too')
  .option('--objects <n>', 'how many pods are made and listed', wholeNumber, 2_000)
  .option('--clients <n>', 'requests at a time', wholeNumber, 32)
  .option('--watchers <n>', 'watches at a time', wholeNumber, 100)
  .option('--cold-start <rounds>', 'start "typernetes up" that often instead', wholeNumber)
  .option('--up <arguments...>', 'arguments of "typernetes up" for --cold-start, each as one word: --up=--nodes=1')
  .option('--json', 'print JSON')
  .action(async (options: Options) => {
    if (options.coldStart !== undefined) {
      const rounds = await coldStart(options.coldStart, options.up ?? []);
      if (options.json === true) console.log(JSON.stringify(rounds));
      else
        for (const { readyMs, processes, residentMiB } of rounds)
          console.log(
            `ready after ${Math.round(readyMs)} ms; ${processes} processes, ${Math.round(residentMiB)} MiB resident (shared pages counted once)`,
          );
      return;
    }
    if (options.kubeconfig === undefined) throw new Error('--kubeconfig or --cold-start is needed');
    const progress = (text: string): void => void process.stderr.write(`${text}…\n`);
    const first = await runLoad(loadClusterAccess(options.kubeconfig), options, progress);
    const second =
      options.against === undefined ? undefined : await runLoad(loadClusterAccess(options.against), options, progress);
    if (options.json === true) console.log(JSON.stringify({ first, ...(second === undefined ? {} : { second }) }));
    else print(first, second);
  });

function print(first: Results, second: Results | undefined): void {
  const text = ({ perSecond, p50, p99 }: Figures): string =>
    `${perSecond.toFixed(0).padStart(8)}/s  p50 ${p50.toFixed(1).padStart(7)} ms  p99 ${p99.toFixed(1).padStart(7)} ms`;
  for (const [name, figures] of Object.entries(first)) {
    const other = second?.[name];
    const ratio =
      other === undefined
        ? ''
        : `  | ${text(other)}  | ${(figures.perSecond / other.perSecond).toFixed(2)} × as many a second`;
    console.log(`${name.padEnd(14)} ${text(figures)}${ratio}`);
  }
}

await program.parseAsync();
