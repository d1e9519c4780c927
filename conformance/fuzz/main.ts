/**
 * `fuzz --kubeconfig A`: malformed input over every path and verb. What must not happen: a 5xx that the reference does
 * not give too, no answer, a stall of the server over a second, memory that does not come back.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Command, InvalidArgumentError } from 'commander';
import { ApiHttp } from '../src/http.ts';
import { loadClusterAccess } from '../src/kubeconfig.ts';
import { type Operation, readOperations } from './operations.ts';
import { type FuzzRequest, requestOf } from './requests.ts';

interface Options {
  kubeconfig: string;
  against?: string;
  requests: number;
  seed: number;
  parallel: number;
  focus?: RegExp;
  only?: number;
}

const whole = (text: string): number => {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0) throw new InvalidArgumentError('a whole number is needed');
  return value;
};

const program = new Command('fuzz')
  .description(
    'Send malformed requests, made from the OpenAPI documents of the cluster, to every path and verb. The same seed ' +
      'gives the same requests. Writes go to a namespace of the run’s own; everything else is a dry run. Reports 5xx, ' +
      'requests without an answer, the longest wait of a health check beside the run, and memory before and after. ' +
      'Exits 0 only if there was nothing to report.',
  )
  .requiredOption('--kubeconfig <file>', 'the cluster')
  .option('--against <file>', 'a reference: a 5xx that it gives to the same request is no finding')
  .option('--requests <n>', 'how many', whole, 20_000)
  .option('--seed <n>', 'where the requests come from', whole, 1)
  .option('--parallel <n>', 'requests at a time', whole, 16)
  .option('--focus <regexp>', 'only paths that match', (text) => new RegExp(text))
  .option('--only <index>', 'send one request of the seed, and print it with its answer', whole)
  .action(async (options: Options) => {
    process.exitCode = await fuzz(options);
  });

interface Finding {
  index: number;
  what: string;
}

const deadlineMs = 15_000;
/** A health check that takes longer shows that nobody else was served either. */
const stallMs = 1_000;

async function fuzz(options: Options): Promise<number> {
  const http = new ApiHttp(loadClusterAccess(options.kubeconfig));
  const reference = options.against === undefined ? undefined : new ApiHttp(loadClusterAccess(options.against));
  try {
    const operations = (await readOperations(http)).filter(({ path }) => options.focus?.test(path) ?? true);
    const namespace = `fuzz-${options.seed}`;
    for (const each of reference === undefined ? [http] : [http, reference]) await makeNamespace(each, namespace);
    if (options.only !== undefined)
      return await one(http, requestOf(operations, options.seed, options.only, namespace));
    console.log(`${operations.length} operations, ${options.requests} requests, seed ${options.seed}`);
    return await run(http, reference, operations, namespace, options);
  } finally {
    http.close();
    reference?.close();
  }
}

async function run(
  http: ApiHttp,
  reference: ApiHttp | undefined,
  operations: readonly Operation[],
  namespace: string,
  options: Options,
): Promise<number> {
  const findings: Finding[] = [];
  const statuses = new Map<number, number>();
  const before = await residentMiB(http);
  const health = new HealthWatch(http);
  const otherHealth = reference === undefined ? undefined : new HealthWatch(reference);
  const slowest: (Finding & { ms: number })[] = [];
  let next = 0;
  let excused = 0;
  const started = performance.now();
  const work = async (): Promise<void> => {
    while (next < options.requests) {
      const index = next++;
      const request = requestOf(operations, options.seed, index, namespace);
      const asked = performance.now();
      const { status, text } = await send(http, request);
      slowest.push({ index, what: `${request.method} ${request.path}`, ms: performance.now() - asked });
      if (slowest.length > 1_000) trim(slowest);
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
      if (status !== 0 && status < 500) {
        // What was written there is there for both.
        if (reference !== undefined && status < 300 && request.method !== 'GET') await send(reference, request);
        continue;
      }
      const theirs = reference === undefined ? undefined : await send(reference, request);
      if (theirs !== undefined && theirs.status >= 500) {
        excused++;
        continue;
      }
      const other = theirs === undefined ? '' : ` (the reference: ${theirs.status})`;
      findings.push({ index, what: `${request.method} ${request.path}: ${status} ${text.slice(0, 300)}${other}` });
    }
  };
  await Promise.all(Array.from({ length: options.parallel }, work));
  const seconds = (performance.now() - started) / 1000;
  const longest = await health.stop();
  const otherLongest = await otherHealth?.stop();
  // What garbage collection takes back is no leak.
  await sleep(5_000);
  const after = await residentMiB(http);
  for (const { index, what } of findings.slice(0, 50)) console.log(`#${index} ${what}`);
  const counts = [...statuses].sort(([left], [right]) => left - right).map(([status, count]) => `${status}: ${count}`);
  console.log(`${options.requests} requests in ${seconds.toFixed(0)} s; ${counts.join(', ')}`);
  for (const { index, what, ms } of trim(slowest))
    console.log(`slow: ${ms.toFixed(0)} ms #${index} ${what.slice(0, 120)}`);
  const others = otherLongest === undefined ? '' : ` (of the reference: ${otherLongest.toFixed(0)} ms)`;
  console.log(`health checks beside it waited at most ${longest.toFixed(0)} ms${others}`);
  console.log(`resident memory ${before.toFixed(0)} MiB before, ${after.toFixed(0)} MiB after`);
  if (excused > 0) console.log(`${excused} answers of 5xx that the reference gives too`);
  console.log(`${findings.length} findings`);
  // On a busy machine everybody waits.
  const stalled = longest > stallMs && longest > 2 * (otherLongest ?? 0);
  return findings.length === 0 && !stalled ? 0 : 1;
}

/** Keeps the five slowest. */
function trim<T extends { ms: number }>(slowest: T[]): T[] {
  slowest.sort((left, right) => right.ms - left.ms).splice(5);
  return slowest;
}

async function send(
  http: ApiHttp,
  { method, path, headers, body }: FuzzRequest,
): Promise<{ status: number; text: string }> {
  try {
    const signal = AbortSignal.timeout(deadlineMs);
    const response = await http.request(method, path, { headers, signal, ...(body === undefined ? {} : { body }) });
    return { status: response.status, text: response.text() };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    // The server may close while the client still sends what nobody wants; Node refuses to send some headers and paths.
    if (code === 'EPIPE' || code === 'ECONNRESET') return { status: 413, text: message };
    if (code === 'ERR_INVALID_CHAR' || code === 'ERR_UNESCAPED_CHARACTERS') return { status: 400, text: message };
    return { status: 0, text: message };
  }
}

async function one(http: ApiHttp, request: FuzzRequest): Promise<number> {
  console.log(
    `${request.method} ${request.path}\n${JSON.stringify(request.headers)}\n${request.body?.toString('utf8').slice(0, 4_000) ?? ''}`,
  );
  const { status, text } = await send(http, request);
  console.log(`\n${status} ${text.slice(0, 4_000)}`);
  return status >= 500 || status === 0 ? 1 : 0;
}

/** Asks /healthz ten times a second, and keeps the longest wait. */
class HealthWatch {
  private readonly stopping = new AbortController();
  private readonly done: Promise<void>;
  private longest = 0;

  constructor(http: ApiHttp) {
    this.done = this.watch(http);
  }

  async stop(): Promise<number> {
    this.stopping.abort();
    await this.done;
    return this.longest;
  }

  private async watch(http: ApiHttp): Promise<void> {
    while (!this.stopping.signal.aborted) {
      const asked = performance.now();
      await http.request('GET', '/healthz', { signal: AbortSignal.timeout(deadlineMs) }).catch(() => undefined);
      this.longest = Math.max(this.longest, performance.now() - asked);
      await sleep(100);
    }
  }
}

async function residentMiB(http: ApiHttp): Promise<number> {
  const text = (await http.request('GET', '/metrics')).text();
  return Number(/^process_resident_memory_bytes (\S+)/m.exec(text)?.[1] ?? Number.NaN) / 2 ** 20;
}

async function makeNamespace(http: ApiHttp, namespace: string): Promise<void> {
  await http.request('POST', '/api/v1/namespaces', { body: { metadata: { name: namespace } } });
  const accounts = `/api/v1/namespaces/${namespace}/serviceaccounts`;
  await http.request('POST', accounts, { body: { metadata: { name: 'default' } } });
}

await program.parseAsync();
