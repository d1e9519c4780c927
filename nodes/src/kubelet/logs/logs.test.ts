import assert from 'node:assert/strict';
import { appendFile, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { parseLogLine } from './cri-log.ts';
import { type ReadLogsOptions, readLogs } from './read-logs.ts';

const line = (text: string, stream = 'stdout', tag = 'F', time = '2026-01-01T00:00:00.000000000Z'): string =>
  `${time} ${stream} ${tag} ${text}\n`;

async function inFolder(body: (path: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'logs-'));
  try {
    await body(join(folder, '0.log'));
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function read(path: string, options: Partial<ReadLogsOptions> = {}): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of readLogs(path, { signal: new AbortController().signal, ...options })) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

test('lines of the CRI format', () => {
  assert.deepEqual(parseLogLine('2016-10-06T00:17:09.669794202Z stderr P a b '), {
    time: '2016-10-06T00:17:09.669794202Z',
    stream: 'stderr',
    partial: true,
    content: 'a b ',
  });
  assert.equal(parseLogLine('2016-10-06T00:17:09Z stdout F')?.content, '');
  assert.equal(parseLogLine('nonsense'), undefined);
  assert.equal(parseLogLine('2016 stdin F x'), undefined);
});

test('whole, by stream, by time, with time stamps, cut to a size', async () => {
  await inFolder(async (path) => {
    await writeFile(
      path,
      line('one') +
        line('two', 'stderr') +
        line('par', 'stdout', 'P') +
        line('tial') +
        line('late', 'stdout', 'F', '2026-01-01T00:01:00.5Z'),
    );
    assert.equal(await read(path), 'one\ntwo\npartial\nlate\n');
    assert.equal(await read(path, { stream: 'stderr' }), 'two\n');
    assert.equal(await read(path, { sinceMs: Date.parse('2026-01-01T00:01:00.5Z') }), 'late\n');
    assert.equal(await read(path, { limitBytes: 6 }), 'one\ntw');
    assert.match(await read(path, { timestamps: true }), /^2026-01-01T00:00:00\.000000000Z one\n.*\n\S+ partial\n/);
    assert.equal(await read(`${path}.missing`), '');
  });
});

test('the last n lines, whatever their number and length', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.string({ maxLength: 50 }), { maxLength: 60 }),
      fc.nat(70),
      fc.boolean(),
      async (texts, count, long) => {
        await inFolder(async (path) => {
          const contents = texts.map((text) => text.replaceAll(/[\r\n]/g, '') + (long ? 'x'.repeat(5000) : ''));
          await writeFile(path, contents.map((text) => line(text)).join(''));
          const expected = count === 0 ? [] : contents.slice(-count);
          assert.equal(await read(path, { tailLines: count }), expected.map((text) => `${text}\n`).join(''));
        });
      },
    ),
    { numRuns: 40 },
  );
});

test('following: what is appended comes, through a rotation, until the container ends', async () => {
  await inFolder(async (path) => {
    await writeFile(path, line('one'));
    let running = true;
    const seen: string[] = [];
    const reading = (async () => {
      const options = { follow: true, signal: AbortSignal.timeout(60_000), running: async () => running };
      for await (const chunk of readLogs(path, options)) seen.push(chunk.toString('utf8'));
    })();
    const until = async (text: string): Promise<void> => {
      while (!seen.join('').endsWith(text)) await new Promise((resolve) => setTimeout(resolve, 5));
    };
    await until('one\n');
    await appendFile(path, line('two'));
    await until('two\n');
    await rename(path, `${path}.rotated`);
    await writeFile(path, line('three'));
    await until('three\n');
    await appendFile(path, line('four'));
    running = false;
    await reading;
    assert.equal(seen.join(''), 'one\ntwo\nthree\nfour\n');
  });
});
