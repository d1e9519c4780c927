/** Reads one container's log file: from its end (tailLines), from its start, and further as it grows (follow). */
import { watch } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { StringDecoder } from 'node:string_decoder';
import { LogFormatter, type LogSelection } from './cri-log.ts';

export interface ReadLogsOptions extends LogSelection {
  tailLines?: number;
  limitBytes?: number;
  follow?: boolean;
  signal: AbortSignal;
  /** Whether more can come: the container runs. Asked whenever the end is reached. */
  running?: () => Promise<boolean>;
}

const blockSize = 64 * 1024;

/** Where the last `lines` lines begin. */
async function tailOffset(file: FileHandle, size: number, lines: number): Promise<number> {
  if (lines <= 0) return size;
  let position = size;
  let found = 0;
  const block = Buffer.alloc(blockSize);
  while (position > 0) {
    const start = Math.max(0, position - blockSize);
    const { bytesRead } = await file.read(block, 0, position - start, start);
    for (let index = bytesRead - 1; index >= 0; index--) {
      // The line break that ends the file ends its last line, it does not begin another.
      if (block[index] === 10 && start + index !== size - 1 && ++found === lines) return start + index + 1;
    }
    position = start;
  }
  return 0;
}

/** Resolves at the next change in the file's folder, after half a second at the latest, or when aborted. */
function nextChange(path: string, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const watcher = watch(dirname(path), { persistent: false }, (_, name) => {
      if (name === null || name === basename(path)) finish();
    });
    const timer = setTimeout(() => finish(), 500);
    const finish = (): void => {
      clearTimeout(timer);
      watcher.close();
      signal.removeEventListener('abort', finish);
      resolve();
    };
    watcher.on('error', finish);
    signal.addEventListener('abort', finish, { once: true });
    if (signal.aborted) finish();
  });
}

const exists = (error: unknown): boolean => !(error instanceof Error && 'code' in error && error.code === 'ENOENT');

async function openWhenThere(path: string, options: ReadLogsOptions): Promise<FileHandle | undefined> {
  for (;;) {
    try {
      return await open(path, 'r');
    } catch (error) {
      if (exists(error)) throw error;
    }
    if (options.follow !== true || options.signal.aborted || (await options.running?.()) === false) return undefined;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

/** Whether the file at `path` is another one than the open one: it was rotated. */
async function rotated(file: FileHandle, path: string): Promise<boolean> {
  const [now, opened] = await Promise.all([stat(path).catch(() => undefined), file.stat()]);
  return now !== undefined && now.ino !== opened.ino;
}

/** Yields chunks of output. A file that does not exist (a container that wrote nothing) is empty. */
export async function* readLogs(path: string, options: ReadLogsOptions): AsyncGenerator<Buffer, void, undefined> {
  const formatter = new LogFormatter(options);
  let left = options.limitBytes ?? Number.POSITIVE_INFINITY;
  let file = await openWhenThere(path, options);
  if (file === undefined) return;
  try {
    let position =
      options.tailLines === undefined ? 0 : await tailOffset(file, (await file.stat()).size, options.tailLines);
    let decoder = new StringDecoder('utf8');
    let rest = '';
    const block = Buffer.alloc(blockSize);
    let last = false;
    while (left > 0 && !options.signal.aborted) {
      const { bytesRead } = await file.read(block, 0, blockSize, position);
      position += bytesRead;
      if (bytesRead > 0) {
        const lines = (rest + decoder.write(block.subarray(0, bytesRead))).split('\n');
        rest = lines.pop() ?? '';
        const output = Buffer.from(lines.map((line) => formatter.format(line)).join(''));
        if (output.length > 0) yield output.subarray(0, left);
        left -= output.length;
        continue;
      }
      if (options.follow !== true || last) return;
      if (await rotated(file, path)) {
        await file.close();
        file = await open(path, 'r');
        [position, rest, decoder] = [0, '', new StringDecoder('utf8')];
        continue;
      }
      // After the container's end one more read takes what was written meanwhile.
      if ((await options.running?.()) === false) last = true;
      else await nextChange(path, options.signal);
    }
  } finally {
    await file.close();
  }
}
