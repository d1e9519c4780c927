/** Where a webhook is: a URL or a Service. */
import type { ServiceReference, WebhookClientConfig } from '@typernetes/openapi/types/admissionregistration/v1';
import { validateWebhookUrl } from '../../webhooks/index.ts';
import type { FieldError, Path } from '../validation/index.ts';
import { dns1123Subdomain, invalidValue, portNumber, required } from '../validation/index.ts';

export function validateClientConfig({ url, service }: WebhookClientConfig, at: Path): FieldError[] {
  if ((url == null) === (service == null)) return [required(at, 'exactly one of url or service is required')];
  if (url != null) return validateWebhookUrl(at.child('url'), url);
  return service == null ? [] : validateService(service, at.child('service'));
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
