/** The audit log as the flags ask for it. */
import { readFile } from 'node:fs/promises';
import type { Filter, Logger } from '../endpoints/request-context.ts';
import { Counter, type MetricsRegistry } from '../metrics/index.ts';
import { type AuditBackend, type BatchOptions, UnionBackend, withMode } from './backend.ts';
import { withAudit, withFailedAuthenticationAudit } from './filter.ts';
import { openLogBackend } from './log-backend.ts';
import { type AuditOptions, parseMode } from './options.ts';
import { PolicyEvaluator, parsePolicy } from './policy.ts';
import { truncating } from './truncate.ts';
import { webhookBackend } from './webhook-backend.ts';

export { type AuditOptions, defaultAuditOptions } from './options.ts';
export type { AuditRecord } from './record.ts';

export interface AuditLog {
  filter: Filter;
  /** Goes around authentication. */
  failedAuthentication: Filter;
  close(): Promise<void>;
}

/** Undefined where nothing is recorded: without a policy, or without a place to write to. */
export async function openAuditLog(
  options: AuditOptions,
  registry: MetricsRegistry,
  logger: Logger,
): Promise<AuditLog | undefined> {
  const { auditPolicyFile, auditLogPath, auditWebhookConfigFile } = options;
  const count = auditCounters(registry);
  if (auditPolicyFile === undefined) return undefined;
  const policy = new PolicyEvaluator(parsePolicy(await readFile(auditPolicyFile, 'utf8'), auditPolicyFile));
  const backends: AuditBackend[] = [];
  if (auditLogPath !== undefined) backends.push(await logBackend(options, auditLogPath, logger));
  if (auditWebhookConfigFile !== undefined) backends.push(webhook(options, auditWebhookConfigFile, logger));
  if (backends.length === 0) return undefined;
  const backend = counted(new UnionBackend(backends), count);
  const levels = registry.register(
    new Counter({
      name: 'apiserver_audit_level_total',
      help: 'Counter of policy levels for audit events (1 per request).',
      stability: 'ALPHA',
      labels: ['level'],
    }),
  );
  return {
    filter: withAudit(policy, backend, (level) => levels.with(level).inc()),
    failedAuthentication: withFailedAuthenticationAudit(policy, backend),
    close: () => backend.close(),
  };
}

/** There, and 0, also where nothing is recorded. */
function auditCounters(registry: MetricsRegistry): { events: Counter; rejected: Counter } {
  const counter = (name: string, help: string): Counter => registry.counter(`apiserver_audit_${name}`, 'ALPHA', help);
  return {
    events: counter('event_total', 'Counter of audit events generated and sent to the audit backend.'),
    rejected: counter(
      'requests_rejected_total',
      'Counter of apiserver requests rejected due to an error in audit logging backend.',
    ),
  };
}

function counted(backend: AuditBackend, { events, rejected }: ReturnType<typeof auditCounters>): AuditBackend {
  return {
    async process(batch) {
      events.with().inc(batch.length);
      const kept = await backend.process(batch);
      if (!kept) rejected.with().inc();
      return kept;
    },
    close: () => backend.close(),
  };
}

async function logBackend(options: AuditOptions, path: string, logger: Logger): Promise<AuditBackend> {
  const mode = parseMode('log', options.auditLogMode);
  const file = await openLogBackend(
    {
      path,
      format: options.auditLogFormat,
      maxSizeBytes: options.auditLogMaxsize * 1024 * 1024,
      maxBackups: options.auditLogMaxbackup,
      maxAgeDays: options.auditLogMaxage,
      compress: options.auditLogCompress,
    },
    logger,
  );
  const limits = {
    maxEventSize: options.auditLogTruncateMaxEventSize,
    maxBatchSize: options.auditLogTruncateMaxBatchSize,
  };
  const backend = options.auditLogTruncateEnabled ? truncating(file, limits, logger) : file;
  const batch = {
    bufferSize: options.auditLogBatchBufferSize,
    maxBatchSize: options.auditLogBatchMaxSize,
    maxWaitMs: options.auditLogBatchMaxWaitMs,
    ...throttle(
      options.auditLogBatchThrottleEnable,
      options.auditLogBatchThrottleQps,
      options.auditLogBatchThrottleBurst,
    ),
  };
  return withMode(backend, mode, batch, logger);
}

function webhook(options: AuditOptions, kubeconfigFile: string, logger: Logger): AuditBackend {
  const mode = parseMode('webhook', options.auditWebhookMode);
  const sender = webhookBackend(kubeconfigFile, options.auditWebhookInitialBackoffMs, logger);
  const limits = {
    maxEventSize: options.auditWebhookTruncateMaxEventSize,
    maxBatchSize: options.auditWebhookTruncateMaxBatchSize,
  };
  const backend = options.auditWebhookTruncateEnabled ? truncating(sender, limits, logger) : sender;
  const batch = {
    bufferSize: options.auditWebhookBatchBufferSize,
    maxBatchSize: options.auditWebhookBatchMaxSize,
    maxWaitMs: options.auditWebhookBatchMaxWaitMs,
    ...throttle(
      options.auditWebhookBatchThrottleEnable,
      options.auditWebhookBatchThrottleQps,
      options.auditWebhookBatchThrottleBurst,
    ),
  };
  return withMode(backend, mode, batch, logger);
}

function throttle(enabled: boolean, qps: number, burst: number): Pick<BatchOptions, 'throttle'> {
  if (!enabled) return {};
  if (qps <= 0 || burst <= 0)
    throw new Error(`invalid audit batch throttle: QPS ${qps} and burst ${burst} must be positive`);
  return { throttle: { qps, burst } };
}
