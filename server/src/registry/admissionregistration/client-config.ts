/** Where a webhook is: a URL or a Service. */
import type { ServiceReference, WebhookClientConfig } from '@typernetes/openapi/types/admissionregistration/v1';
import type { FieldError, Path } from '../validation/index.ts';
import { dns1123Subdomain, invalidValue, portNumber, required } from '../validation/index.ts';

export function validateClientConfig({ url, service }: WebhookClientConfig, at: Path): FieldError[] {
  if ((url == null) === (service == null)) return [required(at, 'exactly one of url or service is required')];
  if (url != null) return validateUrl(url, at.child('url'));
  return service == null ? [] : validateService(service, at.child('service'));
}

const form = '; desired format: https://host[/path]';

/** The parts of a URL as Go's parser finds them: nothing is normalised. */
const parts =
  /^(?:(?<scheme>[A-Za-z][A-Za-z0-9+.-]*):)?(?:\/\/(?:(?<user>[^@/?#]*)@)?(?<host>[^/?#]*))?[^?#]*(?:\?(?<query>[^#]*))?(?:#(?<fragment>.*))?$/;

export function validateUrl(url: string, at: Path): FieldError[] {
  const found = parts.exec(url)?.groups;
  if (found === undefined || hasControl(url)) {
    const quoted = JSON.stringify(url);
    return [required(at, `url must be a valid URL: parse ${quoted}: net/url: invalid control character in URL${form}`)];
  }
  const { scheme = '', user, host = '', query = '', fragment = '' } = found;
  const bad = /[^A-Za-z0-9\-_.~!$&'()*+,;=:[\]<>"%\u0080-\uffff]/.exec(host);
  if (bad !== null) {
    const reason = `parse ${JSON.stringify(url)}: invalid character ${JSON.stringify(bad[0])} in host name`;
    return [required(at, `url must be a valid URL: ${reason}${form}`)];
  }
  if (/:(?!\d*$)[^\]]*$/.test(host) && !host.startsWith('[')) {
    const port = host.slice(host.indexOf(':'));
    return [
      required(
        at,
        `url must be a valid URL: parse ${JSON.stringify(url)}: invalid port ${JSON.stringify(port)} after host${form}`,
      ),
    ];
  }
  const errors: FieldError[] = [];
  if (scheme.toLowerCase() !== 'https')
    errors.push(invalidValue(at, scheme.toLowerCase(), `'https' is the only allowed URL scheme${form}`));
  if (host === '') errors.push(invalidValue(at, host, `host must be specified${form}`));
  if (user !== undefined) errors.push(invalidValue(at, user, 'user information is not permitted in the URL'));
  if (fragment !== '') errors.push(invalidValue(at, fragment, 'fragments are not permitted in the URL'));
  if (query !== '') errors.push(invalidValue(at, query, 'query parameters are not permitted in the URL'));
  return errors;
}

function hasControl(url: string): boolean {
  for (let i = 0; i < url.length; i++) if (url.charCodeAt(i) < 0x20 || url.charCodeAt(i) === 0x7f) return true;
  return false;
}

export function validateService({ name, namespace, path, port = 443 }: ServiceReference, at: Path): FieldError[] {
  const errors: FieldError[] = [];
  if (!name) errors.push(required(at.child('name')));
  if (!namespace) errors.push(required(at.child('namespace')));
  const badPort = portNumber(port);
  if (badPort.length > 0) errors.push(invalidValue(at.child('port'), port, `port is not valid: ${badPort.join(', ')}`));
  if (path == null || path === '/' || path === '') return errors;
  const here = at.child('path');
  if (path === '//') return [...errors, invalidValue(here, path, 'segment[0] may not be empty')];
  if (!path.startsWith('/')) errors.push(invalidValue(here, path, "must start with a '/'"));
  for (const [index, step] of path.slice(1).replace(/\/$/, '').split('/').entries()) {
    if (step === '') errors.push(invalidValue(here, path, `segment[${index}] may not be empty`));
    else
      for (const message of dns1123Subdomain(step))
        errors.push(invalidValue(here, path, `segment[${index}]: ${message}`));
  }
  return errors;
}
