/** What is done once the server listens: /readyz says ok when all of it is. */
import type { HealthCheck } from '../endpoints/health.ts';

export interface PostStartHook {
  name: string;
  run(): Promise<unknown>;
  /** Names of hooks that must be done before. */
  after?: readonly string[];
}

export class PostStartHooks {
  readonly #hooks: readonly PostStartHook[];
  readonly #done = new Set<string>();

  constructor(hooks: readonly PostStartHook[]) {
    this.#hooks = hooks;
    const names = new Set(hooks.map(({ name }) => name));
    if (names.size < hooks.length) throw new Error('a post-start hook is there twice');
  }

  checks(): HealthCheck[] {
    return this.#hooks.map(({ name }) => ({
      name: `poststarthook/${name}`,
      check: () => {
        if (!this.#done.has(name)) throw new Error('not finished');
      },
    }));
  }

  /** Runs them side by side, each after those it needs. Rejects with the first failure. */
  async run(): Promise<void> {
    const running = new Map<string, Promise<void>>();
    const start = (hook: PostStartHook): Promise<void> => {
      let run = running.get(hook.name);
      if (run === undefined) running.set(hook.name, (run = this.#run(hook, start)));
      return run;
    };
    await Promise.all(this.#hooks.map(start));
  }

  async #run(hook: PostStartHook, start: (hook: PostStartHook) => Promise<void>): Promise<void> {
    const needed = this.#hooks.filter(({ name }) => hook.after?.includes(name));
    await Promise.all(needed.map(start));
    await hook.run();
    this.#done.add(hook.name);
  }
}
