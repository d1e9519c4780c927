/** How to reach an API server, and as whom. PEM values are text, files are read when the configuration is loaded. */
export interface ClientConfig {
  /** Base URL, such as `https://127.0.0.1:6443`; a path in it is a prefix of every request path. */
  server: string;
  /** PEM certificates that the server's certificate must chain to; absent: the system's roots. */
  ca?: string;
  /** Client certificate chain and key, PEM. */
  cert?: string;
  key?: string;
  /** Bearer token; a function is asked before every request, so it can rotate. */
  token?: string | (() => string | Promise<string>);
  /** File with a bearer token, read again at most once a minute and after a 401; wins over `token`. */
  tokenFile?: string;
  username?: string;
  password?: string;
  /** Default namespace of the kubeconfig's context. */
  namespace?: string;
  tlsServerName?: string;
  insecureSkipTlsVerify?: boolean;
  userAgent?: string;
  /** Client-side rate limit in requests per second, watches included; absent: none. */
  qps?: number;
  burst?: number;
  impersonate?: { user: string; uid?: string; groups?: string[]; extra?: Record<string, string[]> };
}
