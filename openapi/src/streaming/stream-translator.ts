/**
 * The API server between a client that speaks websocket v5 and a node that speaks SPDY (upstream:
 * StreamTranslatorHandler). The client is upgraded first; whatever goes wrong with the node then is a status on the
 * error channel.
 */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Status } from '../meta/status.ts';
import { internalError, StatusError } from '../meta/status-error.ts';
import { type RemoteCommandOptions, remoteCommandProtocols, terminalSizes } from './remote-command.ts';
import { acceptRemoteCommand } from './remote-command-server.ts';
import { remoteExecute } from './remote-executor.ts';
import { headerList, isWebsocketRequest, type UpgradeRequest } from './upgrade.ts';

/** Whether a request is one to translate: others go to `tunnelSpdyOverWebsocket` or `proxyUpgrade`. */
export function wantsTranslation(request: IncomingMessage): boolean {
  return (
    isWebsocketRequest(request) &&
    headerList(request.headers, 'sec-websocket-protocol').includes(remoteCommandProtocols.v5)
  );
}

/** Resolves when the command is over and the client is gone or told. */
export async function translateWebsocketToSpdy(
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  target: UpgradeRequest,
  options: RemoteCommandOptions,
): Promise<void> {
  const client = await acceptRemoteCommand(request, socket, head, {
    ...options,
    websocketProtocols: [remoteCommandProtocols.v5],
  });
  if (client === undefined) return;
  let outcome: Status;
  try {
    outcome = await remoteExecute({
      ...target,
      transport: 'spdy',
      tty: options.tty,
      signal: target.signal === undefined ? client.signal : AbortSignal.any([client.signal, target.signal]),
      ...(client.stdin === undefined ? {} : { stdin: client.stdin }),
      ...(client.stdout === undefined ? {} : { stdout: client.stdout }),
      ...(client.stderr === undefined ? {} : { stderr: client.stderr }),
      ...(client.resize === undefined ? {} : { terminalSizes: terminalSizes(client.resize) }),
    });
  } catch (error) {
    if (client.signal.aborted) return;
    outcome = (
      error instanceof StatusError ? error : internalError(error instanceof Error ? error.message : String(error))
    ).status;
  }
  await client.finish(outcome);
}
