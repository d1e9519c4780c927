/** Sends spans to a collector over gRPC, without TLS, as upstream does. Loaded only when there is one. */
import { Client, credentials, Metadata } from '@grpc/grpc-js';
import { encodeSpans } from './otlp.ts';
import type { Attributes, FinishedSpan } from './span.ts';

const method = '/opentelemetry.proto.collector.trace.v1.TraceService/Export';
const timeoutMs = 10_000;

export interface Exporter {
  /** Throws where the collector took them not. */
  send(spans: readonly FinishedSpan[], deadlineMs?: number): Promise<void>;
  close(): void;
}

export function connectExporter(endpoint: string, resource: Attributes): Exporter {
  const client = new Client(endpoint, credentials.createInsecure());
  // A collector that restarts is waited for.
  const metadata = new Metadata({ waitForReady: true });
  const bytes = (message: Buffer): Buffer => message;
  return {
    send: (spans, deadlineMs = timeoutMs) =>
      new Promise((resolve, reject) => {
        const deadline = Date.now() + deadlineMs;
        client.makeUnaryRequest(method, bytes, bytes, encodeSpans(spans, resource), metadata, { deadline }, (error) =>
          error === null ? resolve() : reject(error),
        );
      }),
    close: () => client.close(),
  };
}
