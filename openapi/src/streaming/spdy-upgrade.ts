/** SPDY/3.1 over HTTP upgrade, with X-Stream-Protocol-Version saying what is spoken inside. */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { statusErrorFrom } from '../meta/status-error.ts';
import { SpdyConnection, type SpdyConnectionOptions, SpdyError } from './spdy/index.ts';
import { dialUpgrade, headerList, isUpgradeTo, readBody, refuseUpgrade, type UpgradeRequest } from './upgrade.ts';

export const spdyProtocol = 'SPDY/3.1';
export const protocolVersionHeader = 'x-stream-protocol-version';

export interface SpdyUpgrade {
  connection: SpdyConnection;
  /** What both sides speak; empty where an old server did not say. */
  protocol: string;
}

/** The server refused to upgrade. A Status object in its answer becomes a StatusError instead. */
export class UpgradeError extends Error {
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.name = 'UpgradeError';
    this.code = code;
  }
}

/** Throws UpgradeError or StatusError where the server refuses, the socket's error where there is none. */
export async function upgradeSpdyClient(
  request: UpgradeRequest & { protocols: readonly string[]; connection?: Omit<SpdyConnectionOptions, 'role' | 'head'> },
): Promise<SpdyUpgrade> {
  const answer = await dialUpgrade({
    ...request,
    method: request.method ?? 'POST',
    headers: {
      ...request.headers,
      Connection: 'Upgrade',
      Upgrade: spdyProtocol,
      'X-Stream-Protocol-Version': [...request.protocols],
    },
  });
  if (!answer.upgraded) throw await refusal(answer.response);
  if (!isUpgradeTo(answer.response, spdyProtocol)) {
    answer.socket.destroy();
    throw new SpdyError('unable to upgrade: missing upgrade headers in response');
  }
  const protocol = headerList(answer.response.headers, protocolVersionHeader)[0] ?? '';
  const connection = new SpdyConnection(answer.socket, { ...request.connection, role: 'client', head: answer.head });
  return { connection, protocol };
}

export async function refusal(response: IncomingMessage): Promise<Error> {
  const body = await readBody(response);
  const code = response.statusCode ?? 0;
  if (body.startsWith('{')) {
    try {
      const status = JSON.parse(body) as { kind?: string };
      if (status.kind === 'Status') return statusErrorFrom({ code, ...status });
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
    }
  }
  return new UpgradeError(
    code,
    `unable to upgrade connection: ${body.trim() || (response.statusMessage ?? String(code))}`,
  );
}

/**
 * Answers an upgrade request and takes the socket over, or refuses it as upstream does and returns undefined. The
 * client's first protocol that is among `protocols` is spoken.
 */
export function acceptSpdyUpgrade(
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  protocols: readonly string[],
  options: Omit<SpdyConnectionOptions, 'role' | 'head'> = {},
): SpdyUpgrade | undefined {
  if (!isUpgradeTo(request, spdyProtocol)) {
    refuseUpgrade(socket, 400, 'unable to upgrade: missing upgrade headers in request\n');
    return undefined;
  }
  const offered = headerList(request.headers, protocolVersionHeader);
  if (offered.length === 0) {
    refuseUpgrade(socket, 400, 'unable to upgrade: header X-Stream-Protocol-Version does not exist in request\n');
    return undefined;
  }
  const protocol = offered.find((each) => protocols.includes(each));
  if (protocol === undefined) {
    const message = `unable to upgrade: unable to negotiate protocol: client supports [${offered.join(' ')}], server accepts [${protocols.join(' ')}]\n`;
    refuseUpgrade(socket, 403, message, { 'X-Accepted-Stream-Protocol-Versions': protocols.join(', ') });
    return undefined;
  }
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${spdyProtocol}\r\nX-Stream-Protocol-Version: ${protocol}\r\n\r\n`,
  );
  return { connection: new SpdyConnection(socket, { ...options, role: 'server', head }), protocol };
}
