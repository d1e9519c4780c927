/** The audit log's flags, as rows of the API server's table. */
import type { AuditOptions } from './options.ts';

export type AuditFlag<Parser> = [name: string, field: keyof AuditOptions, parse: Parser, description: string];

export function auditFlags<Parser>(
  parsers: Record<'text' | 'integer' | 'boolean' | 'milliseconds', Parser>,
): AuditFlag<Parser>[] {
  const { text, integer, boolean, milliseconds } = parsers;
  return [
    ['audit-policy-file', 'auditPolicyFile', text, 'audit.k8s.io/v1 Policy: what is recorded'],
    ['audit-log-path', 'auditLogPath', text, 'file of the audit log; - is standard output'],
    ['audit-log-maxage', 'auditLogMaxage', integer, 'days to keep rotated audit logs; 0 is for ever'],
    ['audit-log-maxbackup', 'auditLogMaxbackup', integer, 'rotated audit logs to keep; 0 is all'],
    ['audit-log-maxsize', 'auditLogMaxsize', integer, 'MiB before the audit log is rotated; 0 is never'],
    ['audit-log-compress', 'auditLogCompress', boolean, 'gzip rotated audit logs'],
    ['audit-log-format', 'auditLogFormat', text, 'json or legacy'],
    ['audit-log-mode', 'auditLogMode', text, 'batch, blocking or blocking-strict'],
    ['audit-log-batch-buffer-size', 'auditLogBatchBufferSize', integer, 'events that may wait (batch mode)'],
    ['audit-log-batch-max-size', 'auditLogBatchMaxSize', integer, 'events written at once (batch mode)'],
    ['audit-log-batch-max-wait', 'auditLogBatchMaxWaitMs', milliseconds, 'longest wait of an event (batch mode)'],
    ['audit-log-batch-throttle-enable', 'auditLogBatchThrottleEnable', boolean, 'limit batches per second'],
    ['audit-log-batch-throttle-qps', 'auditLogBatchThrottleQps', integer, 'batches per second'],
    ['audit-log-batch-throttle-burst', 'auditLogBatchThrottleBurst', integer, 'batches at once'],
    ['audit-log-truncate-enabled', 'auditLogTruncateEnabled', boolean, 'leave bodies out of big events'],
    ['audit-log-truncate-max-event-size', 'auditLogTruncateMaxEventSize', integer, 'bytes of an event'],
    ['audit-log-truncate-max-batch-size', 'auditLogTruncateMaxBatchSize', integer, 'bytes of a batch'],
    ['audit-webhook-config-file', 'auditWebhookConfigFile', text, 'kubeconfig of the server that events are sent to'],
    ['audit-webhook-mode', 'auditWebhookMode', text, 'batch, blocking or blocking-strict'],
    ['audit-webhook-initial-backoff', 'auditWebhookInitialBackoffMs', milliseconds, 'wait before the first retry'],
    ['audit-webhook-batch-buffer-size', 'auditWebhookBatchBufferSize', integer, 'events that may wait (batch mode)'],
    ['audit-webhook-batch-max-size', 'auditWebhookBatchMaxSize', integer, 'events sent at once (batch mode)'],
    [
      'audit-webhook-batch-max-wait',
      'auditWebhookBatchMaxWaitMs',
      milliseconds,
      'longest wait of an event (batch mode)',
    ],
    ['audit-webhook-batch-throttle-enable', 'auditWebhookBatchThrottleEnable', boolean, 'limit batches per second'],
    ['audit-webhook-batch-throttle-qps', 'auditWebhookBatchThrottleQps', integer, 'batches per second'],
    ['audit-webhook-batch-throttle-burst', 'auditWebhookBatchThrottleBurst', integer, 'batches at once'],
    ['audit-webhook-truncate-enabled', 'auditWebhookTruncateEnabled', boolean, 'leave bodies out of big events'],
    ['audit-webhook-truncate-max-event-size', 'auditWebhookTruncateMaxEventSize', integer, 'bytes of an event'],
    ['audit-webhook-truncate-max-batch-size', 'auditWebhookTruncateMaxBatchSize', integer, 'bytes of a batch'],
  ];
}
