import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { Duplex } from 'node:stream';
import { after, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { constants, createDeflate } from 'node:zlib';
import { SpdyConnection } from './connection.ts';
import { dictionary } from './dictionary.ts';
import { dataHeader, synReply } from './frames.ts';
import { HeaderDecoder, HeaderEncoder } from './header-block.ts';
import type { SpdyStream } from './stream.ts';

const cleanups: (() => void)[] = [];
after(() => {
  for (const cleanup of cleanups) cleanup();
});

async function sockets(): Promise<[Duplex, Duplex]> {
  const server = net.createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = net.connect((server.address() as net.AddressInfo).port, '127.0.0.1');
  const [accepted] = (await once(server, 'connection')) as [net.Socket];
  server.close();
  cleanups.push(() => {
    client.destroy();
    accepted.destroy();
  });
  return [client, accepted];
}

async function pair(onStream: (stream: SpdyStream) => void): Promise<[SpdyConnection, SpdyConnection]> {
  const [left, right] = await sockets();
  return [new SpdyConnection(left, { role: 'client' }), new SpdyConnection(right, { role: 'server', onStream })];
}

async function collect(stream: Duplex): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of stream) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

test('a stream carries headers and bytes both ways, each direction ends by itself', async () => {
  let seen: SpdyStream | undefined;
  const [client, server] = await pair((stream) => {
    seen = stream;
    stream.pipe(stream);
  });
  const stream = client.createStream({ streamType: 'data', port: '80' });
  await stream.ready;
  assert.deepEqual({ ...seen?.headers }, { streamtype: 'data', port: '80' });
  const sent = Buffer.alloc(3 * 1024 * 1024, 'abcdefg');
  stream.end(sent);
  assert.deepEqual(await collect(stream), sent);
  client.close();
  await Promise.all([client.closed, server.closed]);
});

test('many streams at once keep their bytes apart', async () => {
  const [client, server] = await pair((stream) => void stream.pipe(stream));
  const results = await Promise.all(
    Array.from({ length: 50 }, async (_, index) => {
      const stream = client.createStream({ index: String(index) });
      const sent = Buffer.alloc(100_000, String(index));
      stream.end(sent);
      return (await collect(stream)).equals(sent);
    }),
  );
  assert.ok(results.every(Boolean));
  client.destroy();
  await Promise.all([client.closed, server.closed]);
});

test('a slow reader holds the writer back', async () => {
  let received: SpdyStream | undefined;
  const [client, server] = await pair((stream) => {
    received = stream;
  });
  const stream = client.createStream({});
  await stream.ready;
  let flushed = false;
  stream.write(Buffer.alloc(8 * 1024 * 1024), () => {
    flushed = true;
  });
  await delay(100);
  assert.equal(flushed, false);
  assert.ok((received?.readableLength ?? 0) <= 256 * 1024 + 32 * 1024, `unread ${received?.readableLength}`);
  let total = 0;
  received?.on('data', (chunk: Buffer) => (total += chunk.length));
  stream.end();
  await once(received as SpdyStream, 'end');
  assert.equal(total, 8 * 1024 * 1024);
  client.destroy();
  await server.closed;
});

test('a refused stream rejects ready, a reset ends both directions, pings are answered', async () => {
  const [client, server] = await pair((stream) => {
    if (stream.headers.refuse === 'yes') throw new Error('no');
    stream.reset();
  });
  await assert.rejects(client.createStream({ refuse: 'yes' }).ready, /reset/);
  const stream = client.createStream({});
  await new Promise((resolve) => stream.once('close', resolve));
  assert.ok(stream.destroyed);
  await client.ping();
  await server.ping();
  client.destroy();
  await server.closed;
});

test('what a peer sends before it closes at once arrives, also where readers are slow', async () => {
  const outcome = Buffer.from('{"status":"Failure"}');
  const portion = 512 * 1024;
  const output = Buffer.alloc(3 * portion, 'output');
  let frames = Buffer.alloc(0);
  // Everything is there, and the socket closed, before the reply's headers are inflated.
  const socket = new Duplex({
    allowHalfOpen: false,
    read() {},
    write(_chunk, _encoding, done) {
      done();
      if (frames.length > 0) this.push(frames);
      this.push(null);
      frames = Buffer.alloc(0);
    },
  });
  socket.cork();
  const connection = new SpdyConnection(socket, { role: 'client' });
  const [error, stdout, late] = ['error', 'stdout', 'late'].map((name) => connection.createStream({ name }));
  assert.ok(error && stdout && late);
  const encoder = new HeaderEncoder();
  const data = (id: number, bytes: Buffer, fin = true): Buffer =>
    Buffer.concat([dataHeader(id, bytes.length, fin), bytes]);
  frames = Buffer.concat([
    synReply(error.id, encoder.encode({})),
    synReply(stdout.id, encoder.encode({})),
    ...[0, 1, 2].map((part) => data(stdout.id, output.subarray(part * portion, (part + 1) * portion), part === 2)),
    data(error.id, outcome),
  ]);
  socket.uncork();
  await error.ready;
  await stdout.ready;
  await connection.closed;
  assert.deepEqual(await collect(error), outcome);
  assert.deepEqual(await collect(stdout), output);
  await assert.rejects(late.ready, /connection closed/);
});

test('garbage closes the connection and nothing else', async () => {
  const [left, right] = await sockets();
  const connection = new SpdyConnection(right, { role: 'server' });
  left.on('error', () => {});
  left.resume();
  left.write(Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n'));
  left.write(Buffer.alloc(100, 0xff));
  await connection.closed;
});

test('a lost connection fails open streams without crashing', async () => {
  const [left, right] = await sockets();
  const client = new SpdyConnection(left, { role: 'client' });
  const server = new SpdyConnection(right, { role: 'server', onStream: () => {} });
  const stream = client.createStream({});
  await stream.ready;
  right.destroy();
  assert.equal((await collect(stream)).length, 0);
  await assert.rejects(new Promise((_, reject) => stream.write('x', reject)));
  await client.closed;
  await assert.rejects(client.ping());
  assert.throws(() => client.createStream({}));
  await Promise.all([client.closed, server.closed]);
});

test('header blocks: ours are read back, and a peer that really compresses is understood', async () => {
  const encoder = new HeaderEncoder();
  const decoder = new HeaderDecoder();
  assert.deepEqual(
    { ...(await decoder.decode(encoder.encode({ StreamType: 'error', a: 'ü' }))) },
    { streamtype: 'error', a: 'ü' },
  );
  assert.deepEqual({ ...(await decoder.decode(encoder.encode({}))) }, {});
  decoder.close();

  const deflate = createDeflate({ dictionary });
  const compressing = new HeaderDecoder();
  for (const value of ['one', 'two']) {
    const plain = inspectPlain({ streamtype: 'stdin', value });
    const parts: Buffer[] = [];
    const collectPart = (part: Buffer): void => void parts.push(part);
    deflate.on('data', collectPart);
    await new Promise<void>((resolve) =>
      deflate.write(plain, () => deflate.flush(constants.Z_SYNC_FLUSH, () => resolve())),
    );
    deflate.off('data', collectPart);
    assert.deepEqual({ ...(await compressing.decode(Buffer.concat(parts))) }, { streamtype: 'stdin', value });
  }
  compressing.close();
  deflate.destroy();
});

/** The uncompressed block, taken out of the stored one. */
function inspectPlain(headers: Record<string, string>): Buffer {
  return new HeaderEncoder().encode(headers).subarray(2 + 5, -5);
}
