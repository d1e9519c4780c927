/**
 * `npm run load -- --kubeconfig A [--against B]`: what an API server can do, side by side in one run where two are
 * given. `--start` measures how long an API server takes to be ready, `--cold-start` a whole `typernetes up`.
 */
import { Command, InvalidArgumentError } from 'commander';
import { loadClusterAccess } from '../src/kubeconfig.ts';
import { coldStart } from './cold-start.ts';
import { reportLoad, reportStarts } from './report.ts';
import { runLoad } from './runner.ts';
import { measureStarts } from './start.ts';
import { Target, type TargetOptions } from './target.ts';
import { type LoadOptions, workloads } from './workloads.ts';

interface Options extends LoadOptions {
  kubeconfig?: string;
  pid?: number;
  storagePid?: number;
  against?: string;
  againstPid?: number;
  againstStoragePid?: number;
  only?: string;
  start?: string;
  againstStart?: string;
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
    `Measure API servers: create, status, get, merge patch, update and apply by many clients; lists in every form;
watch fan-out; delete; memory. With --start the time until one is ready; with --cold-start that of a whole cluster.

Two servers are measured in turns, and figures are given as ratios too. "CPU ms" is what the server spent on a
request, or on an event delivered to a watcher; it needs --pid, and servers on this machine.`,
  )
  .option('--kubeconfig <file>', 'the cluster to measure')
  .option('--pid <pid>', 'process of its API server, for CPU and memory (Linux)', wholeNumber)
  .option('--storage-pid <pid>', 'process of its etcd, whose memory counts as well', wholeNumber)
  .option('--against <file>', 'a second cluster, measured in turns with the first')
  .option('--against-pid <pid>', 'process of its API server', wholeNumber)
  .option('--against-storage-pid <pid>', 'process of its etcd', wholeNumber)
  .option('--objects <n>', 'how many pods are made and listed', wholeNumber, 5_000)
  .option('--clients <n>', 'requests at a time', wholeNumber, 32)
  .option('--watchers <n>', 'watches at a time', wholeNumber, 300)
  .option('--rounds <n>', 'how often the two take turns at each operation', wholeNumber, 5)
  .option('--only <names>', 'only these operations, separated by commas; "create" is needed by most others')
  .option('--start <command>', 'measure instead how long this command takes until the first cluster is ready')
  .option('--against-start <command>', 'the same for the second')
  .option('--cold-start <rounds>', 'start "typernetes up" that often instead', wholeNumber)
  .option('--up <arguments...>', 'arguments of "typernetes up" for --cold-start, each as one word: --up=--nodes=1')
  .option('--json', 'print JSON')
  .action(async (options: Options) => {
    const print = (result: unknown, text: string): void =>
      console.log(options.json === true ? JSON.stringify(result) : text);
    if (options.coldStart !== undefined) {
      const rounds = await coldStart(options.coldStart, options.up ?? []);
      const lines = rounds.map(
        ({ readyMs, processes, residentMiB }) =>
          `ready after ${Math.round(readyMs)} ms; ${processes} processes, ${Math.round(residentMiB)} MiB resident (shared pages counted once)`,
      );
      print(rounds, lines.join('\n'));
    } else if (options.kubeconfig === undefined) throw new Error('--kubeconfig or --cold-start is needed');
    else if (options.start !== undefined) {
      const { start, againstStart, against } = options;
      const servers = [{ command: start, access: loadClusterAccess(options.kubeconfig) }];
      if (againstStart !== undefined && against !== undefined)
        servers.push({ command: againstStart, access: loadClusterAccess(against) });
      const starts = await measureStarts(servers, options.rounds);
      print(starts, reportStarts(starts));
    } else {
      const results = await measure(options.kubeconfig, options);
      print({ first: results[0], second: results[1] }, reportLoad(results));
    }
  });

async function measure(kubeconfig: string, options: Options) {
  const { pid, storagePid, against, againstPid, againstStoragePid, clients, only } = options;
  const given = (values: Partial<TargetOptions>): Partial<TargetOptions> =>
    Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
  const targets: Target[] = [];
  const open = async (file: string, processes: Partial<TargetOptions>): Promise<void> =>
    void targets.push(await Target.open({ access: loadClusterAccess(file), clients, ...given(processes) }));
  const names = only?.split(',').map((name) => name.trim());
  const all = workloads(options);
  const unknown = names?.find((name) => !all.some((load) => load.name === name));
  if (unknown !== undefined)
    throw new Error(`there is no "${unknown}"; there are: ${all.map(({ name }) => name).join(', ')}`);
  const loads = all.filter(({ name }) => names === undefined || names.includes(name));
  try {
    await open(kubeconfig, { pid, storagePid });
    if (against !== undefined) await open(against, { pid: againstPid, storagePid: againstStoragePid });
    return await runLoad(targets, loads, options, (text) => void process.stderr.write(`${text}…\n`));
  } finally {
    for (const target of targets) await target.close();
  }
}

await program.parseAsync().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
