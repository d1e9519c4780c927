/** HTTP upgrades, client and server side, of which everything else here starts. */
import http, { type IncomingHttpHeaders, type IncomingMessage, STATUS_CODES } from 'node:http';
import https from 'node:https';
import type { Duplex } from 'node:stream';
import type { ConnectionOptions } from 'node:tls';

export interface UpgradeTarget {
  /** http, https, ws or wss. */
  url: URL | string;
  /** Instead of the URL's path and query: sent as it stands, dot segments and all. */
  path?: string;
  /** Instead of the URL's host: a unix socket. */
  socketPath?: string;
  tls?: ConnectionOptions;
  headers?: http.OutgoingHttpHeaders;
  /** What a client is told where the target cannot be reached; without it, 500 and the message. */
  unreachable?: (message: string) => { status: number; body: string; contentType?: string };
}

export interface UpgradeRequest extends UpgradeTarget {
  method?: string;
  signal?: AbortSignal;
}

export type UpgradeAnswer =
  | { upgraded: true; response: IncomingMessage; socket: Duplex; head: Buffer }
  /** The server answered something else; the body is still to be read. */
  | { upgraded: false; response: IncomingMessage };

/** The target as a websocket client takes it. */
export function websocketTarget(target: UpgradeTarget): { url: URL; headers: Record<string, string> } {
  const url = new URL(target.url);
  if (url.protocol === 'https:') url.protocol = 'wss:';
  else if (url.protocol === 'http:') url.protocol = 'ws:';
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(target.headers ?? {}))
    if (value !== undefined) headers[name] = String(value);
  return { url, headers };
}

/** Sends a request with the upgrade headers given and waits for the answer's head. */
export function dialUpgrade(request: UpgradeRequest): Promise<UpgradeAnswer> {
  const url = new URL(request.url);
  const secure = url.protocol === 'https:' || url.protocol === 'wss:';
  const options: https.RequestOptions = {
    ...(secure ? request.tls : {}),
    method: request.method ?? 'GET',
    headers: request.headers,
    path: request.path ?? url.pathname + url.search,
    agent: false,
    ...(request.socketPath === undefined
      ? { host: url.hostname.replace(/^\[|\]$/g, ''), port: url.port === '' ? (secure ? 443 : 80) : Number(url.port) }
      : { socketPath: request.socketPath }),
    ...(request.signal === undefined ? {} : { signal: request.signal }),
  };
  return new Promise((resolve, reject) => {
    const outgoing = secure ? https.request(options) : http.request(options);
    outgoing.once('upgrade', (response, socket, head) => {
      socket.on('error', () => {});
      resolve({ upgraded: true, response, socket, head });
    });
    outgoing.once('response', (response) => resolve({ upgraded: false, response }));
    outgoing.on('error', reject);
    outgoing.end();
  });
}

/**
 * Dials on behalf of the client at `socket`, for as long as that is there. Where the target cannot be reached, the client
 * is told, and undefined comes back.
 */
export async function dialForClient(socket: Duplex, request: UpgradeRequest): Promise<UpgradeAnswer | undefined> {
  const gone = new AbortController();
  const abort = (): void => gone.abort();
  socket.on('error', () => {});
  socket.once('close', abort);
  try {
    const signal = request.signal === undefined ? gone.signal : AbortSignal.any([gone.signal, request.signal]);
    return await dialUpgrade({ ...request, signal });
  } catch (error) {
    if (socket.destroyed) return undefined;
    refuseAs(request, socket, `error dialing backend: ${error instanceof Error ? error.message : String(error)}`);
    return undefined;
  } finally {
    socket.off('close', abort);
  }
}

/** Tells the client of an upgrade that there is none to be had, as the target says it. */
export function refuseAs({ unreachable }: UpgradeTarget, socket: Duplex, message: string): void {
  const { status, body, contentType } = unreachable?.(message) ?? { status: 500, body: `${message}\n` };
  refuseUpgrade(socket, status, body, contentType === undefined ? {} : { 'Content-Type': contentType });
}

/** Writes a whole HTTP answer to a socket that was handed over for an upgrade, and ends it. */
export function refuseUpgrade(
  socket: Duplex,
  status: number,
  body: string,
  headers: Record<string, string> = {},
): void {
  socket.on('error', () => {});
  const lines = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
    ...Object.entries({
      'Content-Type': 'text/plain; charset=utf-8',
      ...headers,
      'Content-Length': String(Buffer.byteLength(body)),
      Connection: 'close',
    }).map(([name, value]) => `${name}: ${value}`),
  ];
  socket.end(`${lines.join('\r\n')}\r\n\r\n${body}`);
}

export function isUpgradeTo(request: IncomingMessage, protocol: string): boolean {
  const connection = request.headers.connection?.toLowerCase() ?? '';
  const upgrade = request.headers.upgrade?.toLowerCase() ?? '';
  return connection.includes('upgrade') && upgrade.includes(protocol.toLowerCase());
}

export const isWebsocketRequest = (request: IncomingMessage): boolean => isUpgradeTo(request, 'websocket');

/** A header that lists values with commas, in one line or several. */
export function headerList(headers: IncomingHttpHeaders, name: string): string[] {
  const value = headers[name];
  const text = Array.isArray(value) ? value.join(',') : (value ?? '');
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

/** At most so much of a body, as text. */
export async function readBody(response: IncomingMessage, limit = 64 * 1024): Promise<string> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of response as AsyncIterable<Buffer>) {
    parts.push(part);
    size += part.length;
    if (size > limit) break;
  }
  response.destroy();
  return Buffer.concat(parts).toString('utf8', 0, limit);
}
