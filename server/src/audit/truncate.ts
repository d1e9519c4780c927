/** Keeps events within a size: first without bodies, and not at all if that does not help. */
import type { Logger } from '../endpoints/request-context.ts';
import type { AuditBackend } from './backend.ts';
import { type AuditEvent, encodeEvent } from './event.ts';
import { atLeast } from './policy.ts';

export interface TruncateOptions {
  maxEventSize: number;
  maxBatchSize: number;
}

export function truncating(next: AuditBackend, options: TruncateOptions, logger: Logger): AuditBackend {
  const fit = (event: AuditEvent): { event: AuditEvent; size: number } | undefined => {
    const size = Buffer.byteLength(encodeEvent(event));
    if (size <= options.maxEventSize) return { event, size };
    if (!atLeast(event.level, 'Request')) return undefined;
    const annotations = { ...event.annotations, 'audit.k8s.io/truncated': 'true' };
    const short = { ...event, requestObject: undefined, responseObject: undefined, annotations };
    const shortSize = Buffer.byteLength(encodeEvent(short));
    return shortSize <= options.maxEventSize ? { event: short, size: shortSize } : undefined;
  };
  return {
    async process(events) {
      const batches: { events: AuditEvent[]; size: number }[] = [];
      for (const given of events) {
        const fitting = fit(given);
        if (fitting === undefined) {
          logger.error({ auditId: given.auditId }, 'event is too large even after truncating');
          continue;
        }
        const last = batches.at(-1);
        if (last === undefined || last.size + fitting.size > options.maxBatchSize) {
          batches.push({ events: [fitting.event], size: fitting.size });
        } else {
          last.events.push(fitting.event);
          last.size += fitting.size;
        }
      }
      let success = true;
      for (const batch of batches) success = (await next.process(batch.events)) && success;
      return success;
    },
    close: () => next.close(),
  };
}
