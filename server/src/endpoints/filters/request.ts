/** The outer filters: ids and headers, request info, errors, timeouts, requests in flight. */
import { randomUUID } from 'node:crypto';
import { badRequest, internalError, timeoutError } from '@typernetes/openapi/meta';
import { parseDuration } from '../../duration.ts';
import { type Filter, header, isLongRunning, type Logger } from '../request-context.ts';
import { RequestInfoError, resolveRequestInfo } from '../request-info.ts';
import { sendStatusError, sendText, statusErrorOf } from '../respond.ts';

/** Whatever a handler throws becomes a Status; what is no StatusError is logged with its stack. */
export function withPanicRecovery(logger: Logger): Filter {
  return (next) => async (context) => {
    try {
      await next(context);
    } catch (thrown) {
      if (context.signal.aborted && context.response.destroyed) return;
      const error = statusErrorOf(thrown);
      if (error !== thrown) {
        const { stack, message } = thrown instanceof Error ? thrown : new Error(String(thrown));
        logger.error(
          { method: context.method, path: context.path, auditId: context.auditId, message, stack },
          'request failed',
        );
      }
      await sendStatusError(context, error);
    }
  };
}

export function withAuditId(): Filter {
  return (next) => (context) => {
    const sent = header(context, 'audit-id');
    context.auditId = sent === '' || sent.length > 64 || !/^[\x21-\x7e]+$/.test(sent) ? randomUUID() : sent;
    context.response.setHeader('Audit-Id', context.auditId);
    context.response.setHeader('Cache-Control', 'no-cache, private');
    return next(context);
  };
}

/** Makes some clients of HTTP/2 connect anew, so that several servers behind a load balancer share them. */
export function withProbabilisticGoaway(chance: number, random: () => number): Filter {
  return (next) => (context) => {
    if (context.request.httpVersionMajor === 2 && random() < chance) context.response.setHeader('Connection', 'close');
    return next(context);
  };
}

export function withRequestInfo(): Filter {
  return (next) => async (context) => {
    try {
      context.info = resolveRequestInfo(context.method, context.path, context.query);
    } catch (error) {
      if (error instanceof RequestInfoError) throw internalError(`failed to create RequestInfo: ${error.message}`);
      throw error;
    }
    context.longRunning = isLongRunning(context.info);
    return next(context);
  };
}

/**
 * Ends requests that take longer than the server's limit, or than the shorter one the client asks for with ?timeout=.
 * The handler's signal is aborted and the client gets 504 at once, whether or not the handler listens.
 */
export function withTimeout(limitMs: number): Filter {
  return (next) => async (context) => {
    if (context.longRunning) return next(context);
    let limit = limitMs;
    const asked = context.query.get('timeout');
    if (asked !== null && asked !== '' && asked !== '0') {
      const duration = parseDuration(asked);
      if (duration === undefined) {
        throw badRequest(
          `invalid timeout specified in the request URL - time: invalid duration ${JSON.stringify(asked)}`,
        );
      }
      if (duration > 0) limit = Math.min(limit, duration);
    }
    context.timeoutMs = limit;
    let timer: NodeJS.Timeout | undefined;
    const expired = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        const error = timeoutError('request did not complete within the allotted timeout', 0);
        reject(error);
        context.abort(error);
      }, limit);
    });
    try {
      await Promise.race([next(context), expired]);
    } finally {
      clearTimeout(timer);
    }
  };
}

const readOnlyVerbs = new Set(['get', 'list', 'watch']);

/** Two counters, reads and writes; 0 means no limit. system:masters always gets an answer. */
export function withMaxInFlight(readOnlyLimit: number, mutatingLimit: number): Filter {
  let reading = 0;
  let mutating = 0;
  return (next) => async (context) => {
    if (context.longRunning) return next(context);
    const mutates = !readOnlyVerbs.has(context.info.verb);
    const limit = mutates ? mutatingLimit : readOnlyLimit;
    const inFlight = mutates ? mutating : reading;
    if (limit > 0 && inFlight >= limit && !context.user.groups.includes('system:masters')) {
      context.response.setHeader('Retry-After', '1');
      sendText(context, 429, 'Too many requests, please try again later.\n');
      return;
    }
    if (mutates) mutating++;
    else reading++;
    try {
      await next(context);
    } finally {
      if (mutates) mutating--;
      else reading--;
    }
  };
}
