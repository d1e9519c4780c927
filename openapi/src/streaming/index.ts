/** The connections of exec, attach and port-forward: SPDY/3.1, websockets, and the ways from one to the other. */
export {
  type ForwardPort,
  openForwardedPort,
  type PortForwardOptions,
  portForwardProtocol,
  servePortForward,
} from './port-forward.ts';
export { type ProxyUpgradeTarget, proxyUpgrade } from './proxy-upgrade.ts';
export {
  encodeTerminalSize,
  exitCodeOf,
  exitCodeOutcome,
  type RemoteCommandOptions,
  type RemoteCommandStream,
  type RemoteCommandStreams,
  remoteCommandProtocols,
  spdyRemoteCommandProtocols,
  successOutcome,
  type TerminalSize,
  terminalSizes,
  websocketRemoteCommandProtocols,
} from './remote-command.ts';
export { acceptRemoteCommand, type RemoteCommandServerOptions } from './remote-command-server.ts';
export { type RemoteExecutorRequest, remoteExecute } from './remote-executor.ts';
export { type Headers, SpdyConnection, type SpdyConnectionOptions, SpdyError, SpdyStream } from './spdy/index.ts';
export { acceptSpdyUpgrade, type SpdyUpgrade, UpgradeError, upgradeSpdyClient } from './spdy-upgrade.ts';
export { translateWebsocketToSpdy, wantsTranslation } from './stream-translator.ts';
export { dialSpdyOverWebsocket, tunnelSpdyOverWebsocket, wantsTunnel } from './stream-tunnel.ts';
export {
  dialUpgrade,
  isWebsocketRequest,
  readBody,
  refuseUpgrade,
  type UpgradeAnswer,
  type UpgradeTarget,
} from './upgrade.ts';
