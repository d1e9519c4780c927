/** Around every authenticated request: decides whether it is recorded, and records it. */
import type { ServerResponse } from 'node:http';
import { internalError, StatusError } from '@typernetes/openapi/meta';
import type { Filter, RequestContext } from '../endpoints/request-context.ts';
import { sendStatusError } from '../endpoints/respond.ts';
import type { AuditBackend } from './backend.ts';
import type { PolicyEvaluator } from './policy.ts';
import { AuditRecord } from './record.ts';

export function withAudit(policy: PolicyEvaluator, backend: AuditBackend, observe: (level: string) => void): Filter {
  return (next) => async (context) => {
    const decision = policy.decide(context.info, context.user);
    observe(decision.level);
    if (decision.level === 'None') return next(context);
    const record = new AuditRecord(context, decision, backend);
    context.audit = record;
    if (!(await record.stage('RequestReceived'))) throw internalError('failed to store audit event');
    if (context.longRunning) watchHead(context, record);
    try {
      await next(context);
    } catch (error) {
      // Answered here, so that the event has the answer; a timeout outside may have been first.
      if (!(error instanceof StatusError)) {
        await record.panicked(error);
        throw error;
      }
      if (!context.signal.aborted && !context.response.headersSent) await sendStatusError(context, error);
      else {
        await record.complete();
        throw error;
      }
    }
    await record.complete();
  };
}

/** Tells the record of the status line, which proxies of streams write to the socket themselves. */
function watchHead(context: RequestContext, record: AuditRecord): void {
  const { response, upgrade } = context;
  const writeHead = response.writeHead.bind(response);
  response.writeHead = ((...head: unknown[]) => {
    record.responseStarted(Number(head[0]));
    return Reflect.apply(writeHead, response, head) as ServerResponse;
  }) as typeof writeHead;
  if (upgrade === undefined) return;
  const { socket } = upgrade;
  const write = socket.write.bind(socket);
  socket.write = ((...chunk: unknown[]) => {
    const code = /^HTTP\/1\.1 (\d{3})/.exec(String(chunk[0]).slice(0, 16))?.[1];
    if (code !== undefined) record.responseStarted(Number(code));
    socket.write = write;
    return Reflect.apply(write, socket, chunk) as boolean;
  }) as typeof write;
}

/** Outside of authentication: whoever is not let in is recorded too, once. */
export function withFailedAuthenticationAudit(policy: PolicyEvaluator, backend: AuditBackend): Filter {
  return (next) => async (context) => {
    try {
      await next(context);
    } catch (error) {
      if (error instanceof StatusError && error.status.code === 401 && context.audit === undefined) {
        const decision = policy.decide(context.info, context.user);
        if (decision.level !== 'None') {
          const record = new AuditRecord(context, decision, backend);
          record.refused(error.status);
        }
      }
      throw error;
    }
  };
}
