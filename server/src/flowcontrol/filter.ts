import type { Filter, RequestContext } from '../endpoints/request-context.ts';
import { sendText } from '../endpoints/respond.ts';
import type { Admission, FlowControl } from './flow-control.ts';

const longestWaitMs = 60_000;

/**
 * Gives each request its seats, lets it wait for them in a queue, or answers 429. A watch holds its seats only until
 * its first events are sent; other long-running requests take none.
 */
export function withPriorityAndFairness(control: FlowControl, requestTimeoutMs: number): Filter {
  return (next) => async (context) => {
    const watch = context.info.verb === 'watch';
    if (context.longRunning && !watch) return next(context);
    const admission = control.start(context.info, context.user, context.query);
    const { ticket } = admission;
    setHeaders(context, admission);
    if (ticket.state === 'waiting') {
      const limit = Math.min((context.timeoutMs ?? requestTimeoutMs) / 4, longestWaitMs);
      const before = performance.now();
      await control.wait(admission, limit - (before - context.receivedAt), context.signal);
      context.waitedMs += performance.now() - before;
    }
    if (ticket.state === 'rejected') {
      rejectTooMany(context, admission.flow.level.retryAfter.seconds);
      return;
    }
    let forget: (() => void) | undefined;
    if (watch) {
      forget = control.watches.register(context.info);
      context.watchStarted = () => control.finish(admission);
    }
    try {
      await next(context);
    } finally {
      control.finish(admission);
      forget?.();
    }
  };
}

function setHeaders({ response }: RequestContext, { flow }: Admission): void {
  response.setHeader('X-Kubernetes-Pf-Flowschema-Uid', flow.uid);
  response.setHeader('X-Kubernetes-Pf-Prioritylevel-Uid', flow.level.uid);
}

function rejectTooMany(context: RequestContext, retryAfterSeconds: number): void {
  context.response.setHeader('Retry-After', String(retryAfterSeconds));
  sendText(context, 429, 'Too many requests, please try again later.\n');
}
