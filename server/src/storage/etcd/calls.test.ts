import assert from 'node:assert/strict';
import { once } from 'node:events';
import http2, { type Http2Server, type Http2Session, type ServerHttp2Stream } from 'node:http2';
import net, { type AddressInfo } from 'node:net';
import { describe, test } from 'node:test';
import { MetricsRegistry } from '../../metrics/index.ts';
import { Span, within } from '../../tracing/span.ts';
import { Calls } from './calls.ts';
import { GrpcError, grpcCodes } from './grpc-error.ts';
import { etcdMetrics } from './metrics.ts';

type Answer = (stream: ServerHttp2Stream, body: Buffer) => void;

/** A gRPC server that answers as it is told. */
class Server {
  readonly #server: Http2Server;
  readonly #sessions = new Set<Http2Session>();
  /** The header `traceparent` of each call. */
  readonly traceparents: unknown[] = [];
  calls = 0;
  connections = 0;

  constructor(answer: Answer) {
    this.#server = http2.createServer();
    this.#server.on('session', (session) => {
      this.connections += 1;
      this.#sessions.add(session);
      session.on('error', () => undefined);
      session.on('close', () => this.#sessions.delete(session));
    });
    this.#server.on('stream', (stream, headers) => {
      this.traceparents.push(headers['traceparent']);
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('error', () => undefined);
      stream.on('end', () => {
        this.calls += 1;
        answer(stream, Buffer.concat(chunks));
      });
    });
  }

  async start(): Promise<string> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  goAway(): void {
    for (const session of this.#sessions) session.goaway();
  }

  async stop(): Promise<void> {
    for (const session of this.#sessions) session.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

function frame(message: string): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(Buffer.byteLength(message), 1);
  return Buffer.concat([head, Buffer.from(message)]);
}

/** The request's message again, twice, in the pieces given. */
const echo: Answer = (stream, body) => {
  const message = body.subarray(5).toString();
  const whole = frame(message + message);
  stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
  stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
  stream.write(whole.subarray(0, 3));
  stream.end(whole.subarray(3));
};

const refuse =
  (status: string, message: string): Answer =>
  (stream) =>
    stream.respond({ ':status': 200, 'grpc-status': status, 'grpc-message': message }, { endStream: true });

const hang: Answer = () => undefined;
const path = '/test.Service/Call';
const soon = (): number => Date.now() + 60_000;
const hello = [Buffer.from('hel'), Buffer.from('lo')];

async function withServers(answers: Answer[], body: (calls: Calls, servers: Server[]) => Promise<void>) {
  const servers = answers.map((answer) => new Server(answer));
  const endpoints = await Promise.all(servers.map((server) => server.start()));
  const calls = new Calls({ endpoints });
  try {
    await body(calls, servers);
  } finally {
    calls.close();
    await Promise.all(servers.map((server) => server.stop()));
  }
}

async function failure(call: Promise<unknown>): Promise<GrpcError> {
  const error = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof GrpcError, String(error));
  return error;
}

void describe('unary calls', () => {
  void test('share one connection, and put messages together again', () =>
    withServers([echo], async (calls, [server]) => {
      const answers = await Promise.all(Array.from({ length: 50 }, () => calls.call(path, hello, soon())));
      for (const answer of answers) assert.equal(answer.toString(), 'hellohello');
      assert.equal((await calls.call(path, [], soon())).length, 0);
      assert.equal(server!.connections, 1);
      assert.equal(server!.calls, 51);
    }));

  void test('are counted by what came of them', async () => {
    const server = new Server((stream, body) => (body.length > 5 ? echo : refuse('9', 'no'))(stream, body));
    const metrics = new MetricsRegistry();
    const calls = new Calls({ endpoints: [await server.start()], observer: etcdMetrics(metrics) });
    try {
      await calls.call(path, hello, soon());
      await failure(calls.call(path, [], soon()));
      const lines = (await metrics.text()).split('\n').filter((line) => line.startsWith('grpc_client_'));
      const labels = 'grpc_method="Call",grpc_service="test.Service",grpc_type="unary"';
      assert.deepEqual(lines, [
        `grpc_client_handled_total{grpc_code="OK",${labels}} 1`,
        `grpc_client_handled_total{grpc_code="FailedPrecondition",${labels}} 1`,
        `grpc_client_msg_received_total{${labels}} 1`,
        `grpc_client_msg_sent_total{${labels}} 2`,
        `grpc_client_started_total{${labels}} 2`,
      ]);
    } finally {
      calls.close();
      await server.stop();
    }
  });

  void test('tell etcd of the span that they are made in', () =>
    withServers([echo], async (calls, [server]) => {
      const context = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), sampled: true, state: '' };
      const span = new Span({ newSpanId: () => '', finished: () => undefined }, context, '', 'call', {});
      await within(span, () => calls.call(path, hello, soon()));
      await calls.call(path, hello, soon());
      assert.deepEqual(server!.traceparents, [`00-${context.traceId}-${context.spanId}-01`, undefined]);
    }));

  void test('fail with the code and the message of the server', () =>
    withServers([refuse('9', 'not%20so%2C caf%C3%A9')], async (calls) => {
      const { code, message, neverSent } = await failure(calls.call(path, hello, soon()));
      assert.deepEqual([code, message, neverSent], [9, 'not so, café', false]);
    }));

  void test('end at their deadline, and another endpoint has its turn', () => {
    let answers = true;
    const slow: Answer = (stream, body) => (answers ? echo : hang)(stream, body);
    return withServers([slow, echo], async (calls, [, other]) => {
      // Connected by now: the deadline is all the answer's.
      await calls.call(path, hello, soon());
      answers = false;
      const late = await failure(calls.call(path, hello, Date.now() + 100));
      assert.deepEqual([late.code, late.neverSent], [grpcCodes.deadlineExceeded, false]);
      assert.equal(other!.calls, 0);
      assert.equal((await calls.call(path, hello, soon())).toString(), 'hellohello');
      assert.equal(other!.calls, 1);
    });
  });

  void test('pass over an endpoint that takes no connections', async () => {
    const server = new Server(echo);
    const endpoint = await server.start();
    const gone = new Server(echo);
    const dead = await gone.start();
    await gone.stop();
    const calls = new Calls({ endpoints: [dead, endpoint] });
    assert.equal((await calls.call(path, hello, soon())).toString(), 'hellohello');
    calls.close();
    await server.stop();
    const none = new Calls({ endpoints: [dead, endpoint] });
    const error = await failure(none.call(path, hello, soon()));
    assert.deepEqual([error.code, error.neverSent], [grpcCodes.unavailable, true]);
    none.close();
  });

  void test('that a connection takes down with it may have been heard', () =>
    withServers([(stream) => stream.session?.destroy()], async (calls) => {
      const { code, neverSent } = await failure(calls.call(path, hello, soon()));
      assert.deepEqual([code, neverSent], [grpcCodes.unavailable, false]);
    }));

  void test('that the server refuses were not heard', () =>
    withServers([(stream) => stream.close(http2.constants.NGHTTP2_REFUSED_STREAM)], async (calls) => {
      const { neverSent } = await failure(calls.call(path, hello, soon()));
      assert.equal(neverSent, true);
    }));

  void test('go to a new connection when the server leaves the old one', () =>
    withServers([echo], async (calls, [server]) => {
      await calls.call(path, hello, soon());
      server!.goAway();
      while (server!.connections === 1) await calls.call(path, hello, soon()).catch(() => undefined);
      assert.equal((await calls.call(path, hello, soon())).toString(), 'hellohello');
    }));

  void test('do not wait longer for a connection than for an answer', async () => {
    // It takes connections, and says nothing.
    const silent = net.createServer().listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const endpoint = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
    const calls = new Calls({ endpoints: [endpoint] });
    const { code, neverSent } = await failure(calls.call(path, hello, Date.now() + 100));
    assert.deepEqual([code, neverSent], [grpcCodes.deadlineExceeded, true]);
    calls.close();
    const server = new Server(echo);
    const others = new Calls({ endpoints: [endpoint, await server.start()] });
    assert.equal((await others.call(path, hello, soon())).toString(), 'hellohello');
    others.close();
    await server.stop();
    silent.close();
  });
});

/** A gRPC server that begins to answer a stream as it is told. */
async function withStreams(begin: (stream: ServerHttp2Stream) => void, body: (endpoint: string) => Promise<void>) {
  const server = http2.createServer();
  const sessions = new Set<Http2Session>();
  server.on('session', (session) => sessions.add(session));
  server.on('stream', (stream) => {
    stream.on('error', () => undefined);
    begin(stream);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    await body(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  } finally {
    for (const session of sessions) session.destroy();
    await new Promise((resolve) => server.close(resolve));
  }
}

const repeat = (stream: ServerHttp2Stream): void => {
  stream.respond({ ':status': 200, 'content-type': 'application/grpc' });
  stream.pipe(stream);
};

/** Opens a stream, says hello on it, and resolves to the first that comes back. */
function greet(calls: Calls): Promise<{ message: string } | { error: GrpcError | undefined }> {
  return new Promise((resolve, reject) => {
    const opening = calls.stream(
      path,
      soon(),
      {},
      {
        message: (message) => resolve({ message: message.toString() }),
        end: (error) => resolve({ error }),
      },
    );
    opening.then((stream) => stream.write(hello), reject);
  });
}

void describe('streams', () => {
  void test('carry messages both ways until they are cancelled', () =>
    withStreams(repeat, async (endpoint) => {
      const calls = new Calls({ endpoints: [endpoint] });
      const messages: string[] = [];
      const { promise: ended, resolve } = Promise.withResolvers<void>();
      const stream = await calls.stream(
        path,
        soon(),
        {},
        {
          message(message) {
            messages.push(message.toString());
            if (messages.length === 2) stream.cancel();
          },
          end: () => resolve(),
        },
      );
      stream.write(hello);
      stream.write([Buffer.from('again')]);
      await ended;
      assert.deepEqual(messages, ['hello', 'again']);
      stream.write(hello);
      calls.close();
    }));

  void test('that a member without a leader ends are opened at another one', () =>
    withStreams(
      (stream) => refuse('14', 'etcdserver: no leader')(stream, Buffer.alloc(0)),
      (alone) =>
        withStreams(repeat, async (endpoint) => {
          const calls = new Calls({ endpoints: [alone, endpoint] });
          const first = await greet(calls);
          assert.ok('error' in first);
          assert.deepEqual([first.error?.code, first.error?.message], [14, 'etcdserver: no leader']);
          assert.deepEqual(await greet(calls), { message: 'hello' });
          calls.close();
        }),
    ));
});
