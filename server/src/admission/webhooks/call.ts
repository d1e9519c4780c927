/** One call of a webhook, up to an answer that allows the request; whatever else comes of it is thrown. */
import type { JsonValue } from '@typernetes/openapi/meta';
import { isObject } from '@typernetes/openapi/schema';
import { type SpanOptions, traced } from '../../tracing/span.ts';
import { errorOfAnswer, failureOf, unreadable, WebhookCallError, type WebhookClients } from '../../webhooks/index.ts';
import type { AdmissionAttributes } from '../admission.ts';
import type { VersionedObjects } from '../versioned.ts';
import { dryRunUnsupported, rejection, WebhookFailure } from './errors.ts';
import type { Hook } from './hook.ts';
import type { Invocation } from './match.ts';
import { type AdmissionReview, makeReview, type ReviewResponse, readReview } from './review.ts';

/** Throws WebhookFailure, or a StatusError where the webhook or its declaration refuses the request. */
export async function callWebhook(
  clients: WebhookClients,
  hook: Hook,
  invocation: Invocation,
  attributes: AdmissionAttributes,
  versioned: VersionedObjects,
  mutating: boolean,
): Promise<ReviewResponse> {
  const { name, sideEffects, admissionReviewVersions } = hook.webhook;
  if (attributes.dryRun && sideEffects !== 'None' && sideEffects !== 'NoneOnDryRun') throw dryRunUnsupported(name);
  const review = makeReview(admissionReviewVersions, attributes, invocation, versioned);
  if (review === undefined) {
    const reason = 'webhook does not accept known AdmissionReview versions (v1, v1beta1)';
    throw new WebhookFailure(name, `could not create admission objects: ${reason}`, 400);
  }
  const { resource } = attributes;
  const span = (): SpanOptions => ({
    attributes: {
      configuration: hook.configuration,
      webhook: name,
      resource: `${resource.group}/${resource.version}, Resource=${resource.resource}`,
      subresource: attributes.subresource,
      operation: attributes.operation,
      UID: review.uid,
    },
  });
  const kind = mutating ? 'mutating' : 'validating';
  const answer = await traced(`Call ${kind} webhook`, span, () => post(clients, hook, review, attributes.signal));
  let response: ReviewResponse;
  try {
    response = readReview(answer, review, mutating);
  } catch (error) {
    throw new WebhookFailure(name, `received invalid webhook response: ${(error as Error).message}`);
  }
  for (const [key, value] of Object.entries(response.auditAnnotations)) attributes.annotate(`${name}/${key}`, value);
  for (const warning of response.warnings) attributes.warn(warning);
  if (!response.allowed) throw rejection(name, response.result);
  return response;
}

async function post(
  clients: WebhookClients,
  { webhook }: Hook,
  review: AdmissionReview,
  signal: AbortSignal,
): Promise<JsonValue> {
  const seconds = webhook.timeoutSeconds ?? 10;
  const failed = (reason: string, code?: number): WebhookFailure =>
    new WebhookFailure(webhook.name, `failed to call webhook: ${reason}`, code);
  let answer: Awaited<ReturnType<WebhookClients['post']>>;
  try {
    answer = await clients.post(webhook.clientConfig, review.body, {
      timeoutMs: seconds * 1000,
      query: { timeout: `${seconds}s` },
      signal,
    });
  } catch (error) {
    if (error instanceof WebhookCallError) throw failed(error.message);
    throw error;
  }
  const text = answer.body.toString();
  let value: JsonValue | undefined;
  try {
    value = JSON.parse(text) as JsonValue;
  } catch {
    value = undefined;
  }
  const refusal = answer.status < 200 || answer.status > 206 ? errorOfAnswer(answer.status, text) : failureOf(value);
  if (refusal !== undefined) throw failed(refusal.message, refusal.status.code);
  if (value === undefined) throw failed(unreadable(text, answer.status));
  const wrong = isObject(value) ? mistyped(value, review) : undefined;
  if (wrong !== undefined) throw failed(wrong);
  return value;
}

function mistyped(answer: { [key: string]: JsonValue }, { version }: AdmissionReview): string | undefined {
  const other = version === 'v1' ? 'v1beta1' : 'v1';
  if (answer.apiVersion === `admission.k8s.io/${other}` && answer.kind === 'AdmissionReview')
    return `converting (${other}.AdmissionReview) to (${version}.AdmissionReview): unknown conversion`;
  const { response } = answer;
  if (!isObject(response) || response.allowed === undefined || typeof response.allowed === 'boolean') return undefined;
  return `json: cannot unmarshal ${typeof response.allowed} into Go struct field AdmissionResponse.response.allowed of type bool`;
}
