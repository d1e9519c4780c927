/** What the storage asks of etcd's KV service. Field numbers are those of etcd's rpc.proto. */
import { eachField } from '../../protobuf.ts';
import { bytes, field, number } from './encode.ts';

export interface RangeRequest {
  key: Buffer;
  range_end?: Buffer;
  limit?: number;
  revision?: number;
  serializable?: boolean;
  keys_only?: boolean;
  count_only?: boolean;
}

export interface KeyValue {
  key: Buffer;
  value: Buffer;
  create_revision: number;
  mod_revision: number;
  /** How often it was written. */
  version: number;
}

export interface RangeAnswer {
  revision: number;
  kvs: KeyValue[];
  more: boolean;
  count: number;
}

/** Success is for a key whose modRevision or version is the expected one, 0 for one that is not there. */
export interface TxnRequest {
  key: Buffer;
  expected: { modRevision: number } | { version: number };
  /** The key must be there. */
  exists?: boolean;
  success: readonly Operation[];
  failure: readonly Operation[];
}

export type Operation =
  | { put: { key: Buffer; value: Buffer; lease: bigint } }
  | { range: RangeRequest }
  | { remove: { key: Buffer } };

export interface TxnAnswer {
  revision: number;
  succeeded: boolean;
  /** For each operation what it found: of ranges the first. */
  found: (KeyValue | undefined)[];
}

/** Makes a call: its path, the message in parts, and by when the answer is wanted. */
export type Call = (path: string, message: readonly Buffer[], deadline: number) => Promise<Buffer>;

export class Kv {
  readonly #call: Call;

  constructor(call: Call) {
    this.#call = call;
  }

  async range(request: RangeRequest, deadline: number): Promise<RangeAnswer> {
    return rangeAnswer(await this.#call('/etcdserverpb.KV/Range', rangeRequest(request), deadline));
  }

  async txn({ key, expected, exists, success, failure }: TxnRequest, deadline: number): Promise<TxnAnswer> {
    const [attribute, wanted, value] =
      'version' in expected
        ? ([target.version, 4, expected.version] as const)
        : ([target.mod, 6, expected.modRevision] as const);
    const message = [
      ...field(1, [...number(2, attribute), ...bytes(3, key), ...number(wanted, value)]),
      ...(exists === true ? field(1, [...number(1, greater), ...bytes(3, key)]) : []),
      ...success.flatMap((operation) => field(2, operationOf(operation))),
      ...failure.flatMap((operation) => field(3, operationOf(operation))),
    ];
    return txnAnswer(await this.#call('/etcdserverpb.KV/Txn', message, deadline));
  }

  async compact(revision: number, deadline: number): Promise<void> {
    await this.#call('/etcdserverpb.KV/Compact', number(1, revision), deadline);
  }
}

const target = { version: 0, mod: 2 };
const greater = 1;

function operationOf(operation: Operation): Buffer[] {
  if ('range' in operation) return field(1, rangeRequest(operation.range));
  if ('remove' in operation) return field(3, bytes(1, operation.remove.key));
  const { key, value, lease } = operation.put;
  return field(2, [...bytes(1, key), ...bytes(2, value), ...number(3, lease)]);
}

function rangeRequest(request: RangeRequest): Buffer[] {
  const { key, range_end: end, limit = 0, revision = 0, serializable, keys_only: keys, count_only: count } = request;
  return [
    ...bytes(1, key),
    ...(end === undefined ? [] : bytes(2, end)),
    ...number(3, limit),
    ...number(4, revision),
    ...number(7, serializable === true ? 1 : 0),
    ...number(8, keys === true ? 1 : 0),
    ...number(9, count === true ? 1 : 0),
  ];
}

function txnAnswer(message: Buffer): TxnAnswer {
  const answer: TxnAnswer = { revision: 0, succeeded: false, found: [] };
  eachField(message, (at, value) => {
    if (at === 2) answer.succeeded = value !== 0;
    else if (at === 1) answer.revision = headerRevision(value as Buffer);
    else if (at === 3) {
      let found: KeyValue | undefined;
      eachField(value as Buffer, (kind, result) => {
        if (kind === 1) found = rangeAnswer(result as Buffer).kvs[0];
      });
      answer.found.push(found);
    }
  });
  return answer;
}

function rangeAnswer(message: Buffer): RangeAnswer {
  const answer: RangeAnswer = { revision: 0, kvs: [], more: false, count: 0 };
  eachField(message, (at, value) => {
    if (at === 1) answer.revision = headerRevision(value as Buffer);
    else if (at === 2) answer.kvs.push(keyValue(value as Buffer));
    else if (at === 3) answer.more = value !== 0;
    else if (at === 4) answer.count = value as number;
  });
  return answer;
}

export function headerRevision(header: Buffer): number {
  let revision = 0;
  eachField(header, (at, value) => {
    if (at === 3) revision = value as number;
  });
  return revision;
}

const nothing = Buffer.alloc(0);

export function keyValue(message: Buffer): KeyValue {
  const kv: KeyValue = { key: nothing, value: nothing, create_revision: 0, mod_revision: 0, version: 0 };
  eachField(message, (at, value) => {
    if (at === 1) kv.key = value as Buffer;
    else if (at === 2) kv.create_revision = value as number;
    else if (at === 3) kv.mod_revision = value as number;
    else if (at === 4) kv.version = value as number;
    else if (at === 5) kv.value = value as Buffer;
  });
  return kv;
}
