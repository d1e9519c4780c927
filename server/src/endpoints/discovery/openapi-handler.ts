/** /openapi/v2 and /openapi/v3: the documents `kubectl explain` and validating clients read. */
import {
  encodeOpenApiV2,
  encodeOpenApiV3,
  type OpenApiEncoding,
  type OpenApiV3Index,
  openApiHash,
  openApiProtobufType,
  openApiV2,
  openApiV3,
  openApiV3Index,
  type Served,
} from '@typernetes/openapi/catalogue';
import { parseAccept } from '@typernetes/openapi/codec';
import type { JsonObject } from '@typernetes/openapi/meta';
import { header, type RequestContext } from '../request-context.ts';
import { sendBody } from '../respond.ts';
import { DocumentCache, encodeDocument, sendDocument } from './documents.ts';
import { OpenApiV2Assembly } from './openapi-v2-assembly.ts';

const json = 'application/json';
const yearMs = 365 * 24 * 3600 * 1000;

/** Made when it is needed; of two with the same identity only one is. */
export interface LazyDocument {
  readonly identity: object;
  make(): JsonObject;
}

/** Something that is in the one document of version 2, and stays as it is. */
export interface OpenApiV2Part {
  readonly paths: JsonObject;
  readonly definitions: JsonObject;
}

/** What custom resources add to the documents; `revision` changes with it. */
export interface CustomOpenApi {
  readonly revision: number;
  /** The document of each group version, by its path (`apis/GROUP/VERSION`). */
  openApiV3(): ReadonlyMap<string, LazyDocument>;
  /** For the one document of version 2. A part that has not changed is the same object as before. */
  openApiV2(): readonly OpenApiV2Part[];
  /** What else changes the whole document of version 2, after that. */
  openApiV2Amendments?(): readonly ((document: JsonObject) => void)[];
  /** Documents of version 3 that somebody else answers for: path and URL, for the index. */
  openApiV3Links?(): ReadonlyMap<string, string>;
}

export class OpenApiHandler {
  readonly #isServed: Served;
  readonly #cache = new DocumentCache();
  readonly #custom: CustomOpenApi | undefined;
  readonly #whole = new OpenApiV2Assembly();
  #revision = 0;
  #hashes = new Map<string, { identity: object; json: Buffer; hash: string }>();

  constructor(isServed: Served, custom?: CustomOpenApi) {
    this.#isServed = isServed;
    this.#custom = custom;
  }

  #refresh(): void {
    const custom = this.#custom;
    if (custom === undefined || custom.revision === this.#revision) return;
    this.#revision = custom.revision;
    this.#cache.clear();
    this.#hashes = new Map(
      [...custom.openApiV3()]
        .filter(([path]) => openApiV3(path, 'json', this.#isServed) === undefined)
        .map(([path, document]) => {
          const { identity } = document;
          const known = this.#hashes.get(path);
          if (known?.identity === identity) return [path, known];
          const json = Buffer.from(JSON.stringify(document.make()));
          return [path, { identity, json, hash: openApiHash(json) }];
        }),
    );
  }

  #index(): OpenApiV3Index {
    const { paths } = openApiV3Index(this.#isServed);
    const own = [...this.#hashes].map(
      ([path, { hash }]) => [path, { serverRelativeURL: `/openapi/v3/${path}?hash=${hash}` }] as const,
    );
    const links = [...(this.#custom?.openApiV3Links?.() ?? [])].map(
      ([path, serverRelativeURL]) => [path, { serverRelativeURL }] as const,
    );
    const all = [...Object.entries(paths), ...own, ...links].sort(([a], [b]) => (a < b ? -1 : 1));
    return { paths: Object.fromEntries(all) };
  }

  #v2(encoding: OpenApiEncoding): { body: Buffer; hash: string } {
    const parts = this.#custom?.openApiV2() ?? [];
    const amendments = this.#custom?.openApiV2Amendments?.() ?? [];
    if (amendments.length === 0 && parts.length === 0) return openApiV2(encoding, this.#isServed);
    const json = this.#whole.json(openApiV2('json', this.#isServed).body, parts);
    if (amendments.length === 0) {
      const body = encoding === 'json' ? json : this.#whole.protobuf(openApiV2('protobuf', this.#isServed).body, parts);
      return { body, hash: openApiHash(json) };
    }
    const document = JSON.parse(json.toString()) as JsonObject;
    for (const amend of amendments) amend(document);
    return encodedV2(document, encoding);
  }

  #v3(path: string, encoding: OpenApiEncoding): { body: Buffer; hash: string } | undefined {
    const own = this.#hashes.get(path);
    if (own === undefined) return openApiV3(path, encoding, this.#isServed);
    const { json, hash } = own;
    if (encoding === 'json') return { body: json, hash };
    return { body: encodeOpenApiV3(JSON.parse(json.toString()) as JsonObject), hash };
  }

  paths(): string[] {
    return ['/openapi/v2', '/openapi/v3', '/openapi/v3/'];
  }

  async handle(context: RequestContext): Promise<boolean> {
    const { path } = context;
    if (!path.startsWith('/openapi/')) return false;
    this.#refresh();
    if (path === '/openapi/v2') await this.#sendV2(context);
    else if (path === '/openapi/v3') await this.#sendIndex(context);
    else if (path.startsWith('/openapi/v3/')) await this.#sendV3(context, path.slice('/openapi/v3/'.length));
    else return false;
    return true;
  }

  async #sendV2(context: RequestContext): Promise<void> {
    const encoding = encodingOf(context, 'v2');
    if (encoding === undefined) return sendNothing(context, 406, vary);
    const document = this.#cache.get(`v2 ${encoding}`, () => {
      const { body, hash } = this.#v2(encoding);
      return { body, etag: `"${hash}"`, contentType: contentTypeOf(encoding, 'v2') };
    });
    await sendDocument(context, document);
  }

  /** Upstream leaves its type to whoever guesses from the first bytes. */
  async #sendIndex(context: RequestContext): Promise<void> {
    const { body } = this.#cache.get('v3', () => encodeDocument(Buffer.from(JSON.stringify(this.#index()))));
    context.response.setHeader('Last-Modified', new Date().toUTCString());
    await sendBody(context, 200, 'text/plain; charset=utf-8', [body]);
  }

  async #sendV3(context: RequestContext, name: string): Promise<void> {
    const encoding = encodingOf(context, 'v3');
    const found = this.#v3(name, encoding ?? 'json');
    if (found === undefined) return sendNothing(context, 404, {});
    // A header without any media type is no reason to refuse, nor to say anything.
    if (header(context, 'accept') !== '' && parseAccept(header(context, 'accept')).length === 0)
      return sendNothing(context, 200, {});
    if (encoding === undefined) return sendNothing(context, 406, vary);
    const contentType = contentTypeOf(encoding, 'v3');
    const etag = `"${found.hash}"`;
    const asked = context.query.get('hash') ?? '';
    if (asked !== '' && asked !== found.hash) {
      // An outdated link leads to the document there is now.
      const headers = { ...vary, 'Content-Type': contentType, ETag: etag };
      return sendNothing(context, 301, { ...headers, Location: `/openapi/v3/${name}?hash=${found.hash}` });
    }
    if (asked !== '') {
      context.response.setHeader('Cache-Control', 'public, immutable');
      context.response.setHeader('Expires', new Date(Date.now() + yearMs).toUTCString());
    }
    await sendDocument(context, { body: found.body, etag, contentType });
  }
}

const vary = { Vary: 'Accept' };

/** These handlers of upstream's answer with a code alone. */
function sendNothing(context: RequestContext, code: number, headers: Record<string, string>): void {
  context.outcome = { code, bytes: 0 };
  context.response.writeHead(code, headers).end();
}

function encodedV2(document: JsonObject, encoding: OpenApiEncoding): { body: Buffer; hash: string } {
  const json = Buffer.from(JSON.stringify(document));
  return { body: encoding === 'json' ? json : encodeOpenApiV2(document), hash: openApiHash(json) };
}

const contentTypeOf = (encoding: OpenApiEncoding, version: 'v2' | 'v3'): string =>
  encoding === 'json' ? json : openApiProtobufType[version];

/** Clients write the protobuf type with `@` or with a dot before the version. Undefined where they take neither. */
function encodingOf(context: RequestContext, version: 'v2' | 'v3'): OpenApiEncoding | undefined {
  const protobuf = openApiProtobufType[version];
  const accept = header(context, 'accept').replaceAll(`spec.${version}@v1.0+protobuf`, `spec.${version}.v1.0+protobuf`);
  for (const { type, subtype } of parseAccept(accept === '' ? '*/*' : accept)) {
    if (type !== '*' && type !== 'application') continue;
    if (subtype === '*' || subtype === 'json') return 'json';
    if (`application/${subtype}` === protobuf) return 'protobuf';
  }
  return undefined;
}
