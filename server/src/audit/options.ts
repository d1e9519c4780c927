/** Flags of the audit log, flat as the command line has them. */

export type AuditMode = 'batch' | 'blocking' | 'blocking-strict';

export interface AuditOptions {
  auditPolicyFile?: string;
  /** `-` is standard output. */
  auditLogPath?: string;
  auditLogMaxage: number;
  auditLogMaxbackup: number;
  /** Mebibytes; 0 never rotates. */
  auditLogMaxsize: number;
  auditLogCompress: boolean;
  auditLogFormat: string;
  auditLogMode: string;
  auditLogBatchBufferSize: number;
  auditLogBatchMaxSize: number;
  auditLogBatchMaxWaitMs: number;
  auditLogBatchThrottleEnable: boolean;
  auditLogBatchThrottleQps: number;
  auditLogBatchThrottleBurst: number;
  auditLogTruncateEnabled: boolean;
  auditLogTruncateMaxEventSize: number;
  auditLogTruncateMaxBatchSize: number;
  auditWebhookConfigFile?: string;
  auditWebhookMode: string;
  auditWebhookInitialBackoffMs: number;
  auditWebhookBatchBufferSize: number;
  auditWebhookBatchMaxSize: number;
  auditWebhookBatchMaxWaitMs: number;
  auditWebhookBatchThrottleEnable: boolean;
  auditWebhookBatchThrottleQps: number;
  auditWebhookBatchThrottleBurst: number;
  auditWebhookTruncateEnabled: boolean;
  auditWebhookTruncateMaxEventSize: number;
  auditWebhookTruncateMaxBatchSize: number;
}

export const defaultAuditOptions: AuditOptions = {
  auditLogMaxage: 366,
  auditLogMaxbackup: 100,
  auditLogMaxsize: 100,
  auditLogCompress: false,
  auditLogFormat: 'json',
  auditLogMode: 'blocking',
  auditLogBatchBufferSize: 10_000,
  auditLogBatchMaxSize: 1,
  auditLogBatchMaxWaitMs: 0,
  auditLogBatchThrottleEnable: false,
  auditLogBatchThrottleQps: 0,
  auditLogBatchThrottleBurst: 0,
  auditLogTruncateEnabled: false,
  auditLogTruncateMaxEventSize: 102_400,
  auditLogTruncateMaxBatchSize: 10_485_760,
  auditWebhookMode: 'batch',
  auditWebhookInitialBackoffMs: 10_000,
  auditWebhookBatchBufferSize: 10_000,
  auditWebhookBatchMaxSize: 400,
  auditWebhookBatchMaxWaitMs: 30_000,
  auditWebhookBatchThrottleEnable: true,
  auditWebhookBatchThrottleQps: 10,
  auditWebhookBatchThrottleBurst: 15,
  auditWebhookTruncateEnabled: false,
  auditWebhookTruncateMaxEventSize: 102_400,
  auditWebhookTruncateMaxBatchSize: 10_485_760,
};

const modes = ['batch', 'blocking', 'blocking-strict'];

export function parseMode(plugin: string, mode: string): AuditMode {
  if (!modes.includes(mode)) {
    throw new Error(`invalid audit ${plugin} mode ${mode}, allowed modes are ${JSON.stringify(modes.join(','))}`);
  }
  return mode as AuditMode;
}
