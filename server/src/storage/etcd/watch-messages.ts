/** What goes over a watch's stream. Field numbers are those of etcd's rpc.proto. */
import { eachField } from '../../protobuf.ts';
import { bytes, field, number } from './encode.ts';
import { headerRevision, type KeyValue, keyValue } from './kv.ts';

export interface CreateRequest {
  key: Buffer;
  range_end?: Buffer;
  startRevision: number;
  progressNotify: boolean;
}

export interface WatchAnswer {
  revision: number;
  created: boolean;
  cancelled: boolean;
  /** Not 0 where the watch begins before what is still known. */
  compactRevision: number;
  cancelReason: string;
  events: WatchEvent[];
}

export interface WatchEvent {
  type: 'put' | 'delete';
  /** Of a deletion the key and its revision only. */
  kv: KeyValue;
  previous: KeyValue | undefined;
}

export function createRequest({ key, range_end: end, startRevision, progressNotify }: CreateRequest): Buffer[] {
  return field(1, [
    ...bytes(1, key),
    ...(end === undefined ? [] : bytes(2, end)),
    ...number(3, startRevision),
    ...number(4, progressNotify ? 1 : 0),
    ...number(6, 1), // with the states before
  ]);
}

export function progressRequest(): Buffer[] {
  return field(3, []);
}

export function watchAnswer(message: Buffer): WatchAnswer {
  const answer: WatchAnswer = {
    revision: 0,
    created: false,
    cancelled: false,
    compactRevision: 0,
    cancelReason: '',
    events: [],
  };
  eachField(message, (at, value) => {
    if (at === 1) answer.revision = headerRevision(value as Buffer);
    else if (at === 3) answer.created = value !== 0;
    else if (at === 4) answer.cancelled = value !== 0;
    else if (at === 5) answer.compactRevision = value as number;
    else if (at === 6) answer.cancelReason = value.toString();
    else if (at === 11) answer.events.push(watchEvent(value as Buffer));
  });
  return answer;
}

function watchEvent(message: Buffer): WatchEvent {
  const event: WatchEvent = { type: 'put', kv: keyValue(Buffer.alloc(0)), previous: undefined };
  eachField(message, (at, value) => {
    if (at === 1) event.type = value === 1 ? 'delete' : 'put';
    else if (at === 2) event.kv = keyValue(value as Buffer);
    else if (at === 3) event.previous = keyValue(value as Buffer);
  });
  return event;
}
