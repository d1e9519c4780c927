/** Asks a remote service by SubjectAccessReview, and remembers its answers for a while. */
import { LruMap } from '@typernetes/openapi/client';
import type { SubjectAccessReview, SubjectAccessReviewSpec } from '@typernetes/openapi/types/authorization/v1';
import type { Program } from '../../cel/index.ts';
import type { ReviewClient } from '../../webhooks/index.ts';
import type { Authorizer, AuthorizerResult, RuleResolver } from '../authorizer.ts';
import { accessReviewSpec } from './access-review.ts';
import { matches } from './match-conditions.ts';

export interface WebhookAuthorizerOptions {
  client: Pick<ReviewClient, 'ask'>;
  version: 'v1' | 'v1beta1';
  /** How long answers are remembered; 0: not at all. */
  allowedTtlMs: number;
  refusedTtlMs: number;
  /** What stands where the service gives no answer. */
  onFailure: 'deny' | 'noOpinion';
  conditions?: readonly Program[];
  /** Milliseconds from any origin, never going back. */
  monotonic?: () => number;
}

const maxEntries = 8192;
/** Longer questions are not worth their place. */
const maxKeyLength = 10_000;

type Status = NonNullable<SubjectAccessReview['status']>;

export class WebhookAuthorizer implements Authorizer, RuleResolver {
  readonly #options: WebhookAuthorizerOptions;
  readonly #known = new LruMap<{ status: Status; until: number }>(maxEntries);

  constructor(options: WebhookAuthorizerOptions) {
    this.#options = options;
  }

  async authorize(attributes: Parameters<Authorizer['authorize']>[0]): Promise<AuthorizerResult> {
    const { conditions = [], onFailure } = this.#options;
    const spec = accessReviewSpec(attributes);
    try {
      if (conditions.length > 0 && !matches(conditions, spec)) return { decision: 'noOpinion', reason: '' };
      return decisionOf(await this.#ask(spec));
    } catch (error) {
      return { decision: onFailure, reason: '', evaluationError: (error as Error).message };
    }
  }

  /** What a remote service would allow cannot be listed. */
  async rulesFor(): ReturnType<RuleResolver['rulesFor']> {
    const evaluationError = 'webhook authorizer does not support user rule resolution';
    return { resourceRules: [], nonResourceRules: [], incomplete: true, evaluationError };
  }

  async #ask(spec: SubjectAccessReviewSpec): Promise<Status> {
    const { client, version, allowedTtlMs, refusedTtlMs, monotonic = () => performance.now() } = this.#options;
    const key = JSON.stringify(spec);
    const known = this.#known.get(key);
    if (known !== undefined && known.until > monotonic()) return known.status;
    const review = {
      apiVersion: `authorization.k8s.io/${version}`,
      kind: 'SubjectAccessReview',
      spec: formOf(spec, version),
    };
    const { status = { allowed: false } } = (await client.ask(review)) as { status?: Status };
    const ttl = status.allowed ? allowedTtlMs : refusedTtlMs;
    if (ttl > 0 && key.length < maxKeyLength) this.#known.set(key, { status, until: monotonic() + ttl });
    return status;
  }
}

/** The older version calls the groups `group`. */
function formOf({ groups, ...rest }: SubjectAccessReviewSpec, version: 'v1' | 'v1beta1'): object {
  return version === 'v1' ? { ...rest, groups } : { ...rest, group: groups };
}

function decisionOf({ allowed, denied, reason = '' }: Status): AuthorizerResult {
  if (allowed && denied === true) {
    return {
      decision: 'deny',
      reason,
      evaluationError: 'webhook subject access review returned both allow and deny response',
    };
  }
  if (denied === true) return { decision: 'deny', reason };
  return { decision: allowed ? 'allow' : 'noOpinion', reason };
}
