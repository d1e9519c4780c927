/** What stands in a service account token beside the standard claims. Shapes are upstream's: others read these tokens. */
export interface ObjectClaim {
  name: string;
  uid?: string;
}

export interface KubernetesClaims {
  namespace: string;
  serviceaccount: ObjectClaim;
  pod?: ObjectClaim;
  secret?: ObjectClaim;
  node?: ObjectClaim;
  /** Seconds since 1970: use after this is legal, and worth a warning. */
  warnafter?: number;
}

export interface TokenClaims {
  iss: string;
  sub: string;
  aud?: string | string[];
  exp?: number;
  iat?: number;
  nbf?: number;
  jti?: string;
  'kubernetes.io'?: KubernetesClaims;
  [legacyNamespace]?: string;
  [legacySecret]?: string;
  [legacyName]?: string;
  [legacyUid]?: string;
}

export const legacyIssuer = 'kubernetes/serviceaccount';
export const legacyNamespace = 'kubernetes.io/serviceaccount/namespace';
export const legacySecret = 'kubernetes.io/serviceaccount/secret.name';
export const legacyName = 'kubernetes.io/serviceaccount/service-account.name';
export const legacyUid = 'kubernetes.io/serviceaccount/service-account.uid';

/** The payload of something that looks like a JWT, not verified: only to see whose it is. */
export function peekIssuer(token: string): string | undefined {
  const parts = token.split('.');
  if (parts.length !== 3) return undefined;
  try {
    const payload: unknown = JSON.parse(Buffer.from(parts[1] ?? '', 'base64url').toString('utf8'));
    const issuer = (payload as { iss?: unknown } | null)?.iss;
    return typeof issuer === 'string' ? issuer : undefined;
  } catch {
    return undefined;
  }
}
