/** Paths that are no API resources: the index, version, health, metrics, OpenID documents. */
import { genericServerResponse } from '@typernetes/openapi/meta';
import type { HealthEndpoint, HealthMetrics } from './health.ts';
import { type ApiMetrics, metricsContentType } from './metrics.ts';
import type { RequestContext } from './request-context.ts';
import { notFoundResponse } from './resource-router.ts';
import { sendBody, sendText } from './respond.ts';
import { confirmAccepted } from './route-media.ts';

const openIdPath = '/.well-known/openid-configuration';
const jwksPath = '/openid/v1/jwks';
const none = { group: '', resource: '' };

export interface NonResourceOptions {
  version: Record<string, string>;
  health: readonly HealthEndpoint[];
  metrics: ApiMetrics;
  /** For /metrics/slis. */
  healthMetrics?: HealthMetrics | undefined;
  /** For /.well-known/openid-configuration; undefined where the issuer cannot be discovered. */
  openIdConfiguration(): unknown;
  jwks(): unknown;
  /** How long clients may remember these two. */
  openIdMaxAgeSeconds(): number;
  /** Built-in API groups: below them, what leads nowhere is refused with a Status. */
  groups: ReadonlySet<string>;
  /** The built-in group versions. */
  apiVersions: ReadonlySet<string>;
  /** Tried in order; each says whether the path was its own. */
  documents: readonly { handle(context: RequestContext): Promise<boolean>; paths?(): string[] }[];
}

export class NonResourceHandler {
  readonly #options: NonResourceOptions;

  constructor(options: NonResourceOptions) {
    this.#options = options;
  }

  async handle(context: RequestContext): Promise<void> {
    const { path, method } = context;
    if (method !== 'GET' && this.#isRouted(path)) throw genericServerResponse(405, '', none, '', '', 0, false);
    for (const health of this.#options.health) {
      if (path !== `/${health.path}` && !path.startsWith(`/${health.path}/`)) continue;
      if (await health.handle(context)) return;
    }
    switch (path) {
      case '/':
        return sendIndented(context, { paths: this.#paths() });
      case '/version':
      case '/version/':
        confirmAccepted(context, ['application/json']);
        return sendIndented(context, this.#options.version);
      case '/metrics': {
        const { contentType, text } = await this.#options.metrics.expose();
        return sendBody(context, 200, contentType, [Buffer.from(text)]);
      }
      case '/metrics/slis': {
        const text = (await this.#options.healthMetrics?.registry.text()) ?? '';
        return sendBody(context, 200, metricsContentType, [Buffer.from(text)]);
      }
      case openIdPath:
        return this.#openId(context, 'application/json', this.#options.openIdConfiguration());
      case jwksPath:
        return this.#openId(context, 'application/jwk-set+json', this.#options.jwks());
    }
    for (const document of this.#options.documents) if (await document.handle(context)) return;
    this.notFound(context);
  }

  /** A path that leads nowhere. */
  notFound(context: RequestContext): void {
    const [, prefix, group] = context.path.split('/', 3);
    const below = prefix === 'api' ? context.path.startsWith('/api/') : prefix === 'apis' && this.#isGroup(group);
    if (below) throw notFoundResponse();
    sendText(context, 404, notFoundText);
  }

  #isGroup(name: string | undefined): boolean {
    return name !== undefined && this.#options.groups.has(name);
  }

  async #openId(context: RequestContext, contentType: string, document: unknown): Promise<void> {
    if (document === undefined) {
      sendText(context, 404, notFoundText);
      return;
    }
    confirmAccepted(context, [contentType]);
    context.response.setHeader('Cache-Control', `public, max-age=${this.#options.openIdMaxAgeSeconds()}`);
    await sendBody(context, 200, contentType, [Buffer.from(JSON.stringify(document))]);
  }

  /** What upstream serves through a router that knows methods; its other handlers answer any of them. */
  #isRouted(path: string): boolean {
    const [, prefix, ...rest] = path.replace(/\/$/, '').split('/');
    const apiVersion = rest.join('/');
    if (prefix === 'api') return apiVersion === '' || this.#options.apiVersions.has(apiVersion);
    if (prefix === 'apis') return rest.length === 2 && this.#options.apiVersions.has(apiVersion);
    return routed.has(path);
  }

  #paths(): string[] {
    const { health, documents } = this.#options;
    return [
      openIdPath,
      ...documents.flatMap((document) => document.paths?.() ?? []),
      ...health.flatMap((endpoint) => endpoint.paths()),
      '/metrics',
      '/metrics/slis',
      jwksPath,
      '/version',
    ].sort();
  }
}

/** For people who look with curl, as upstream. */
function sendIndented(context: RequestContext, value: unknown): Promise<void> {
  return sendBody(context, 200, 'application/json', [Buffer.from(JSON.stringify(value, undefined, 2))]);
}

/** Paths that upstream routes by method, as it does those of resources, beside the documents of group versions. */
const routed = new Set(['/version', '/version/', openIdPath, jwksPath]);

const notFoundText = '404 page not found\n';
