/**
 * Container log files in the CRI format, `time stream F line`. A file comes to exist with its first line, so that
 * silent containers cost no disk; lines are appended in order.
 */
import { appendFile, mkdir, rename } from 'node:fs/promises';
import { dirname } from 'node:path';

export class LogFiles {
  readonly #now: () => number;
  readonly #tails = new Map<string, Promise<void>>();

  constructor(now: () => number) {
    this.#now = now;
  }

  write(path: string, stream: 'stdout' | 'stderr', text: string): void {
    const time = `${new Date(this.#now()).toISOString().slice(0, -1)}000000Z`;
    const lines = text.split('\n').map((line) => `${time} ${stream} F ${line}\n`);
    this.#after(path, async () => {
      try {
        await appendFile(path, lines.join(''));
      } catch (error) {
        if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
        await mkdir(dirname(path), { recursive: true });
        await appendFile(path, lines.join(''));
      }
    });
  }

  rename(path: string, to: string): void {
    this.#after(path, () => rename(path, to));
  }

  /** A log that cannot be written (disk full, folder removed with its pod) loses lines, never the container. */
  #after(path: string, work: () => Promise<void>): void {
    const tail = (this.#tails.get(path) ?? Promise.resolve()).then(work).catch(() => undefined);
    this.#tails.set(path, tail);
    void tail.then(() => {
      if (this.#tails.get(path) === tail) this.#tails.delete(path);
    });
  }

  /** Resolves when everything given so far is in the files. */
  async flush(): Promise<void> {
    while (this.#tails.size > 0) await Promise.all(this.#tails.values());
  }
}
