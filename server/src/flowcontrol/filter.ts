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
    const { verb } = context.info;
    const kind = watch || verb === 'get' || verb === 'list' ? control.metrics.reads : control.metrics.writes;
    setHeaders(context, admission);
    if (ticket.state === 'waiting') {
      const limit = Math.min((context.timeoutMs ?? requestTimeoutMs) / 4, longestWaitMs);
      const before = performance.now();
      kind.waiting(1);
      await control.wait(admission, limit - (before - context.receivedAt), context.signal);
      kind.waiting(-1);
      context.waitedMs += performance.now() - before;
    }
    if (ticket.state === 'rejected') {
      rejectTooMany(context, admission.flow.level.retryAfter.seconds);
      return;
    }
    let forget: (() => void) | undefined;
    let executing = true;
    kind.executing(1);
    const finish = (): void => {
      if (executing) kind.executing(-1);
      executing = false;
      control.finish(admission);
    };
    if (watch) {
      forget = control.watches.register(context.info);
      context.watchStarted = finish;
    }
    try {
      await next(context);
    } finally {
      finish();
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
