/** What the storage asks of etcd's KV service, and both ways to ask it: on a session of our own, or through etcd3. */
import type { ICompare, IKeyValue, IRangeRequest, IRequestOp, KVClient } from 'etcd3';
import { eachField, varint } from '../../protobuf.ts';
import type { UnaryCalls } from './unary.ts';

export interface RangeRequest {
  key: Buffer;
  range_end?: Buffer;
  limit?: number;
  revision?: number;
  serializable?: boolean;
  keys_only?: boolean;
  count_only?: boolean;
}

export type KeyValue = Pick<IKeyValue, 'key' | 'value'> & { create_revision: number; mod_revision: number };

export interface RangeAnswer {
  revision: number;
  kvs: KeyValue[];
  more: boolean;
  count: number;
}

/** Success and failure are for a key whose modRevision is the expected one, 0 for one that is not there. */
export interface TxnRequest {
  key: Buffer;
  modRevision: number;
  /** The key must be there. */
  exists?: boolean;
  success: readonly Operation[];
  failure: readonly Operation[];
}

export type Operation =
  | { put: { key: Buffer; value: Buffer; lease: string } }
  | { range: RangeRequest }
  | { remove: { key: Buffer } };

export interface TxnAnswer {
  revision: number;
  succeeded: boolean;
  /** For each operation what it found: of ranges the first. */
  found: (KeyValue | undefined)[];
}

export interface Kv {
  range(request: RangeRequest, deadline: number): Promise<RangeAnswer>;
  txn(request: TxnRequest, deadline: number): Promise<TxnAnswer>;
}

/** Field numbers are those of etcd's rpc.proto. */
export function directKv(calls: UnaryCalls): Kv {
  return {
    async range(request, deadline) {
      return rangeAnswer(await calls.call('/etcdserverpb.KV/Range', rangeRequest(request), deadline));
    },
    async txn({ key, modRevision, exists, success, failure }, deadline) {
      const message = [
        ...field(1, [...number(2, target.mod), ...bytes(3, key), ...number(6, modRevision)]),
        ...(exists === true ? field(1, [...number(1, greater), ...bytes(3, key)]) : []),
        ...success.flatMap((operation) => field(2, operationOf(operation))),
        ...failure.flatMap((operation) => field(3, operationOf(operation))),
      ];
      return txnAnswer(await calls.call('/etcdserverpb.KV/Txn', message, deadline));
    },
  };
}

const target = { mod: 2 };
const greater = 1;

function operationOf(operation: Operation): Buffer[] {
  if ('range' in operation) return field(1, rangeRequest(operation.range));
  if ('remove' in operation) return field(3, bytes(1, operation.remove.key));
  const { key, value, lease } = operation.put;
  return field(2, [...bytes(1, key), ...bytes(2, value), ...(lease === '0' ? [] : [tag(3, 0), varint(BigInt(lease))])]);
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

const tags = new Map<number, Buffer>();

function tag(number: number, wireType: number): Buffer {
  const value = number * 8 + wireType;
  let known = tags.get(value);
  if (known === undefined) tags.set(value, (known = varint(value)));
  return known;
}

function number(at: number, value: number): Buffer[] {
  return value === 0 ? [] : [tag(at, 0), varint(value)];
}

function bytes(at: number, value: Buffer): Buffer[] {
  return field(at, [value]);
}

/** Parts stay as they are until the whole is put together: values are copied once. */
function field(at: number, parts: Buffer[]): Buffer[] {
  let length = 0;
  for (const part of parts) length += part.length;
  return [tag(at, 2), varint(length), ...parts];
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

function headerRevision(header: Buffer): number {
  let revision = 0;
  eachField(header, (at, value) => {
    if (at === 3) revision = value as number;
  });
  return revision;
}

const nothing = Buffer.alloc(0);

function keyValue(message: Buffer): KeyValue {
  const kv: KeyValue = { key: nothing, value: nothing, create_revision: 0, mod_revision: 0 };
  eachField(message, (at, value) => {
    if (at === 1) kv.key = value as Buffer;
    else if (at === 2) kv.create_revision = value as number;
    else if (at === 3) kv.mod_revision = value as number;
    else if (at === 5) kv.value = value as Buffer;
  });
  return kv;
}

/** Through etcd3, which keeps a password's token fresh. */
export function etcd3Kv(client: () => KVClient): Kv {
  return {
    async range(request, deadline) {
      const { header, kvs, more, count } = await client().range(request as IRangeRequest, { deadline });
      return { revision: Number(header.revision), kvs: kvs.map(ofEtcd3), more, count: Number(count) };
    },
    async txn({ key, modRevision, exists, success, failure }, deadline) {
      const compare: ICompare[] = [{ key, target: 'Mod', result: 'Equal', mod_revision: modRevision }];
      if (exists === true) compare.push({ key, target: 'Version', result: 'Greater', version: 0 });
      const request = { compare, success: success.map(etcd3Operation), failure: failure.map(etcd3Operation) };
      const { header, succeeded, responses } = await client().txn(request, { deadline });
      return {
        revision: Number(header.revision),
        succeeded,
        found: responses.map((response) => {
          const kv: IKeyValue | undefined = response.response_range?.kvs[0];
          return kv && ofEtcd3(kv);
        }),
      };
    },
  };
}

export function ofEtcd3(kv: IKeyValue): KeyValue {
  const { key, value, create_revision, mod_revision } = kv;
  return { key, value, create_revision: Number(create_revision), mod_revision: Number(mod_revision) };
}

function etcd3Operation(operation: Operation): IRequestOp {
  if ('range' in operation) return { request_range: operation.range as IRangeRequest };
  if ('remove' in operation) return { request_delete_range: operation.remove };
  return { request_put: operation.put };
}
