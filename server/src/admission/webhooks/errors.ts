/** How webhooks fail, in upstream's words. */
import { badRequest, quote, type Status, StatusError, statusErrorFrom } from '@typernetes/openapi/meta';

/** No usable answer came; the failurePolicy decides what that means. */
export class WebhookFailure extends Error {
  override name = 'WebhookFailure';
  /** The HTTP status that it is counted under. */
  readonly code: number;

  constructor(webhook: string, reason: string, code = 503) {
    super(`failed calling webhook ${quote(webhook)}: ${reason}`);
    this.code = code;
  }
}

/** The webhook's own no. */
export class WebhookRejection extends StatusError {}

/** The webhook's no: its code, reason and message are passed on, but never as a success. */
export function rejection(webhook: string, result: Partial<Status> | null | undefined): WebhookRejection {
  const { message = '', reason = '', code = 0, status = '' } = result ?? {};
  const denied = `admission webhook ${quote(webhook)} denied the request`;
  const explanation = message || reason;
  const { status: answer } = statusErrorFrom({
    ...result,
    status: status === '' || status === 'Success' ? 'Failure' : status,
    message: explanation === '' ? `${denied} without explanation` : `${denied}: ${explanation}`,
    code: Math.max(code, 400),
  });
  return new WebhookRejection(answer);
}

export function dryRunUnsupported(webhook: string): StatusError {
  return badRequest(`admission webhook ${quote(webhook)} does not support dry run`);
}
