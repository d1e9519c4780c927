/** /openapi/v2 and /openapi/v3: the documents `kubectl explain` and validating clients read. */
import { openApiProtobufType, openApiV2, openApiV3, openApiV3Index, type Served } from '@typernetes/openapi/catalogue';
import { negotiate } from '@typernetes/openapi/codec';
import { notAcceptable } from '@typernetes/openapi/meta';
import { header, type RequestContext } from '../request-context.ts';
import { DocumentCache, encodeDocument, sendDocument } from './documents.ts';

const json = 'application/json';
const yearMs = 365 * 24 * 3600 * 1000;

export class OpenApiHandler {
  readonly #isServed: Served;
  readonly #cache = new DocumentCache();

  constructor(isServed: Served) {
    this.#isServed = isServed;
  }

  paths(): string[] {
    return [
      '/openapi/v2',
      '/openapi/v3',
      ...Object.keys(openApiV3Index(this.#isServed).paths).map((path) => `/openapi/v3/${path}`),
    ];
  }

  async handle(context: RequestContext): Promise<boolean> {
    const path = context.path.replace(/\/$/, '');
    if (path === '/openapi/v2') {
      const encoding = encodingOf(context, 'v2');
      const document = this.#cache.get(`v2 ${encoding}`, () => {
        const { body, hash } = openApiV2(encoding, this.#isServed);
        return { body, etag: `"${hash}"`, contentType: encoding === 'json' ? json : openApiProtobufType.v2 };
      });
      await sendDocument(context, document);
      return true;
    }
    if (path === '/openapi/v3') {
      await sendDocument(
        context,
        this.#cache.get('v3', () => encodeDocument(openApiV3Index(this.#isServed))),
      );
      return true;
    }
    if (!path.startsWith('/openapi/v3/')) return false;
    const encoding = encodingOf(context, 'v3');
    const found = openApiV3(path.slice('/openapi/v3/'.length), encoding, this.#isServed);
    if (found === undefined) return false;
    const asked = context.query.get('hash');
    if (asked !== null && asked !== '' && asked !== found.hash) {
      // An outdated link leads to the document there is now.
      context.outcome = { code: 301, bytes: 0 };
      context.response.writeHead(301, { Location: `${path}?hash=${found.hash}` }).end();
      return true;
    }
    if (asked === found.hash) {
      context.response.setHeader('Cache-Control', 'public, immutable');
      context.response.setHeader('Expires', new Date(Date.now() + yearMs).toUTCString());
    }
    const contentType = encoding === 'json' ? json : openApiProtobufType.v3;
    await sendDocument(context, { body: found.body, etag: `"${found.hash}"`, contentType });
    return true;
  }
}

/** Clients write the protobuf type with `@` or with a dot before the version. */
function encodingOf(context: RequestContext, version: 'v2' | 'v3'): 'json' | 'protobuf' {
  const protobuf = openApiProtobufType[version];
  const accept = header(context, 'accept').replaceAll(`spec.${version}@v1.0+protobuf`, `spec.${version}.v1.0+protobuf`);
  const choice = negotiate(accept, [json, protobuf]);
  if (choice === undefined) throw notAcceptable(`only the following media types are accepted: ${json}, ${protobuf}`);
  return choice.mediaType === json ? 'json' : 'protobuf';
}
