/** Whom a TLS client trusts, as one written in Go does: every certificate of the bundle, also one that is no root. */
export interface Trust<T extends string | Buffer = string> {
  ca?: T;
  allowPartialTrustChain?: true;
}

/** `ca`: PEM. Without it the system's roots count. */
export function trust<T extends string | Buffer = string>(ca: T | undefined): Trust<T> {
  return ca === undefined || ca.length === 0 ? {} : { ca, allowPartialTrustChain: true };
}
