/** /healthz, /livez and /readyz: named checks, verbose reports, exclusions, one path per check. */
import { Counter, Gauge, MetricsRegistry } from '../metrics/index.ts';
import type { RequestContext } from './request-context.ts';
import { sendText } from './respond.ts';

export interface HealthCheck {
  name: string;
  /** Throws (or rejects) while unhealthy; the reason is shown only on the check's own path. */
  check(): void | Promise<void>;
}

/** What /metrics/slis shows: how each check came out. */
export class HealthMetrics {
  readonly registry = new MetricsRegistry();
  readonly #last = this.registry.register(
    new Gauge({
      name: 'kubernetes_healthcheck',
      help: 'This metric records the result of a single healthcheck.',
      stability: 'STABLE',
      labels: ['name', 'type'],
    }),
  );
  readonly #total = this.registry.register(
    new Counter({
      name: 'kubernetes_healthchecks_total',
      help: 'This metric records the results of all healthcheck.',
      stability: 'STABLE',
      labels: ['name', 'type', 'status'],
    }),
  );

  observe(name: string, type: string, healthy: boolean): void {
    this.#last.with(name, type).set(healthy ? 1 : 0);
    this.#total.with(name, type, healthy ? 'success' : 'error').inc();
  }
}

export class HealthEndpoint {
  readonly path: string;
  readonly #checks: HealthCheck[] = [];
  readonly #metrics: HealthMetrics | undefined;

  /** `path` without slash: healthz, livez, readyz. */
  constructor(path: string, checks: Iterable<HealthCheck> = [], metrics?: HealthMetrics) {
    this.path = path;
    this.#checks.push(...checks);
    this.#metrics = metrics;
  }

  add(check: HealthCheck): void {
    this.#checks.push(check);
  }

  paths(): string[] {
    return [`/${this.path}`, ...this.#checks.map(({ name }) => `/${this.path}/${name}`)];
  }

  /** False where the path names no check. */
  async handle(context: RequestContext): Promise<boolean> {
    const name = context.path.slice(this.path.length + 2);
    if (name === '') {
      await this.#all(context);
      return true;
    }
    const check = this.#checks.find((each) => each.name === name);
    if (check === undefined) return false;
    const failure = await failureOf(check);
    if (failure === undefined) sendText(context, 200, 'ok');
    else sendText(context, 500, `internal server error: ${failure}\n`);
    return true;
  }

  async #all(context: RequestContext): Promise<void> {
    const excluded = new Set(context.query.getAll('exclude'));
    const wanted = this.#checks.filter(({ name }) => !excluded.has(name));
    const failures = new Map(
      await Promise.all(wanted.map(async (check) => [check.name, await failureOf(check)] as const)),
    );
    const lines = this.#checks.map(({ name }) => {
      if (excluded.delete(name)) return `[+]${name} excluded: ok`;
      const healthy = failures.get(name) === undefined;
      this.#metrics?.observe(name, this.path, healthy);
      return healthy ? `[+]${name} ok` : `[-]${name} failed: reason withheld`;
    });
    if (excluded.size > 0) {
      const names = [...excluded].sort((a, b) => (a < b ? -1 : 1)).map((each) => JSON.stringify(each));
      lines.push(`warn: some health checks cannot be excluded: no matches for ${names.join(',')}`);
    }
    const failed = [...failures.values()].some((failure) => failure !== undefined);
    if (failed) sendText(context, 500, `${lines.join('\n')}\n${this.path} check failed\n`);
    else if (context.query.has('verbose')) sendText(context, 200, `${lines.join('\n')}\n${this.path} check passed\n`);
    else sendText(context, 200, 'ok');
  }
}

async function failureOf(check: HealthCheck): Promise<string | undefined> {
  try {
    await check.check();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
