/** Configurations of webhook clients against upstream's rules. */
import { X509Certificate } from 'node:crypto';
import { dns1123Subdomain, type FieldError, type FieldPath, invalidValue, required } from '@typernetes/openapi/meta';
import { pemBlocks } from '../certificates/pem-blocks.ts';
import { urlError } from './url-error.ts';

const form = '; desired format: https://host[/path]';

export function validateWebhookUrl(at: FieldPath, text: string): FieldError[] {
  const wrong = urlError(text);
  if (wrong !== undefined) return [required(at, `url must be a valid URL: ${wrong}${form}`)];
  const parts =
    /^(?:([A-Za-z][A-Za-z0-9+.-]*):)?(?:\/\/(?:([^@/?#]*)@)?([^/?#]*))?[^?#]*(?:\?([^#]*))?(?:#(.*))?$/.exec(text);
  const [, named = '', user, host = '', query = '', fragment = ''] = parts ?? [];
  const scheme = named.toLowerCase();
  const errors: FieldError[] = [];
  if (scheme !== 'https') errors.push(invalidValue(at, scheme, `'https' is the only allowed URL scheme${form}`));
  if (host === '') errors.push(invalidValue(at, host, `host must be specified${form}`));
  if (user !== undefined) errors.push(invalidValue(at, user, 'user information is not permitted in the URL'));
  if (fragment !== '') errors.push(invalidValue(at, fragment, 'fragments are not permitted in the URL'));
  if (query !== '') errors.push(invalidValue(at, query, 'query parameters are not permitted in the URL'));
  return errors;
}

export interface WebhookService {
  name?: string;
  namespace?: string;
  path?: string;
  port?: number;
}

/** Upstream takes the name for the namespace, and the other way round, when it says which of the two is missing. */
export function validateWebhookService(at: FieldPath, service: WebhookService): FieldError[] {
  const errors: FieldError[] = [];
  if (!service.namespace) errors.push(required(at.child('name'), ''));
  if (!service.name) errors.push(required(at.child('namespace'), ''));
  const { port = 443, path } = service;
  if (port < 1 || port > 65_535)
    errors.push(invalidValue(at.child('port'), port, 'port is not valid: must be between 1 and 65535, inclusive'));
  if (path === undefined || path === '' || path === '/') return errors;
  const place = at.child('path');
  if (path === '//') return [...errors, invalidValue(place, path, 'segment[0] may not be empty')];
  if (!path.startsWith('/')) errors.push(invalidValue(place, path, "must start with a '/'"));
  for (const [index, segment] of path.slice(1).replace(/\/$/, '').split('/').entries()) {
    const messages = dns1123Subdomain(segment).map((message) => `segment[${index}]: ${message}`);
    const found = segment === '' ? [`segment[${index}] may not be empty`] : messages;
    errors.push(...found.map((message) => invalidValue(place, path, message)));
  }
  return errors;
}

/** PEM in base64, as in JSON. An empty one means the system's certificates. */
export function validateCaBundle(at: FieldPath, caBundle: string): FieldError[] {
  return isCaBundle(caBundle)
    ? []
    : [invalidValue(at, caBundle, 'unable to load root certificates: unable to parse bytes as PEM block')];
}

function isCaBundle(caBundle: string): boolean {
  const pem = Buffer.from(caBundle, 'base64').toString('latin1');
  return [...pemBlocks(pem)].some(({ type, whole }) => {
    try {
      return type === 'CERTIFICATE' && new X509Certificate(whole).raw.length > 0;
    } catch {
      return false;
    }
  });
}
