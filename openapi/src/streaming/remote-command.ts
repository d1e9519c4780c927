/**
 * The streams of exec and attach: names, numbers, and the status at the end. Both transports (SPDY and websocket) and
 * both sides (server here, client in `remote-executor.ts`) share this.
 */
import type { Readable, Writable } from 'node:stream';
import type { Status } from '../meta/status.ts';

export const remoteCommandProtocols = {
  v1: 'channel.k8s.io',
  v2: 'v2.channel.k8s.io',
  v3: 'v3.channel.k8s.io',
  v4: 'v4.channel.k8s.io',
  v5: 'v5.channel.k8s.io',
} as const;

/** Of a SPDY server; v5 adds nothing to SPDY, and upstream's servers offer it to websockets only. */
export const spdyRemoteCommandProtocols: readonly string[] = [
  'v4.channel.k8s.io',
  'v3.channel.k8s.io',
  'v2.channel.k8s.io',
  'channel.k8s.io',
];
export const websocketRemoteCommandProtocols: readonly string[] = [
  'v5.channel.k8s.io',
  'v4.channel.k8s.io',
  'v4.base64.channel.k8s.io',
  'channel.k8s.io',
  'base64.channel.k8s.io',
  '',
];

export const channelNumber = { stdin: 0, stdout: 1, stderr: 2, error: 3, resize: 4 } as const;
export type RemoteCommandStream = keyof typeof channelNumber;

export interface TerminalSize {
  width: number;
  height: number;
}

export interface RemoteCommandOptions {
  stdin: boolean;
  stdout: boolean;
  stderr: boolean;
  tty: boolean;
}

/** The server's ends of one command. Streams the request did not ask for are absent. */
export interface RemoteCommandStreams {
  readonly protocol: string;
  readonly stdin?: Readable;
  readonly stdout?: Writable;
  readonly stderr?: Writable;
  /** The status goes here at the end; `finish` does it. */
  readonly error: Writable;
  /** JSON objects {"Width":…,"Height":…} one after another; `terminalSizes` reads them. */
  readonly resize?: Readable;
  /** Ends the outputs, sends the outcome, and closes the connection when all is delivered. */
  finish(outcome: Status): Promise<void>;
  /** Aborted when the client is gone. */
  readonly signal: AbortSignal;
}

/** Writes whole statuses from v4 on; before, only messages of failures. */
export function encodeOutcome(protocol: string, outcome: Status): Buffer {
  const version = /^v(\d+)\./.exec(protocol)?.[1];
  if (version !== undefined && Number(version) >= 4) return Buffer.from(JSON.stringify(outcome));
  return Buffer.from(outcome.status === 'Success' ? '' : (outcome.message ?? ''));
}

export function successOutcome(): Status {
  return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success' };
}

/** A command that ended with a code other than 0. */
export function exitCodeOutcome(exitCode: number): Status {
  if (exitCode === 0) return successOutcome();
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message: `command terminated with non-zero exit code: exit status ${exitCode}`,
    reason: 'NonZeroExitCode',
    details: { causes: [{ reason: 'ExitCode', message: String(exitCode) }] },
  };
}

/** The exit code in a status; undefined where it reports another failure. */
export function exitCodeOf(outcome: Status): number | undefined {
  if (outcome.status === 'Success') return 0;
  if (outcome.reason !== 'NonZeroExitCode') return undefined;
  const code = Number(outcome.details?.causes?.find((cause) => cause.reason === 'ExitCode')?.message);
  return Number.isInteger(code) ? code : undefined;
}

const maxPendingSize = 4096;

/** Sizes as they come; ends with the stream, or at something that is none. */
export async function* terminalSizes(resize: AsyncIterable<Buffer>): AsyncGenerator<TerminalSize> {
  let pending = '';
  for await (const chunk of resize) {
    pending += chunk.toString('utf8');
    for (;;) {
      const end = pending.indexOf('}');
      if (end < 0) break;
      const size = parseSize(pending.slice(0, end + 1));
      pending = pending.slice(end + 1);
      if (size === undefined) return;
      yield size;
    }
    if (pending.length > maxPendingSize) return;
  }
}

function parseSize(text: string): TerminalSize | undefined {
  try {
    const value = JSON.parse(text) as { Width?: unknown; Height?: unknown };
    const width = Number(value.Width ?? 0);
    const height = Number(value.Height ?? 0);
    const fits = (size: number): boolean => Number.isInteger(size) && size >= 0 && size <= 0xffff;
    return fits(width) && fits(height) ? { width, height } : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

export function encodeTerminalSize(size: TerminalSize): Buffer {
  return Buffer.from(`${JSON.stringify({ Width: size.width, Height: size.height })}\n`);
}
