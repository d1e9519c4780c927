/** /debug/api_priority_and_fairness/dump_*: what is in the queues now, as upstream's aligned columns. */
import type { RequestContext } from '../endpoints/request-context.ts';
import { sendBody } from '../endpoints/respond.ts';
import type { FlowControl } from './flow-control.ts';
import type { Level } from './level.ts';
import { maxSeatsOf, type Queue, type Ticket } from './queue-set.ts';

const prefix = '/debug/api_priority_and_fairness/';

export class FlowControlDumps {
  readonly #control: FlowControl;
  readonly #now: () => Date;

  constructor(control: FlowControl, now: () => Date) {
    this.#control = control;
    this.#now = now;
  }

  async handle(context: RequestContext): Promise<boolean> {
    if (!context.path.startsWith(prefix)) return false;
    const rows = this.#rows(
      context.path.slice(prefix.length),
      (context.query.get('includeRequestDetails') ?? '') !== '',
    );
    if (rows === undefined) return false;
    await sendBody(context, 200, 'text/plain; charset=utf-8', [Buffer.from(align(rows))]);
    return true;
  }

  #rows(which: string, details: boolean): string[][] | undefined {
    const levels = [...this.#control.levels.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
    switch (which) {
      case 'dump_priority_levels':
        return [levelColumns, ...levels.map(levelRow)];
      case 'dump_queues':
        return [
          queueColumns,
          ...levels.flatMap(({ name, queueSet }) => queueSet.queues.map((queue) => queueRow(name, queue))),
        ];
      case 'dump_requests':
        return [
          details ? [...requestColumns, ...detailColumns] : requestColumns,
          ...levels.flatMap((level) => this.#requests(level, details)),
        ];
      default:
        return undefined;
    }
  }

  #requests({ name, queueSet }: Level, details: boolean): string[][] {
    const row = (ticket: Ticket, at: number): string[] => [
      name,
      ticket.schema,
      String(ticket.queue?.index ?? -1),
      String(at),
      ticket.distinguisher,
      this.#time(ticket.arrivalMs),
      String(ticket.estimate.initialSeats),
      String(ticket.estimate.finalSeats),
      goDuration(ticket.estimate.additionalMs),
      ticket.state === 'waiting' ? '0001-01-01T00:00:00Z' : this.#time(ticket.startMs),
      ...(details ? detailsOf(ticket) : []),
    ];
    return [
      ...queueSet.queues.flatMap((queue) => [...queue.waiting].map(row)),
      ...[...queueSet.executing].map((ticket) => row(ticket, -1)),
    ];
  }

  /** From the monotonic clock of the queues to that on the wall. */
  #time(atMs: number): string {
    return new Date(this.#now().getTime() - (this.#control.nowMs() - atMs)).toISOString();
  }
}

const levelColumns = [
  'PriorityLevelName',
  'ActiveQueues',
  'IsIdle',
  'IsQuiescing',
  'WaitingRequests',
  'ExecutingRequests',
  'DispatchedRequests',
  'RejectedRequests',
  'TimedoutRequests',
  'CancelledRequests',
];

function levelRow({ name, queueSet, quiescing }: Level): string[] {
  const active = queueSet.queues.filter(({ waiting }) => waiting.size > 0).length;
  const { idle, waitingRequests, executing, dispatchedTotal, rejectedTotal, cancelledTotal } = queueSet;
  return [
    name,
    active,
    idle,
    quiescing,
    waitingRequests,
    executing.size,
    dispatchedTotal,
    rejectedTotal,
    0,
    cancelledTotal,
  ].map(String);
}

const queueColumns = [
  'PriorityLevelName',
  'Index',
  'PendingRequests',
  'ExecutingRequests',
  'SeatsInUse',
  'NextDispatchR',
  'InitialSeatsSum',
  'MaxSeatsSum',
  'TotalWorkSum',
];

function queueRow(level: string, queue: Queue): string[] {
  let initial = 0;
  let max = 0;
  for (const { estimate } of queue.waiting) {
    initial += estimate.initialSeats;
    max += maxSeatsOf(estimate);
  }
  const { index, waiting, executing, seatsInUse, nextDispatchR, waitingWork } = queue;
  return [
    level,
    ...[index, waiting.size, executing, seatsInUse].map(String),
    seatSeconds(nextDispatchR),
    String(initial),
    String(max),
    seatSeconds(waitingWork),
  ];
}

function seatSeconds(seatMs: number): string {
  return `${(seatMs / 1000).toFixed(8)}ss`;
}

function goDuration(ms: number): string {
  return ms === 0 ? '0s' : `${ms}ms`;
}

const requestColumns = [
  'PriorityLevelName',
  'FlowSchemaName',
  'QueueIndex',
  'RequestIndexInQueue',
  'FlowDistingsher',
  'ArriveTime',
  'InitialSeats',
  'FinalSeats',
  'AdditionalLatency',
  'StartTime',
];
const detailColumns = ['UserName', 'Verb', 'APIPath', 'Namespace', 'Name', 'APIVersion', 'Resource', 'SubResource'];

function detailsOf({ user, info }: Ticket): string[] {
  const version = info.apiGroup === '' ? info.apiVersion : `${info.apiGroup}/${info.apiVersion}`;
  return [user.name, info.verb, info.path, info.namespace, info.name, version, info.resource, info.subresource];
}

/** Cells end in a comma and are padded to their column, as Go's tabwriter does; the last cell of a line is not. */
function align(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, at) => {
      if (at < row.length - 1) widths[at] = Math.max(widths[at] ?? 8, cell.length + 2);
    });
  }
  return rows
    .map((row) => `${row.map((cell, at) => (at < row.length - 1 ? `${cell},`.padEnd(widths[at]!) : cell)).join('')}\n`)
    .join('');
}
