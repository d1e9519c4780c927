/** `typernetes conformance`: checks any cluster that a kubeconfig reaches. */
import os from 'node:os';
import path from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import type { Cluster } from './context.ts';
import { ApiHttp } from './http.ts';
import { loadClusterAccess } from './kubeconfig.ts';
import { findKubectl } from './kubectl.ts';
import { declaredPromises } from './promise.ts';
import { closingLine, totals, writeReport } from './report.ts';
import { type PromiseOutcome, runPromises } from './runner.ts';

interface Options {
  kubeconfig: string;
  kubectl?: string;
  image?: string;
  focus?: RegExp;
  skip?: RegExp;
  report?: string;
  parallel: number;
  list?: boolean;
}

export function conformanceCommand(): Command {
  return new Command('conformance')
    .description(
      'Check any Kubernetes cluster: every promise runs in a namespace of its own, through the real kubectl and raw HTTP. ' +
        'Exits 0 only if none failed.',
    )
    .option(
      '--kubeconfig <file>',
      'the cluster to check',
      process.env['KUBECONFIG'] ?? path.join(os.homedir(), '.kube', 'config'),
    )
    .option('--kubectl <path>', 'the kubectl to use (default: the first on PATH)')
    .option(
      '--image <reference>',
      'an image with a shell that the nodes have or can pull; without it promises about containers are skipped',
    )
    .option('--focus <regexp>', 'only promises whose name matches', regularExpression)
    .option('--skip <regexp>', 'leave out promises whose name matches', regularExpression)
    .option('--report <directory>', 'write junit.xml, promises.json and summary.txt there')
    .option('--parallel <n>', 'how many promises run side by side', count, 4)
    .option('--list', 'print the names and end')
    .action(async (options: Options) => {
      process.exitCode = await check(options);
    });
}

function regularExpression(text: string): RegExp {
  try {
    return new RegExp(text);
  } catch (error) {
    throw new InvalidArgumentError(error instanceof Error ? error.message : String(error));
  }
}

function count(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError('a whole number of at least 1 is needed');
  return value;
}

async function check(options: Options): Promise<number> {
  await import('../promises/index.ts');
  const promises = declaredPromises().filter(
    ({ name }) => (options.focus?.test(name) ?? true) && !(options.skip?.test(name) ?? false),
  );
  if (options.list === true) {
    for (const { name } of promises) console.log(name);
    return 0;
  }
  if (promises.length === 0) throw new Error('no promise matches --focus and --skip; --list prints all names');
  const cluster = await inspect(options);
  console.log(
    `Checking ${cluster.access.server.href} (${cluster.nodes} ready node${cluster.nodes === 1 ? '' : 's'}, ` +
      `${cluster.kubectl ?? 'no kubectl'}): ${promises.length} promises`,
  );
  let done = 0;
  const outcomes = await runPromises(promises, cluster, {
    parallel: options.parallel,
    onOutcome: (outcome) => {
      done += 1;
      print(outcome, `${String(done).padStart(String(promises.length).length)}/${promises.length}`);
    },
  });
  if (options.report !== undefined) writeReport(options.report, cluster.access.server.href, outcomes);
  console.log(closingLine(totals(outcomes)));
  return outcomes.some(({ result }) => result === 'failed') ? 1 : 0;
}

function print(outcome: PromiseOutcome, progress: string): void {
  const word = { passed: 'ok     ', failed: 'FAILED ', skipped: 'skipped' }[outcome.result];
  const detail = outcome.result === 'skipped' ? ` (${outcome.message})` : '';
  console.log(`${progress} ${word} ${outcome.name} ${(outcome.durationMs / 1000).toFixed(1)} s${detail}`);
  if (outcome.result !== 'failed') return;
  console.log(`    ${outcome.message.replaceAll('\n', '\n    ')}`);
  for (const entry of outcome.transcript.slice(-5)) console.log(`      ${entry.replaceAll('\n', '\n      ')}`);
}

async function inspect(options: Options): Promise<Cluster> {
  const access = loadClusterAccess(options.kubeconfig);
  const http = new ApiHttp(access);
  try {
    const response = await http.request('GET', '/api/v1/nodes', { signal: AbortSignal.timeout(30_000) });
    if (response.status !== 200) throw new Error(`cannot list nodes: ${response.status} ${response.text()}`);
    const nodes = response.json<{
      items: { spec?: { unschedulable?: boolean }; status?: { conditions?: { type: string; status: string }[] } }[];
    }>();
    const ready = nodes.items.filter(
      ({ spec, status }) =>
        spec?.unschedulable !== true &&
        (status?.conditions ?? []).some(({ type, status: value }) => type === 'Ready' && value === 'True'),
    );
    const account = await http.request('GET', '/api/v1/namespaces/default/serviceaccounts/default', {
      signal: AbortSignal.timeout(30_000),
    });
    return {
      access,
      kubectl: findKubectl(options.kubectl),
      image: options.image,
      nodes: ready.length,
      controllers: ready.length > 0 || account.status === 200,
    };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`${access.server.href} (from ${options.kubeconfig}) cannot be checked: ${reason}`, {
      cause: error,
    });
  } finally {
    http.close();
  }
}
