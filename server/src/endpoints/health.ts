/** /healthz, /livez and /readyz: named checks, verbose reports, exclusions, one path per check. */
import type { RequestContext } from './request-context.ts';
import { sendText } from './respond.ts';

export interface HealthCheck {
  name: string;
  /** Throws (or rejects) while unhealthy; the reason is logged, never shown. */
  check(): void | Promise<void>;
}

export class HealthEndpoint {
  readonly path: string;
  readonly #checks: HealthCheck[] = [];

  /** `path` without slash: healthz, livez, readyz. */
  constructor(path: string, checks: Iterable<HealthCheck> = []) {
    this.path = path;
    this.#checks.push(...checks);
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
    const checks = name === '' ? this.#checks : this.#checks.filter((check) => check.name === name);
    if (checks.length === 0 && name !== '') return false;
    const excluded = new Set(context.query.getAll('exclude'));
    const lines: string[] = [];
    const results = await Promise.all(
      checks.map((check) => (excluded.has(check.name) ? Promise.resolve('excluded' as const) : outcome(check))),
    );
    let failed = false;
    checks.forEach((check, index) => {
      const result = results[index]!;
      if (result === 'failed') failed = true;
      lines.push(
        result === 'excluded'
          ? `[+]${check.name} excluded: ok`
          : result === 'ok'
            ? `[+]${check.name} ok`
            : `[-]${check.name} failed: reason withheld`,
      );
      excluded.delete(check.name);
    });
    if (excluded.size > 0) {
      const names = [...excluded].map((each) => JSON.stringify(each)).join(', ');
      lines.push(`warn: some health checks cannot be excluded: no matches for ${names}`);
    }
    if (failed) sendText(context, 500, `${lines.join('\n')}\n${this.path} check failed\n`);
    else if (context.query.has('verbose') && name === '')
      sendText(context, 200, `${lines.join('\n')}\n${this.path} check passed\n`);
    else sendText(context, 200, 'ok');
    return true;
  }
}

async function outcome(check: HealthCheck): Promise<'ok' | 'failed'> {
  try {
    await check.check();
    return 'ok';
  } catch {
    return 'failed';
  }
}
