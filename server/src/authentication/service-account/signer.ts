/** Who signs service account tokens: this server, with keys from files, or somebody else (external/). */
import { SignJWT } from 'jose';
import type { TokenClaims } from './claims.ts';
import { signingKey, type TokenKeys, verificationKeys } from './keys.ts';

export interface TokenSigner {
  readonly keys: TokenKeys;
  /** To the token in its compact form. */
  sign(claims: TokenClaims): Promise<string>;
}

/** As upstream's: keys of files do not change. */
const maxAgeSeconds = 3600;

/** All keys are PEM; the one that signs verifies too. */
export function localSigner(signing: string | undefined, verifying: readonly string[]): TokenSigner {
  const own = signing === undefined ? undefined : signingKey(signing);
  const all = [...(own === undefined ? [] : [own]), ...verifying.flatMap(verificationKeys)];
  const keys = [...new Map(all.map((key) => [key.kid, key])).values()];
  if (keys.length === 0) throw new Error('service account tokens need a key');
  return {
    keys: {
      find: (kid) => (kid === undefined ? keys : keys.filter((key) => key.kid === kid)),
      published: () => keys,
      maxAgeSeconds: () => maxAgeSeconds,
    },
    async sign(claims) {
      if (own === undefined) throw new Error('no key to sign service account tokens with');
      const { algorithm, kid, privateKey } = own;
      return new SignJWT({ ...claims }).setProtectedHeader({ alg: algorithm, kid }).sign(privateKey);
    },
  };
}
