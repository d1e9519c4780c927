/**
 * SPDY inside a websocket (upstream: streamtunnel.go; kubectl port-forward): the subprotocol
 * `SPDY/3.1+portforward.k8s.io` carries the raw bytes of a SPDY connection in binary messages.
 */
import type { IncomingMessage } from 'node:http';
import { type Duplex, pipeline } from 'node:stream';
import { createWebSocketStream, WebSocket } from 'ws';
import { SpdyConnection } from './spdy/index.ts';
import { protocolVersionHeader, refusal, spdyProtocol } from './spdy-upgrade.ts';
import {
  dialForClient,
  headerList,
  isUpgradeTo,
  isWebsocketRequest,
  readBody,
  refuseUpgrade,
  type UpgradeRequest,
  type UpgradeTarget,
  websocketTarget,
} from './upgrade.ts';
import { acceptWebsocket } from './websocket-channels.ts';

const prefix = 'SPDY/3.1+';
const suffix = '.k8s.io';

/** What the websocket's subprotocols ask to be spoken inside SPDY. */
function tunnelledProtocols(request: IncomingMessage): string[] {
  return headerList(request.headers, 'sec-websocket-protocol')
    .filter((protocol) => protocol.startsWith(prefix) && protocol.endsWith(suffix))
    .map((protocol) => protocol.slice(prefix.length));
}

export function wantsTunnel(request: IncomingMessage): boolean {
  return isWebsocketRequest(request) && tunnelledProtocols(request).length > 0;
}

/**
 * Upgrades to SPDY at the target first, then the client to a websocket, and pipes. A target that refuses has its answer
 * sent to the client. Resolves when both sides are done, or the signal has ended them.
 */
export async function tunnelSpdyOverWebsocket(
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  target: UpgradeRequest,
): Promise<void> {
  const protocols = tunnelledProtocols(request);
  if (protocols.length === 0) {
    refuseUpgrade(socket, 400, 'unable to upgrade: no tunneling spdy protocols provided\n');
    return;
  }
  const answer = await dialForClient(socket, {
    ...target,
    method: target.method ?? 'POST',
    headers: {
      ...target.headers,
      Connection: 'Upgrade',
      Upgrade: spdyProtocol,
      'X-Stream-Protocol-Version': protocols,
    },
  });
  if (answer === undefined) return;
  if (!answer.upgraded) {
    const contentType = answer.response.headers['content-type'];
    const body = await readBody(answer.response);
    refuseUpgrade(
      socket,
      answer.response.statusCode ?? 502,
      body,
      contentType === undefined ? {} : { 'Content-Type': contentType },
    );
    return;
  }
  if (!isUpgradeTo(answer.response, spdyProtocol)) {
    answer.socket.destroy();
    refuseUpgrade(socket, 500, 'unable to upgrade: missing upgrade headers in response\n');
    return;
  }
  const spoken = headerList(answer.response.headers, protocolVersionHeader)[0];
  const accepted = await acceptWebsocket(request, socket, head, spoken === undefined ? [''] : [prefix + spoken]);
  if (accepted === undefined) {
    answer.socket.destroy();
    return;
  }
  const client = createWebSocketStream(accepted.socket);
  const stop = (): void => void answer.socket.destroy();
  target.signal?.addEventListener('abort', stop, { once: true });
  if (target.signal?.aborted === true) stop();
  if (answer.head.length > 0) client.write(answer.head);
  await Promise.all([finished(answer.socket, client), finished(client, answer.socket)]);
  target.signal?.removeEventListener('abort', stop);
  answer.socket.destroy();
}

function finished(from: Duplex, to: Duplex): Promise<void> {
  return new Promise((resolve) => {
    pipeline(from, to, () => resolve());
  });
}

/** The client of such a tunnel. */
export async function dialSpdyOverWebsocket(
  request: UpgradeTarget & { protocols: readonly string[] },
): Promise<SpdyConnection> {
  const { url, headers } = websocketTarget(request);
  // The library refuses names with a slash: it neither hears of the subprotocol nor sees the server's answer to it.
  const offered = request.protocols.map((protocol) => prefix + protocol).join(', ');
  const socket = new WebSocket(url, [], {
    ...(url.protocol === 'wss:' ? request.tls : {}),
    headers: { ...headers, 'Sec-WebSocket-Protocol': offered },
    perMessageDeflate: false,
  });
  socket.once('upgrade', (response) => delete response.headers['sec-websocket-protocol']);
  await new Promise<void>((resolve, reject) => {
    socket.once('open', () => {
      // Until its reader is there.
      socket.pause();
      resolve();
    });
    socket.once('error', reject);
    socket.once('unexpected-response', (outgoing, response) => {
      refusal(response)
        .then(reject, reject)
        .finally(() => outgoing.destroy());
    });
  });
  return new SpdyConnection(createWebSocketStream(socket), { role: 'client' });
}
