/** Spans in OpenTelemetry's protobuf form: opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest. */
import {
  bytesField,
  doubleField,
  fixed32Field,
  fixed64Field,
  numberField,
  presentField,
  presentNumberField,
} from '../protobuf.ts';
import type { Attributes, FinishedSpan, SpanContext, SpanKind } from './span.ts';

const kinds: Record<SpanKind, number> = { internal: 1, server: 2, client: 3 };
const errorStatus = 2;

export function encodeSpans(spans: readonly FinishedSpan[], resource: Attributes): Buffer {
  const scopes = Map.groupBy(spans, ({ scope }) => scope);
  const resourceSpans = [presentField(1, attributesField(1, resource))];
  for (const [scope, ofScope] of scopes) {
    const encoded = ofScope.map((span) => presentField(2, encodeSpan(span)));
    resourceSpans.push(presentField(2, Buffer.concat([presentField(1, bytesField(1, scope)), ...encoded])));
  }
  return presentField(1, Buffer.concat(resourceSpans));
}

function encodeSpan(span: FinishedSpan): Buffer {
  const { context, error } = span;
  return Buffer.concat([
    bytesField(1, Buffer.from(context.traceId, 'hex')),
    bytesField(2, Buffer.from(context.spanId, 'hex')),
    bytesField(3, context.state),
    bytesField(4, Buffer.from(span.parentSpanId, 'hex')),
    bytesField(5, span.name),
    numberField(6, kinds[span.kind]),
    fixed64Field(7, unixNanoseconds(span.startMs)),
    fixed64Field(8, unixNanoseconds(span.endMs)),
    attributesField(9, span.attributes),
    ...span.events.map(({ name, atMs, attributes }) =>
      presentField(
        11,
        Buffer.concat([fixed64Field(1, unixNanoseconds(atMs)), bytesField(2, name), attributesField(3, attributes)]),
      ),
    ),
    ...span.links.map((link) => presentField(13, encodeLink(link))),
    presentField(15, error === undefined ? '' : Buffer.concat([bytesField(2, error), numberField(3, errorStatus)])),
    fixed32Field(16, context.sampled ? 1 : 0),
  ]);
}

function encodeLink({ traceId, spanId, state, sampled }: SpanContext): Buffer {
  return Buffer.concat([
    bytesField(1, Buffer.from(traceId, 'hex')),
    bytesField(2, Buffer.from(spanId, 'hex')),
    bytesField(3, state),
    fixed32Field(6, sampled ? 1 : 0),
  ]);
}

function attributesField(field: number, attributes: Attributes): Buffer {
  return Buffer.concat(
    Object.entries(attributes).map(([key, value]) =>
      presentField(field, Buffer.concat([bytesField(1, key), presentField(2, anyValue(value))])),
    ),
  );
}

function anyValue(value: string | number | boolean): Buffer {
  if (typeof value === 'string') return presentField(1, value);
  if (typeof value === 'boolean') return presentNumberField(2, value ? 1 : 0);
  return Number.isInteger(value) && value >= 0 ? presentNumberField(3, value) : doubleField(4, value);
}

const originMicroseconds = BigInt(Math.round(performance.timeOrigin * 1000));

/** From `performance.now()`. */
function unixNanoseconds(ms: number): bigint {
  return originMicroseconds * 1000n + BigInt(Math.round(ms * 1e6));
}
