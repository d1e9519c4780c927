/** Calls of admission webhooks, and the conditions on which webhooks and policies are asked. */
import type { Counter, Histogram, MetricsRegistry } from '../metrics/index.ts';
import type { AdmissionAttributes } from './admission.ts';
import { WebhookFailure, WebhookRejection } from './webhooks/errors.ts';

/** Upstream's words, which differ for policies. */
export type WebhookType = 'admit' | 'validating';

const largestCode = 600;

export class WebhookMetrics {
  readonly #durations: Histogram;
  readonly #rejections: Counter;
  readonly #failedOpen: Counter;
  readonly #requests: Counter;
  readonly #conditionErrors: Counter;
  readonly #conditionExclusions: Counter;
  readonly #conditionDurations: Histogram;

  constructor(registry: MetricsRegistry) {
    const named = (name: string): string => `apiserver_admission_${name}`;
    this.#durations = registry.histogram(
      named('webhook_admission_duration_seconds'),
      'STABLE',
      'Admission webhook latency histogram in seconds, identified by name and broken out for each operation and API resource and type (validate or admit).',
      ['name', 'type', 'operation', 'rejected'],
      [0.005, 0.025, 0.1, 0.5, 1, 2.5, 10, 25],
    );
    this.#rejections = registry.counter(
      named('webhook_rejection_count'),
      'ALPHA',
      'Admission webhook rejection count, identified by name and broken out for each admission type (validating or admit) and operation. Additional labels specify an error type (calling_webhook_error or apiserver_internal_error if an error occurred; no_error otherwise) and optionally a non-zero rejection code if the webhook rejects the request with an HTTP status code (honored by the apiserver when the code is greater or equal to 400). Codes greater than 600 are truncated to 600, to keep the metrics cardinality bounded.',
      ['name', 'type', 'operation', 'error_type', 'rejection_code'],
    );
    this.#failedOpen = registry.counter(
      named('webhook_fail_open_count'),
      'ALPHA',
      'Admission webhook fail open count, identified by name and broken out for each admission type (validating or admit).',
      ['name', 'type'],
    );
    this.#requests = registry.counter(
      named('webhook_request_total'),
      'ALPHA',
      'Admission webhook request total, identified by name and broken out for each admission type (validating or admit) and operation. Additional labels specify whether the request was rejected or not and an HTTP status code. Codes greater than 600 are truncated to 600, to keep the metrics cardinality bounded.',
      ['name', 'type', 'operation', 'code', 'rejected'],
    );
    const condition = ['name', 'kind', 'type', 'operation'];
    const brokenOut =
      'identified by name of resource containing the match condition and broken out for each kind containing matchConditions (webhook or policy), operation and admission type (validate or admit).';
    this.#conditionErrors = registry.counter(
      named('match_condition_evaluation_errors_total'),
      'ALPHA',
      `Admission match condition evaluation errors count, ${brokenOut}`,
      condition,
    );
    this.#conditionExclusions = registry.counter(
      named('match_condition_exclusions_total'),
      'ALPHA',
      `Admission match condition evaluation exclusions count, ${brokenOut}`,
      condition,
    );
    this.#conditionDurations = registry.histogram(
      named('match_condition_evaluation_seconds'),
      'ALPHA',
      'Admission match condition evaluation time in seconds, identified by name and broken out for each kind containing matchConditions (webhook or policy), operation and type (validate or admit).',
      condition,
      [0.001, 0.005, 0.01, 0.025, 0.1, 0.2, 0.25],
    );
  }

  /** One call and what came of it; passes results and errors on. `ignoresFailures`: its failurePolicy. */
  async called<T>(
    { name, failurePolicy }: { name: string; failurePolicy?: string },
    type: WebhookType,
    attributes: AdmissionAttributes,
    call: () => Promise<T>,
  ): Promise<T> {
    const started = performance.now();
    const { operation } = attributes;
    const observe = (code: number, rejected: boolean): void => {
      const seconds = (performance.now() - started) / 1000;
      this.#requests.with(name, type, operation, codeText(code), String(rejected)).inc();
      this.#durations.with(name, type, operation, String(rejected)).observe(seconds);
    };
    try {
      const result = await call();
      observe(200, false);
      return result;
    } catch (error) {
      const isFailure = error instanceof WebhookFailure;
      const isRejection = error instanceof WebhookRejection;
      const code = isFailure ? error.code : isRejection ? (error.status.code ?? 0) : 0;
      const ignored = isFailure && failurePolicy === 'Ignore';
      const cause = isFailure ? 'calling_webhook_error' : isRejection ? 'no_error' : 'apiserver_internal_error';
      // That the client went away is no fault of the webhook.
      const gone = isFailure && attributes.signal.aborted;
      if (!ignored && !gone) this.#rejections.with(name, type, operation, cause, codeText(code)).inc();
      if (ignored && !gone) this.#failedOpen.with(name, type).inc();
      observe(code, !ignored);
      throw error;
    }
  }

  conditions(
    name: string,
    kind: 'webhook' | 'policy',
    type: WebhookType | 'validate',
    operation: string,
    { seconds, errors, excluded }: { seconds: number; errors: number; excluded: boolean },
  ): void {
    this.#conditionDurations.with(name, kind, type, operation).observe(seconds);
    if (errors > 0) this.#conditionErrors.with(name, kind, type, operation).inc(errors);
    // Upstream counts only webhooks that are left out.
    if (excluded && kind === 'webhook') this.#conditionExclusions.with(name, kind, type, operation).inc();
  }
}

function codeText(code: number): string {
  return String(Math.min(code, largestCode));
}
