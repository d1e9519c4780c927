/** Lines of CRI log files: `2016-10-06T00:17:09.669794202Z stdout F text`. Tag P: the line goes on in the next record. */

export interface LogRecord {
  /** RFC 3339 with nanoseconds, as written. */
  time: string;
  stream: 'stdout' | 'stderr';
  partial: boolean;
  content: string;
}

/** undefined: no CRI log line. Content keeps no line break. */
export function parseLogLine(line: string): LogRecord | undefined {
  const first = line.indexOf(' ');
  const second = line.indexOf(' ', first + 1);
  const third = line.indexOf(' ', second + 1);
  if (first <= 0 || second < 0) return undefined;
  const stream = line.slice(first + 1, second);
  if (stream !== 'stdout' && stream !== 'stderr') return undefined;
  const tags = (third < 0 ? line.slice(second + 1) : line.slice(second + 1, third)).split(':');
  return {
    time: line.slice(0, first),
    stream,
    partial: tags[0] === 'P',
    content: third < 0 ? '' : line.slice(third + 1),
  };
}

/** Milliseconds of an RFC 3339 time with any fraction; NaN when it is none. */
const logTimeMs = (time: string): number => Date.parse(time);

export interface LogSelection {
  /** Only records at or after this time (ms). */
  sinceMs?: number;
  timestamps?: boolean;
  stream?: 'stdout' | 'stderr';
}

/** Turns records into the bytes a client gets. Stateful: a time stamp is written only where a line begins. */
export class LogFormatter {
  readonly #selection: LogSelection;
  #inLine = false;

  constructor(selection: LogSelection) {
    this.#selection = selection;
  }

  /** '' when the record is not selected; a line that is no record is handed out as it is. */
  format(line: string): string {
    const record = parseLogLine(line);
    if (record === undefined) return '';
    const { sinceMs, timestamps, stream } = this.#selection;
    if (stream !== undefined && record.stream !== stream) return '';
    if (sinceMs !== undefined && logTimeMs(record.time) < sinceMs) return '';
    const stamp = timestamps === true && !this.#inLine ? `${record.time} ` : '';
    this.#inLine = record.partial;
    return `${stamp}${record.content}${record.partial ? '' : '\n'}`;
  }
}
