/** How webhooks fail, in upstream's words. */
import { badRequest, quote, type Status, type StatusError, statusErrorFrom } from '@typernetes/openapi/meta';

/** No usable answer came; the failurePolicy decides what that means. */
export class WebhookFailure extends Error {
  override name = 'WebhookFailure';

  constructor(webhook: string, reason: string) {
    super(`failed calling webhook ${quote(webhook)}: ${reason}`);
  }
}

/** The webhook's no: its code, reason and message are passed on, but never as a success. */
export function rejection(webhook: string, result: Partial<Status> | null | undefined): StatusError {
  const { message = '', reason = '', code = 0, status = '' } = result ?? {};
  const denied = `admission webhook ${quote(webhook)} denied the request`;
  const explanation = message || reason;
  return statusErrorFrom({
    ...result,
    status: status === '' || status === 'Success' ? 'Failure' : status,
    message: explanation === '' ? `${denied} without explanation` : `${denied}: ${explanation}`,
    code: Math.max(code, 400),
  });
}

export function dryRunUnsupported(webhook: string): StatusError {
  return badRequest(`admission webhook ${quote(webhook)} does not support dry run`);
}
