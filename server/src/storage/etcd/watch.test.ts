import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeFields } from '../../protobuf.ts';
import { nextTurn } from '../signal.ts';
import { ManualClock } from '../testing/manual-clock.ts';
import type { MessageStream, StreamHandler } from './calls.ts';
import { field, number } from './encode.ts';
import { EtcdWatch, type EtcdWatchHost } from './watch.ts';

/** etcd's end of a watch's stream, as far as a test plays it. */
class FakeStream implements MessageStream {
  readonly requests: (number | undefined)[] = [];
  readonly #handler: StreamHandler;

  constructor(handler: StreamHandler) {
    this.#handler = handler;
  }

  write(message: readonly Buffer[]): void {
    this.requests.push(...decodeFields(Buffer.concat(message)).keys());
  }

  cancel(): void {}

  created(revision: number): void {
    this.#handler.message(Buffer.concat([...field(1, number(3, revision)), ...number(3, 1)]));
  }

  break(): void {
    this.#handler.end(undefined);
  }
}

const createRequest = 1;
const progressRequest = 3;

test('a stream that breaks takes the answer it owes with it: the next is asked for progress at once', async () => {
  const clock = new ManualClock();
  const streams: FakeStream[] = [];
  const host = {
    clock,
    progressRequests: true,
    async open(handler: StreamHandler) {
      const stream = new FakeStream(handler);
      streams.push(stream);
      return stream;
    },
    range: (prefix: string) => ({ key: Buffer.from(prefix) }),
    forget() {},
  } as unknown as EtcdWatchHost;
  const watch = new EtcdWatch(
    host,
    { prefix: '/registry/', afterRevision: 1, progress: true },
    { event() {}, end() {} },
  );
  await nextTurn();
  streams[0]?.created(5);
  assert.deepEqual(streams[0]?.requests, [createRequest, progressRequest]);
  streams[0]?.break();
  await nextTurn();
  clock.advance(100);
  await nextTurn();
  streams[1]?.created(6);
  assert.deepEqual(streams[1]?.requests, [createRequest, progressRequest]);
  watch.stop();
});
