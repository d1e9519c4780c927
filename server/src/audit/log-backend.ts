/** Events as lines of a file, which is rotated by size; old files go by number and age. */
import { createReadStream, createWriteStream, existsSync } from 'node:fs';
import { type FileHandle, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import type { Logger } from '../endpoints/request-context.ts';
import type { AuditBackend } from './backend.ts';
import { type AuditEvent, encodeEvent, legacyLine } from './event.ts';

export interface LogOptions {
  /** `-` is standard output, which is never rotated. */
  path: string;
  format: string;
  maxSizeBytes: number;
  maxBackups: number;
  maxAgeDays: number;
  compress: boolean;
}

const formats = ['legacy', 'json'];

export function openLogBackend(options: LogOptions, logger: Logger): Promise<AuditBackend> {
  const { format } = options;
  if (!formats.includes(format)) {
    throw new Error(`invalid audit log format ${format}, allowed formats are ${JSON.stringify(formats.join(','))}`);
  }
  const line = format === 'legacy' ? legacyLine : encodeEvent;
  const lines = (events: readonly AuditEvent[]): string => events.map((event) => `${line(event)}\n`).join('');
  if (options.path === '-') {
    return Promise.resolve({
      process: (events) => new Promise((resolve) => process.stdout.write(lines(events), (error) => resolve(!error))),
      close: () => Promise.resolve(),
    });
  }
  return LogFile.open(options, lines, logger);
}

/** What else begins with the log's name is none of ours: `audit-policy` is not to be removed with old logs. */
const backupTime = /^\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d\.\d{3}$/;

type Lines = (events: readonly AuditEvent[]) => string;

class LogFile implements AuditBackend {
  readonly #options: LogOptions;
  readonly #lines: Lines;
  readonly #logger: Logger;
  #file: FileHandle;
  #size: number;
  /** What came while the last write was under way: written together. */
  #waiting: { text: string; settle: (success: boolean) => void }[] = [];
  #writing: Promise<void> | undefined;

  private constructor(options: LogOptions, lines: Lines, logger: Logger, file: FileHandle, size: number) {
    this.#options = options;
    this.#lines = lines;
    this.#logger = logger;
    this.#file = file;
    this.#size = size;
  }

  static async open(options: LogOptions, lines: Lines, logger: Logger): Promise<LogFile> {
    await mkdir(path.dirname(options.path), { recursive: true });
    const file = await open(options.path, 'a', 0o600);
    const { size } = await file.stat();
    return new LogFile(options, lines, logger, file, size);
  }

  process(events: readonly AuditEvent[]): Promise<boolean> {
    const text = this.#lines(events);
    return new Promise((resolve) => {
      this.#waiting.push({ text, settle: resolve });
      this.#writing ??= this.#write();
    });
  }

  async #write(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting;
      this.#waiting = [];
      const bytes = Buffer.from(batch.map(({ text }) => text).join(''));
      let success = true;
      try {
        const { maxSizeBytes } = this.#options;
        if (maxSizeBytes > 0 && this.#size > 0 && this.#size + bytes.length > maxSizeBytes)
          await this.#rotate().catch((error: unknown) =>
            this.#logger.error({ error: (error as Error).message }, 'cannot rotate the audit log'),
          );
        await this.#file.appendFile(bytes);
        this.#size += bytes.length;
      } catch (error) {
        success = false;
        this.#logger.error({ error: (error as Error).message }, 'cannot write the audit log');
      }
      for (const { settle } of batch) settle(success);
    }
    this.#writing = undefined;
  }

  /** Where it fails, what is open stays open: a log that is too long is better than none. */
  async #rotate(): Promise<void> {
    const { dir, name, ext } = path.parse(this.#options.path);
    const time = new Date().toISOString().replace('Z', '').replaceAll(':', '-');
    const backup = path.join(dir, `${name}-${time}${ext}`);
    await rename(this.#options.path, backup).catch((error: NodeJS.ErrnoException) => {
      // Somebody else has put it aside.
      if (error.code !== 'ENOENT') throw error;
    });
    const full = this.#file;
    this.#file = await open(this.#options.path, 'a', 0o600);
    this.#size = 0;
    await full.close();
    if (this.#options.compress && existsSync(backup)) {
      await pipeline(createReadStream(backup), createGzip(), createWriteStream(`${backup}.gz`, { mode: 0o600 }));
      await rm(backup);
    }
    await this.#prune();
  }

  async #prune(): Promise<void> {
    const { maxBackups, maxAgeDays } = this.#options;
    const { dir, name, ext } = path.parse(this.#options.path);
    const isBackup = (file: string): boolean =>
      [ext, `${ext}.gz`].some(
        (end) =>
          file.startsWith(`${name}-`) &&
          file.endsWith(end) &&
          backupTime.test(file.slice(name.length + 1, file.length - end.length)),
      );
    // Their names begin with the time: the youngest first.
    const backups = (await readdir(dir === '' ? '.' : dir)).filter(isBackup).sort().reverse();
    const oldest = Date.now() - maxAgeDays * 86_400_000;
    for (const [index, file] of backups.entries()) {
      const full = path.join(dir, file);
      const tooMany = maxBackups > 0 && index >= maxBackups;
      const tooOld = maxAgeDays > 0 && (await stat(full)).mtimeMs < oldest;
      if (tooMany || tooOld) await rm(full, { force: true });
    }
  }

  async close(): Promise<void> {
    await this.#writing;
    await this.#file.close();
  }
}
