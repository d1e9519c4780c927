/** Requests relayed by an authenticating proxy: the proxy shows its certificate, headers say who the user is. */
import type { Authenticator } from '../authenticator.ts';
import { type ClientCertificateVerifier, subjectOf } from './client-certificate.ts';
import { headerNames, headerValues, unescapeKey } from './headers.ts';

/** Header names in lower case. */
export interface FrontProxyHeaders {
  username: readonly string[];
  uid: readonly string[];
  group: readonly string[];
  extraPrefixes: readonly string[];
}

const defaultFrontProxyHeaders: FrontProxyHeaders = {
  username: ['x-remote-user'],
  uid: ['x-remote-uid'],
  group: ['x-remote-group'],
  extraPrefixes: ['x-remote-extra-'],
};

export function frontProxyAuthenticator(
  verifier: ClientCertificateVerifier,
  /** --requestheader-allowed-names; empty allows every certificate of the CA. */
  allowedNames: readonly string[],
  headers: FrontProxyHeaders = defaultFrontProxyHeaders,
): Authenticator {
  return {
    async authenticateRequest(request) {
      const first = (names: readonly string[]): string =>
        names.flatMap((name) => headerValues(request, name)[0] ?? []).find(Boolean) ?? '';
      const name = first(headers.username);
      if (name === '') return undefined;
      const certificate = verifier.verify(request);
      if (certificate === undefined) return undefined;
      const commonName = subjectOf(certificate)('CN').at(-1) ?? '';
      if (allowedNames.length > 0 && !allowedNames.includes(commonName)) {
        throw new Error(`x509: subject with cn=${commonName} is not in the allowed list`);
      }
      const extra: Record<string, string[]> = Object.create(null) as Record<string, string[]>;
      for (const header of headerNames(request)) {
        const prefix = headers.extraPrefixes.find((candidate) => header.startsWith(candidate));
        if (prefix === undefined) continue;
        const key = unescapeKey(header.slice(prefix.length));
        extra[key] = [...(extra[key] ?? []), ...headerValues(request, header)];
      }
      const uid = first(headers.uid);
      return {
        user: {
          name,
          groups: headers.group.flatMap((header) => headerValues(request, header)),
          ...(uid === '' ? {} : { uid }),
          ...(Object.keys(extra).length === 0 ? {} : { extra: { ...extra } }),
        },
      };
    },
  };
}
