/** Conversion of custom resources by the webhook of their definition: ConversionReview, and what may come back. */
import { randomUUID } from 'node:crypto';
import {
  aggregateFieldErrors,
  type FieldError,
  formatApiVersion,
  genericServerResponse,
  type KubernetesObject,
  type ObjectMeta,
  parseApiVersion,
  path,
  quote,
  StatusError,
} from '@typernetes/openapi/meta';
import { isObject } from '@typernetes/openapi/schema';
import { validateAnnotations, validateLabels } from '../registry/validation/index.ts';
import { traced } from '../tracing/span.ts';
import type { WebhookClientConfig, WebhookClients } from '../webhooks/index.ts';
import type { Definition } from './definition.ts';

const timeoutMs = 30_000;
const reviewGroup = 'apiextensions.k8s.io';
const reviewVersions = ['v1', 'v1beta1'];

interface Response {
  uid?: string;
  convertedObjects?: unknown[];
  result?: { status?: string; message?: string };
}

/** Upstream answers with the bare text of the error: 500 without a reason. */
function conversionFailed(message: string): StatusError {
  return new StatusError({ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, code: 500 });
}

export class WebhookConverter {
  readonly #clients: Pick<WebhookClients, 'post'>;
  readonly #config: WebhookClientConfig;
  readonly #reviewVersion: string | undefined;

  constructor(
    webhook: NonNullable<Definition['spec']['conversion']>['webhook'],
    clients: Pick<WebhookClients, 'post'>,
  ) {
    this.#clients = clients;
    const { caBundle = '', ...config } = webhook?.clientConfig ?? {};
    const blank = Buffer.from(caBundle, 'base64').toString().trim() === '';
    this.#config = blank ? config : { ...config, caBundle };
    this.#reviewVersion = webhook?.conversionReviewVersions?.find((version) => reviewVersions.includes(version));
  }

  /** All of them in one review; none may be of `apiVersion` already. Metadata but labels and annotations is the given one's. */
  async convert(objects: readonly KubernetesObject[], apiVersion: string): Promise<KubernetesObject[]> {
    const [first] = objects;
    if (first === undefined) return [];
    if (this.#reviewVersion === undefined) throw conversionFailed('no supported conversion review versions');
    const kind = kindOf(first);
    let answered: unknown[];
    try {
      answered = await this.#review(objects, apiVersion, this.#reviewVersion);
    } catch (error) {
      throw conversionFailed(`conversion webhook for ${kind} failed: ${(error as Error).message}`);
    }
    if (answered.length !== objects.length)
      throw conversionFailed(
        `conversion webhook for ${kind} returned ${answered.length} objects, expected ${objects.length}`,
      );
    return objects.map((object, index) => {
      try {
        return accept(object, answered[index], apiVersion);
      } catch (error) {
        const { message } = error as Error;
        const returned = error instanceof InvalidMetadata ? 'invalid metadata' : 'invalid object';
        const where = error instanceof InvalidKind ? ' at index 0' : '';
        throw conversionFailed(`conversion webhook for ${kindOf(object)} returned ${returned}${where}: ${message}`);
      }
    });
  }

  async #review(objects: readonly KubernetesObject[], desiredAPIVersion: string, version: string): Promise<unknown[]> {
    const uid = randomUUID();
    const apiVersion = `${reviewGroup}/${version}`;
    const review = { kind: 'ConversionReview', apiVersion, request: { uid, desiredAPIVersion, objects } };
    const attributes = { 'desired-api-version': desiredAPIVersion, 'object-count': objects.length, UID: uid };
    const call = { timeoutMs, query: { timeout: `${timeoutMs / 1000}s` } };
    const post = () => this.#clients.post(this.#config, review, call);
    const { status, body } = await traced('Call conversion webhook', () => ({ attributes }), post);
    const text = body.toString('utf8');
    const answer = parsed(text);
    if (status < 200 || status > 299) {
      if (isObject(answer) && answer.kind === 'Status' && typeof answer.message === 'string')
        throw new Error(answer.message);
      throw genericServerResponse(status, 'POST', { group: '', resource: '' }, '', text, 0, true);
    }
    if (!isObject(answer)) {
      const found = Array.isArray(answer) ? 'array' : typeof answer === 'boolean' ? 'bool' : typeof answer;
      throw new Error(`couldn't get version/kind; json parse error: json: cannot unmarshal ${found} into ${typeMeta}`);
    }
    checkKind(answer, apiVersion);
    const response = answer.response as Response | undefined | null;
    if (!isObject(response)) throw new Error('no response provided');
    const { result, convertedObjects, uid: answeredUid = '' } = response as Response;
    if (version === 'v1' && answeredUid !== uid)
      throw new Error(`expected response.uid=${quote(uid)}, got ${quote(answeredUid)}`);
    const outcome = result?.status ?? '';
    if (outcome !== 'Success')
      throw new Error(result?.message || `response.result.status was '${outcome}', not 'Success'`);
    return convertedObjects ?? [];
  }
}

/** Plain text is a string: Go's decoder takes what is no JSON for YAML. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

const typeMeta =
  'Go value of type struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }';

function checkKind(answer: { apiVersion?: unknown; kind?: unknown }, apiVersion: string): void {
  const known = reviewVersions.some((version) => answer.apiVersion === `${reviewGroup}/${version}`);
  if (answer.kind !== 'ConversionReview' || !known) {
    const [kind, version] = [answer.kind, answer.apiVersion].map((each) => quote(kindText(each)));
    throw new Error(`no kind ${kind} is registered for version ${version} in scheme "pkg/util/webhook/client.go:71"`);
  }
  if (answer.apiVersion !== apiVersion)
    throw new Error(`expected webhook response of ${kindOf({ apiVersion, kind: answer.kind })}, got ${kindOf(answer)}`);
}

/** As Go prints a GroupVersionKind. */
function kindOf({ apiVersion, kind }: { apiVersion?: unknown; kind?: unknown }): string {
  const text = typeof apiVersion === 'string' ? apiVersion : '';
  const { group, version } = text.split('/').length > 2 ? { group: '', version: text } : parseApiVersion(text);
  return `${group === '' ? '' : `${group}/`}${version}, Kind=${typeof kind === 'string' ? kind : ''}`;
}

class InvalidMetadata extends Error {}
class InvalidKind extends Error {}

/** The converted object with the metadata that it may not change. */
function accept(original: KubernetesObject, converted: unknown, apiVersion: string): KubernetesObject {
  if (!isObject(converted)) throw new InvalidKind('it is no object');
  const { group, version } = parseApiVersion(apiVersion);
  if (converted.apiVersion !== apiVersion) {
    const expected = formatApiVersion({ group, version });
    const received = typeof converted.apiVersion === 'string' ? converted.apiVersion : '';
    throw new InvalidKind(`invalid groupVersion (expected ${expected}, received ${received})`);
  }
  if (converted.kind !== original.kind)
    throw new InvalidKind(`invalid kind (expected ${original.kind}, received ${kindText(converted.kind)})`);
  const given: unknown = converted.metadata;
  const metadata = isObject(given) ? (given as ObjectMeta) : {};
  const before = original.metadata ?? {};
  for (const [field, name] of [
    ['name', 'name'],
    ['namespace', 'namespace'],
    ['uid', 'UID'],
  ] as const)
    if ((before[field] ?? '') !== (metadata[field] ?? ''))
      throw new Error(`must have the same ${name}: ${before[field] ?? ''} != ${metadata[field] ?? ''}`);
  if (given === undefined) throw new InvalidMetadata('missing metadata in converted object');
  if (!isObject(given)) throw new InvalidMetadata(`invalid metadata of type ${goType(given)} in converted object`);
  const { labels: _labels, annotations: _annotations, ...kept } = before;
  return {
    ...converted,
    metadata: { ...kept, ...texts('labels', before, metadata), ...texts('annotations', before, metadata) },
  } as KubernetesObject;
}

const kindText = (kind: unknown): string => (typeof kind === 'string' ? kind : '');

function goType(value: unknown): string {
  if (value === null) return '<nil>';
  if (Array.isArray(value)) return '[]interface {}';
  if (typeof value === 'number') return Number.isInteger(value) ? 'int64' : 'float64';
  return { string: 'string', boolean: 'bool' }[typeof value as string] ?? 'map[string]interface {}';
}

/** Labels or annotations of the converted object, checked where they differ from the original's. */
function texts(field: 'labels' | 'annotations', before: ObjectMeta, converted: ObjectMeta): ObjectMeta {
  const value: unknown = converted[field];
  if (value === undefined || value === null) return {};
  if (!isObject(value))
    throw new InvalidMetadata(`invalid metadata.${field} of type ${goType(value)} in converted object`);
  for (const [key, text] of Object.entries(value))
    if (typeof text !== 'string')
      throw new InvalidMetadata(
        `metadata.${field}[${key}] must be a string, but is ${goType(text)} in converted object`,
      );
  const given = value as Record<string, string>;
  const old = before[field] ?? {};
  const names = Object.keys(given);
  if (names.length === Object.keys(old).length && names.every((name) => old[name] === given[name]))
    return { [field]: given };
  const errors: FieldError[] =
    field === 'labels'
      ? validateLabels(given, path('metadata', 'labels'))
      : validateAnnotations(given, path('metadata', 'annotation'));
  const message = aggregateFieldErrors(errors);
  if (message !== undefined) throw new InvalidMetadata(message);
  return { [field]: given };
}
