/** The filters around every request, outermost first, in upstream's order. */
import type { AuditLog } from '../audit/index.ts';
import type { Authenticator } from '../authentication/authenticator.ts';
import type { Authorizer } from '../authorization/authorizer.ts';
import { type Impersonate, withAuthentication, withImpersonation } from '../endpoints/filters/authentication.ts';
import { withAuthorization } from '../endpoints/filters/authorization.ts';
import {
  withAuditId,
  withMaxInFlight,
  withPanicRecovery,
  withProbabilisticGoaway,
  withRequestInfo,
  withTimeout,
} from '../endpoints/filters/request.ts';
import type { ApiMetrics } from '../endpoints/metrics.ts';
import type { Filter, Handler, Logger } from '../endpoints/request-context.ts';
import { type FlowControl, withPriorityAndFairness } from '../flowcontrol/index.ts';

export interface HandlerChainConfig {
  authenticator: Authenticator;
  audiences: readonly string[];
  frontProxyHeaders: readonly string[];
  impersonate: Impersonate;
  authorizer: Authorizer;
  metrics: ApiMetrics;
  logger: Logger;
  /** Turns requests away when the server is about to go. */
  shutdown?: Filter | undefined;
  requestTimeoutMs: number;
  /** In place of the plain in-flight limits. */
  flowControl?: FlowControl | undefined;
  maxRequestsInFlight: number;
  maxMutatingRequestsInFlight: number;
  /** --goaway-chance */
  goawayChance?: number;
  audit?: AuditLog | undefined;
}

export function buildHandlerChain(handler: Handler, config: HandlerChainConfig): Handler {
  const filters: Filter[] = [
    withAuditId(),
    withPanicRecovery(config.logger),
    ...(config.shutdown === undefined ? [] : [config.shutdown]),
    withRequestInfo(),
    ...((config.goawayChance ?? 0) > 0 ? [withProbabilisticGoaway(config.goawayChance!, Math.random)] : []),
    config.metrics.filter(),
    // Again inside the metrics, so that they see the code that was sent.
    withPanicRecovery(config.logger),
    withTimeout(config.requestTimeoutMs),
    ...(config.audit === undefined ? [] : [config.audit.failedAuthentication]),
    withAuthentication(config.authenticator, config.audiences, config.frontProxyHeaders, config.logger),
    ...(config.audit === undefined ? [] : [config.audit.filter]),
    withImpersonation(config.impersonate, config.authorizer),
    config.flowControl === undefined
      ? withMaxInFlight(config.maxRequestsInFlight, config.maxMutatingRequestsInFlight)
      : withPriorityAndFairness(config.flowControl, config.requestTimeoutMs),
    withAuthorization(config.authorizer),
  ];
  return filters.reduceRight<Handler>((next, filter) => filter(next), handler);
}
