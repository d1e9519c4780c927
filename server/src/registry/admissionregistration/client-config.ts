/** Where a webhook is: a URL or a Service. */
import type { WebhookClientConfig } from '@typernetes/openapi/types/admissionregistration/v1';
import { validateWebhookService, validateWebhookUrl } from '../../webhooks/index.ts';
import type { FieldError, Path } from '../validation/index.ts';
import { required } from '../validation/index.ts';

export function validateClientConfig({ url, service }: WebhookClientConfig, at: Path): FieldError[] {
  if ((url == null) === (service == null)) return [required(at, 'exactly one of url or service is required')];
  if (url != null) return validateWebhookUrl(at.child('url'), url);
  return service == null ? [] : validateWebhookService(at.child('service'), service);
}
