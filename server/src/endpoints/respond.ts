/** Writing answers: encoded bodies with pretty printing and gzip, Statuses, plain text. */
import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { constants, createGzip } from 'node:zlib';
import {
  type BodyPart,
  cborMediaType,
  cborSerializer,
  joinParts,
  lengthOf,
  protobufMediaType,
  protobufSerializer,
  yamlSerializer,
} from '@typernetes/openapi/codec';
import { internalError, parseBool, StatusError } from '@typernetes/openapi/meta';
import { acceptsPretty, negotiateStatus } from './negotiation.ts';
import { header, type RequestContext } from './request-context.ts';

/** Bodies beyond this are compressed for clients that take gzip: upstream's 128 KiB. */
const gzipThreshold = 128 * 1024;
/** Between two chunks of this size the event loop gets its turn. */
const chunkSize = 256 * 1024;

function warningHeader(text: string): string {
  const clean = text
    .replace(/[\p{Cc}]+/gu, ' ')
    .replaceAll('\\', '\\\\')
    .replaceAll('"', '\\"');
  return `299 - "${clean}"`;
}

/** In characters. Beyond what is allowed in all, each warning is cut to what one may have, and those to come are left out. */
const maxWarnings = 4096;
const maxWarning = 256;

function withinLimits(warnings: Iterable<string>): string[] {
  let all: string[] = [];
  let written = 0;
  let cutting = false;
  for (const text of warnings) {
    if (cutting && written >= maxWarnings) break;
    all.push(cutting ? cutWarning(text) : text);
    written += characters(all.at(-1)!);
    if (cutting || written <= maxWarnings) continue;
    cutting = true;
    all = all.map(cutWarning);
    written = all.reduce((sum, each) => sum + characters(each), 0);
  }
  return all;
}

const characters = (text: string): number => (text.length <= maxWarning ? text.length : Array.from(text).length);
const cutWarning = (text: string): string =>
  text.length <= maxWarning
    ? text
    : Array.from(text.slice(0, 2 * maxWarning))
        .slice(0, maxWarning)
        .join('');

export function setWarnings(context: RequestContext): void {
  if (context.warnings.size === 0) return;
  const values = withinLimits(context.warnings).map((text) =>
    Buffer.from(warningHeader(text), 'utf8').toString('latin1'),
  );
  context.response.setHeader('Warning', values);
}

export function wantsPretty(context: RequestContext): boolean {
  if (acceptsPretty(context)) return true;
  const pretty = context.query.get('pretty');
  if (pretty !== null && pretty !== '') return parseBool(pretty) === true;
  return /^(curl|Wget|Mozilla\/5\.0)/.test(header(context, 'user-agent'));
}

/** Writes the whole answer; `contentType` is that of the parts' bytes. */
export async function sendBody(
  context: RequestContext,
  code: number,
  contentType: string,
  parts: readonly BodyPart[],
): Promise<void> {
  const { response } = context;
  setWarnings(context);
  const total = lengthOf(parts);
  context.outcome = { code, bytes: total };
  context.audit?.response(contentType, parts);
  response.statusCode = code;
  response.setHeader('Content-Type', contentType);
  if (context.method === 'HEAD') {
    response.setHeader('Content-Length', total);
    response.end();
    return;
  }
  if (total > gzipThreshold && code === 200 && acceptsGzip(context)) {
    response.setHeader('Content-Encoding', 'gzip');
    response.setHeader('Vary', 'Accept-Encoding');
    await pipeline(
      Readable.from(chunks(parts)),
      createGzip({ level: constants.Z_BEST_SPEED, chunkSize: 64 * 1024 }),
      response,
    );
    return;
  }
  response.setHeader('Content-Length', total);
  const [first] = parts;
  if (parts.length === 1 && Buffer.isBuffer(first)) response.end(first);
  else if (total <= chunkSize) response.end(joinParts(parts, total));
  else await writeChunks(response, parts);
}

/** In chunks, all through the same memory: a list of many megabytes leaves no garbage behind. */
async function writeChunks(response: ServerResponse, parts: readonly BodyPart[]): Promise<void> {
  const chunk = new Chunk();
  for (const part of parts) {
    if (!chunk.takes(part)) {
      await written(response, chunk.bytes());
      await nextTurn();
      chunk.clear();
    }
    chunk.add(part);
  }
  await written(response, chunk.bytes());
  response.end();
}

/** Resolves when the bytes are with the system; rejects when the client is gone. */
function written(response: ServerResponse, bytes: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    const onClose = (): void => reject(new Error('the client went away'));
    response.once('close', onClose);
    response.write(bytes, (error) => {
      response.off('close', onClose);
      if (error) reject(error);
      else resolve();
    });
  });
}

class Chunk {
  #memory = Buffer.allocUnsafeSlow(chunkSize);
  #length = 0;

  takes(part: BodyPart): boolean {
    return this.#length === 0 || this.#length + part.length <= this.#memory.length;
  }

  add(part: BodyPart): void {
    if (part.length > this.#memory.length) this.#memory = Buffer.allocUnsafeSlow(part.length);
    part.copy(this.#memory, this.#length);
    this.#length += part.length;
  }

  bytes(): Buffer {
    return this.#memory.subarray(0, this.#length);
  }

  clear(): void {
    this.#length = 0;
  }
}

/** The parts in pieces of some 256 KiB. Generators are pulled as the consumer drains, so nothing piles up. */
async function* chunks(parts: readonly BodyPart[]): AsyncGenerator<Buffer> {
  let pending: BodyPart[] = [];
  let size = 0;
  for (const part of parts) {
    pending.push(part);
    size += part.length;
    if (size < chunkSize) continue;
    yield joinParts(pending, size);
    pending = [];
    size = 0;
    await nextTurn();
  }
  if (size > 0) yield joinParts(pending, size);
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function acceptsGzip(context: RequestContext): boolean {
  return /(^|,)\s*gzip\s*(;\s*q=(?!0(\.0*)?\s*(,|$))|,|$)/i.test(header(context, 'accept-encoding'));
}

export function sendText(context: RequestContext, code: number, text: string): void {
  const { response } = context;
  if (response.headersSent) {
    response.destroy();
    return;
  }
  setWarnings(context);
  context.outcome = { code, bytes: text.length };
  response.statusCode = code;
  response.setHeader('Content-Type', 'text/plain; charset=utf-8');
  response.setHeader('X-Content-Type-Options', 'nosniff');
  response.end(context.method === 'HEAD' ? undefined : text);
}

/** As Go's encoder: on one line, which a line feed ends, or pretty without one. */
function sendJson(context: RequestContext, code: number, value: unknown, pretty: boolean): Promise<void> {
  const text = pretty ? JSON.stringify(value, undefined, 2) : `${JSON.stringify(value)}\n`;
  return sendBody(context, code, 'application/json', [Buffer.from(text)]);
}

/** Any error as the Status clients get. What is no StatusError is a fault of ours: 500. */
export function statusErrorOf(error: unknown): StatusError {
  if (error instanceof StatusError) return error;
  return internalError(error instanceof Error ? error.message : String(error));
}

export async function sendStatusError(context: RequestContext, error: StatusError): Promise<void> {
  const { response } = context;
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const { status } = error;
  const code = status.code ?? 500;
  context.audit?.responseStatus(status);
  const retry = status.details?.retryAfterSeconds;
  if (retry !== undefined && retry > 0) response.setHeader('Retry-After', String(retry));
  const mediaType = negotiateStatus(context);
  // Whoever takes none of the server's formats is told so in readable JSON.
  const pretty = mediaType === undefined || wantsPretty(context);
  if (mediaType === undefined || mediaType === 'application/json') await sendJson(context, code, status, pretty);
  else await sendBody(context, code, mediaType, [statusSerializers[mediaType].encode(status)]);
}

const statusSerializers = {
  'application/yaml': yamlSerializer,
  [protobufMediaType]: protobufSerializer,
  [cborMediaType]: cborSerializer,
} as const;
