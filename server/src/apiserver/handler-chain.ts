/** The filters around every request, outermost first, in upstream's order. */
import type { AuditLog } from '../audit/index.ts';
import type { Authenticator } from '../authentication/authenticator.ts';
import type { Authorizer } from '../authorization/authorizer.ts';
import { type Impersonate, withAuthentication, withImpersonation } from '../endpoints/filters/authentication.ts';
import { withAuthorization } from '../endpoints/filters/authorization.ts';
import { withStrictTransportSecurity } from '../endpoints/filters/origins.ts';
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
import type { RequestMetrics } from '../endpoints/request-metrics.ts';
import { type FlowControl, withPriorityAndFairness } from '../flowcontrol/index.ts';
import type { Tracing } from '../tracing/index.ts';

export interface HandlerChainConfig {
  authenticator: Authenticator;
  audiences: readonly string[];
  frontProxyHeaders: readonly string[];
  impersonate: Impersonate;
  authorizer: Authorizer;
  metrics: ApiMetrics;
  requestMetrics?: RequestMetrics | undefined;
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
  /** Which pages of browsers may use the API; undefined: none of another origin. */
  origins?: Filter | undefined;
  strictTransportSecurityDirectives?: readonly string[];
  audit?: AuditLog | undefined;
  tracing?: Tracing | undefined;
}

export function buildHandlerChain(handler: Handler, config: HandlerChainConfig): Handler {
  const { tracing, requestMetrics, strictTransportSecurityDirectives = [] } = config;
  const named = (name: string, filter: Filter): Filter => {
    const measured = requestMetrics?.filter(name, filter) ?? filter;
    return tracing?.filter(name, measured) ?? measured;
  };
  const filters: Filter[] = [
    withAuditId(),
    withPanicRecovery(config.logger),
    ...(config.shutdown === undefined ? [] : [config.shutdown]),
    withRequestInfo(),
    ...(strictTransportSecurityDirectives.length > 0
      ? [withStrictTransportSecurity(strictTransportSecurityDirectives)]
      : []),
    ...((config.goawayChance ?? 0) > 0 ? [withProbabilisticGoaway(config.goawayChance!, Math.random)] : []),
    config.metrics.filter(),
    // Again inside the metrics, so that they see the code that was sent.
    withPanicRecovery(config.logger),
    withTimeout(config.requestTimeoutMs),
    ...(config.origins === undefined ? [] : [config.origins]),
    ...(config.audit === undefined ? [] : [config.audit.failedAuthentication]),
    named(
      'authentication',
      withAuthentication(
        requestMetrics?.authenticator(config.authenticator) ?? config.authenticator,
        config.audiences,
        config.frontProxyHeaders,
        config.logger,
      ),
    ),
    // Further in than authentication, so that known callers may say what is sampled.
    ...(tracing === undefined ? [] : [tracing.server]),
    ...(config.audit === undefined ? [] : [named('audit', config.audit.filter)]),
    named('constrainedimpersonation', withImpersonation(config.impersonate, config.authorizer)),
    config.flowControl === undefined
      ? withMaxInFlight(config.maxRequestsInFlight, config.maxMutatingRequestsInFlight)
      : named('priorityandfairness', withPriorityAndFairness(config.flowControl, config.requestTimeoutMs)),
    named('authorization', withAuthorization(requestMetrics?.authorizer(config.authorizer) ?? config.authorizer)),
  ];
  return filters.reduceRight<Handler>((next, filter) => filter(next), handler);
}
