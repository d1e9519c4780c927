/** An OTLP collector: a gRPC server that keeps the spans it is sent. */
import { Server, ServerCredentials, type UntypedHandleCall } from '@grpc/grpc-js';
import { bytesOf, decodeFields, type Fields, numberOf, textOf } from '../../protobuf.ts';

export interface ReceivedSpan {
  traceId: string;
  spanId: string;
  parentSpanId: string;
  name: string;
  /** 1 internal, 2 server, 3 client */
  kind: number;
  start: bigint;
  end: bigint;
  attributes: Record<string, string | number | boolean>;
  events: { name: string; attributes: Record<string, string | number | boolean> }[];
  links: { traceId: string; spanId: string }[];
  status: { code: number; message: string };
  scope: string;
  resource: Record<string, string | number | boolean>;
}

export interface Collector {
  /** `host:port` */
  readonly endpoint: string;
  readonly spans: readonly ReceivedSpan[];
  /** The first span that `accept` takes, of those that are there or still come. */
  span(accept: (span: ReceivedSpan) => boolean): Promise<ReceivedSpan>;
  close(): void;
}

export async function startCollector(): Promise<Collector> {
  const spans: ReceivedSpan[] = [];
  const waiting = new Set<() => void>();
  const server = new Server();
  const export_: UntypedHandleCall = (call: { request: Buffer }, done: (error: null, answer: Buffer) => void) => {
    spans.push(...spansOf(call.request));
    done(null, Buffer.alloc(0));
    for (const wake of waiting) wake();
  };
  const bytes = (message: Buffer): Buffer => message;
  server.addService(
    {
      export: {
        path: '/opentelemetry.proto.collector.trace.v1.TraceService/Export',
        requestStream: false,
        responseStream: false,
        requestSerialize: bytes,
        requestDeserialize: bytes,
        responseSerialize: bytes,
        responseDeserialize: bytes,
      },
    },
    { export: export_ },
  );
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  return {
    endpoint: `127.0.0.1:${port}`,
    spans,
    async span(accept) {
      for (;;) {
        const found = spans.find(accept);
        if (found !== undefined) return found;
        const { promise, resolve } = Promise.withResolvers<void>();
        waiting.add(resolve);
        await promise;
        waiting.delete(resolve);
      }
    },
    close: () => server.forceShutdown(),
  };
}

const messages = (fields: Fields, field: number): Fields[] =>
  (fields.get(field) ?? []).filter((value) => Buffer.isBuffer(value)).map((value) => decodeFields(value));
const message = (fields: Fields, field: number): Fields => messages(fields, field)[0] ?? new Map();
const hex = (fields: Fields, field: number): string => bytesOf(fields, field).toString('hex');

function spansOf(request: Buffer): ReceivedSpan[] {
  return messages(decodeFields(request), 1).flatMap((resource) =>
    messages(resource, 2).flatMap((scope) =>
      messages(scope, 2).map((span) => ({
        traceId: hex(span, 1),
        spanId: hex(span, 2),
        parentSpanId: hex(span, 4),
        name: textOf(span, 5),
        kind: numberOf(span, 6),
        start: bytesOf(span, 7).readBigUInt64LE(),
        end: bytesOf(span, 8).readBigUInt64LE(),
        attributes: attributesOf(span, 9),
        events: messages(span, 11).map((event) => ({ name: textOf(event, 2), attributes: attributesOf(event, 3) })),
        links: messages(span, 13).map((link) => ({ traceId: hex(link, 1), spanId: hex(link, 2) })),
        status: { message: textOf(message(span, 15), 2), code: numberOf(message(span, 15), 3) },
        scope: textOf(message(scope, 1), 1),
        resource: attributesOf(message(resource, 1), 1),
      })),
    ),
  );
}

function attributesOf(fields: Fields, field: number): Record<string, string | number | boolean> {
  return Object.fromEntries(
    messages(fields, field).map((attribute) => {
      const value = message(attribute, 2);
      return [
        textOf(attribute, 1),
        value.has(2) ? numberOf(value, 2) === 1 : value.has(3) ? numberOf(value, 3) : textOf(value, 1),
      ];
    }),
  );
}
