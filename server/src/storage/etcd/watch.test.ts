import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { test } from 'node:test';
import { nextTurn } from '../signal.ts';
import { ManualClock } from '../testing/manual-clock.ts';
import { EtcdWatch, type EtcdWatchHost } from './watch.ts';

/** etcd's end of a watch's stream, as far as a test plays it. */
class FakeStream extends EventEmitter {
  readonly requests: string[] = [];

  write(request: object): void {
    this.requests.push(...Object.keys(request));
  }

  cancel(): void {}

  created(revision: number): void {
    this.emit('data', { created: true, canceled: false, header: { revision: String(revision) }, events: [] });
  }
}

test('a stream that breaks takes the answer it owes with it: the next is asked for progress at once', async () => {
  const clock = new ManualClock();
  const streams: FakeStream[] = [];
  const host = {
    clock,
    progressRequests: true,
    async open() {
      const stream = new FakeStream();
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
  assert.deepEqual(streams[0]?.requests, ['create_request', 'progress_request']);
  streams[0]?.emit('end');
  await nextTurn();
  clock.advance(100);
  await nextTurn();
  streams[1]?.created(6);
  assert.deepEqual(streams[1]?.requests, ['create_request', 'progress_request']);
  watch.stop();
});
