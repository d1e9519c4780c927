/** /api, /apis and what is below them down to the group version: legacy documents and the aggregated one. */
import { type DiscoveryDocuments, discoveryDocuments, type Served } from '@typernetes/openapi/catalogue';
import {
  type NegotiatedMediaType,
  negotiate,
  protobufMediaType,
  protobufSerializer,
  yamlSerializer,
} from '@typernetes/openapi/codec';
import { notAcceptable } from '@typernetes/openapi/meta';
import { header, type RequestContext } from '../request-context.ts';
import { confirmAccepted } from '../route-media.ts';
import { DocumentCache, type EncodedDocument, encodeDocument, sendDocument, sendPlainDocument } from './documents.ts';
import { type CustomDiscovery, mergedDiscovery } from './merged-discovery.ts';

const json = 'application/json';
const yaml = 'application/yaml';
const plainMedia = [json, yaml, protobufMediaType];

export class DiscoveryHandler {
  readonly #documents: DiscoveryDocuments;
  readonly #builtIn: DiscoveryDocuments;
  readonly #cache = new DocumentCache();
  readonly #serverAddress: () => string;

  readonly #custom: CustomDiscovery | undefined;
  #revision = 0;

  constructor(isServed: Served, serverAddress: () => string, custom?: CustomDiscovery) {
    const builtIn = discoveryDocuments(isServed);
    this.#documents = custom === undefined ? builtIn : mergedDiscovery(builtIn, custom);
    this.#builtIn = builtIn;
    this.#custom = custom;
    this.#serverAddress = serverAddress;
  }

  paths(): string[] {
    const { versions } = this.#documents.api(this.#serverAddress());
    const groups = this.#documents
      .apis()
      .groups.flatMap(({ name, versions }) => [
        `/apis/${name}`,
        ...versions.map(({ groupVersion }) => `/apis/${groupVersion}`),
      ]);
    return ['/api', ...versions.map((version) => `/api/${version}`), '/apis', '/apis/', ...groups];
  }

  /** False where the path is no discovery document. */
  async handle(context: RequestContext): Promise<boolean> {
    const path = context.path.replace(/\/$/, '');
    const revision = this.#custom?.revision ?? 0;
    if (revision !== this.#revision) {
      this.#revision = revision;
      this.#cache.clear();
    }
    if (path === '/api' || path === '/apis') {
      await this.#root(context, path);
      return true;
    }
    const document = this.#legacy(path);
    if (document === undefined) return false;
    if (this.#isRouted(path)) confirmAccepted(context, plainMedia);
    const choice = negotiate(header(context, 'accept'), plainMedia, ({ as }) => as === undefined);
    if (choice === undefined) throw notAcceptableHere();
    await this.#sendPlain(context, path, choice.mediaType, () => document);
    return true;
  }

  #sendPlain(context: RequestContext, path: string, mediaType: string, document: () => unknown): Promise<void> {
    return sendPlainDocument(
      context,
      this.#cache.get(`${path} ${mediaType}`, () => encodePlain(document(), mediaType)),
    );
  }

  #legacy(path: string): unknown {
    const parts = path.slice(1).split('/');
    if (parts[0] === 'api' && parts.length === 2) return this.#documents.groupVersion(path);
    if (parts[0] !== 'apis') return undefined;
    if (parts.length === 2) return this.#documents.group(parts[1]!);
    return parts.length === 3 ? this.#documents.groupVersion(path) : undefined;
  }

  async #root(context: RequestContext, path: '/api' | '/apis'): Promise<void> {
    if (path === '/api') confirmAccepted(context, plainMedia);
    const choice = negotiate(header(context, 'accept'), plainMedia, isDiscoveryChoice);
    if (choice === undefined) throw notAcceptableHere();
    if (choice.as === undefined) {
      await this.#sendPlain(context, path, choice.mediaType, () =>
        path === '/api' ? this.#documents.api(this.#serverAddress()) : this.#documents.apis(),
      );
      return;
    }
    const contentType = `${json};g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList`;
    const document = this.#cache.get(`${path} v2`, () => encodeDocument(this.#documents.aggregated(path), contentType));
    context.response.setHeader('Cache-Control', 'public');
    await sendDocument(context, document);
  }

  /** Upstream has these behind routes, which look at media types first; the others are plain handlers. */
  #isRouted(path: string): boolean {
    return path === '/apis/apiregistration.k8s.io' || this.#builtIn.groupVersion(path) !== undefined;
  }
}

function encodePlain(document: unknown, mediaType: string): EncodedDocument {
  if (mediaType === yaml) return encodeDocument(yamlSerializer.encode(document), yaml);
  if (mediaType === protobufMediaType) return encodeDocument(protobufSerializer.encode(document), mediaType);
  return encodeDocument(document);
}

function isDiscoveryChoice({ as, mediaType }: NegotiatedMediaType): boolean {
  if (as === undefined) return true;
  return (
    mediaType === json &&
    as.group === 'apidiscovery.k8s.io' &&
    as.version === 'v2' &&
    as.kind === 'APIGroupDiscoveryList'
  );
}

const notAcceptableHere = () => notAcceptable(`only the following media types are accepted: ${plainMedia.join(', ')}`);
