/** One request on its way through the handler chain. Filters fill it in; handlers answer through it. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { AuditRecord } from '../audit/record.ts';
import type { UserInfo } from '../authentication/authenticator.ts';
import type { RequestInfo } from './request-info.ts';

export interface RequestContext {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Upper case, as sent. */
  readonly method: string;
  /** Decoded path. */
  readonly path: string;
  /** Path and query as sent. */
  readonly rawUrl: string;
  readonly query: URLSearchParams;
  readonly receivedAt: number;
  /** When the filter began that the request is in; for metrics. */
  filterStartedAt: number;
  /** Whether this server speaks CBOR. */
  readonly cbor: boolean;
  /** Aborted when the client goes away, the request times out or the server stops. */
  readonly signal: AbortSignal;
  abort(reason: unknown): void;
  /** There when the client asked for a protocol upgrade (websocket, SPDY). */
  readonly upgrade?: { socket: Duplex; head: Buffer };
  /** Set by withRequestInfo. */
  info: RequestInfo;
  /** Set by withAuthentication. */
  user: UserInfo;
  /** Set by withImpersonation, where the client asked for it: who really asks, as whom, and the verb that allowed it. */
  impersonation?: { by: UserInfo; user: UserInfo; constraint: string };
  auditId: string;
  /** Watches, streams and the like: no timeout, not counted in flight. */
  longRunning: boolean;
  /** How long the request may take in all; set by withTimeout, absent for long-running ones. */
  timeoutMs?: number;
  /** Set by routing: the path is that of something this server has. */
  endpointFound: boolean;
  /** For routing to call then, where somebody waits for it. */
  endpointReached?: () => void;
  /** Set by routing: what it asks for is deprecated. */
  deprecated?: boolean;
  /** How long it has waited for its turn, or for webhooks. */
  waitedMs: number;
  /** How long the body was, once it is read. */
  bodyBytes?: number;
  /** For a watch to call when its first events are out: from then on it takes no seats. */
  watchStarted?: () => void;
  /** Texts for `Warning` headers, in order, without repeats. */
  readonly warnings: Set<string>;
  /** For the audit log; filled through `annotateAudit`. */
  readonly auditAnnotations: Map<string, string>;
  /** There where the audit policy wants this request recorded. */
  audit?: AuditRecord;
  /** The same, to be told only where the policy's level is Request or more: webhooks' patches. */
  readonly requestAuditAnnotations: Map<string, string>;
  /** Filled in by whoever answers, for metrics and logs. */
  outcome: { code: number; bytes: number };
}

export type Handler = (context: RequestContext) => Promise<void>;
export type Filter = (next: Handler) => Handler;

export interface Logger {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export const silentLogger: Logger = { info() {}, warn() {}, error() {} };

/** Notes something about a decision for the audit log. The first value of a key stands, as upstream's does. */
export function annotateAudit(
  context: RequestContext,
  key: string,
  value: string,
  level: 'Metadata' | 'Request' = 'Metadata',
): void {
  const annotations = level === 'Request' ? context.requestAuditAnnotations : context.auditAnnotations;
  if (!annotations.has(key)) annotations.set(key, value);
}

const longRunningVerbs = new Set(['watch', 'proxy']);
const longRunningSubresources = new Set(['attach', 'exec', 'proxy', 'log', 'portforward']);

export function isLongRunning(info: RequestInfo): boolean {
  return longRunningVerbs.has(info.verb) || (info.isResourceRequest && longRunningSubresources.has(info.subresource));
}

export function header(context: RequestContext, name: string): string {
  const value = context.request.headers[name];
  return Array.isArray(value) ? (value[0] ?? '') : (value ?? '');
}
