/**
 * Documents that change rarely and are asked for often: discovery, OpenAPI, version. Each is encoded once, carries an
 * ETag, and is made when first asked for.
 */
import { createHash } from 'node:crypto';
import { header, type RequestContext } from '../request-context.ts';
import { sendBody, wantsPretty } from '../respond.ts';

export interface EncodedDocument {
  body: Buffer;
  etag: string;
  contentType: string;
}

export function encodeDocument(value: unknown, contentType = 'application/json'): EncodedDocument {
  const body = Buffer.isBuffer(value) ? value : Buffer.from(`${JSON.stringify(value)}\n`);
  const etag = `"${createHash('sha512').update(body).digest('hex').toUpperCase()}"`;
  return { body, etag, contentType };
}

/** Answers 304 where the client has it already. */
export async function sendDocument(context: RequestContext, document: EncodedDocument): Promise<void> {
  const { response } = context;
  response.setHeader('Vary', 'Accept');
  response.setHeader('ETag', document.etag);
  const known = header(context, 'if-none-match')
    .split(',')
    .map((each) => each.trim().replace(/^W\//, ''));
  if (known.includes(document.etag) || known.includes('*')) {
    context.outcome = { code: 304, bytes: 0 };
    response.statusCode = 304;
    response.end();
    return;
  }
  await sendBody(context, 200, document.contentType, [document.body]);
}

/** A document that is sent as any object is: without an ETag, and pretty for people. */
export async function sendPlainDocument(
  context: RequestContext,
  { body, contentType }: EncodedDocument,
): Promise<void> {
  const pretty = contentType === 'application/json' && wantsPretty(context);
  const sent = pretty ? Buffer.from(JSON.stringify(JSON.parse(body.toString()), undefined, 2)) : body;
  await sendBody(context, 200, contentType, [sent]);
}

/** Documents by name, each made once. */
export class DocumentCache {
  readonly #documents = new Map<string, EncodedDocument>();

  get(name: string, make: () => EncodedDocument): EncodedDocument {
    let document = this.#documents.get(name);
    if (document === undefined) this.#documents.set(name, (document = make()));
    return document;
  }

  clear(): void {
    this.#documents.clear();
  }
}
