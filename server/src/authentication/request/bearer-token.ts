import type { Authenticator, TokenAuthenticator } from '../authenticator.ts';
import { headerValues } from './headers.ts';

const websocketPrefix = 'base64url.bearer.authorization.k8s.io.';
const protocolHeader = 'sec-websocket-protocol';

/** `Authorization: Bearer TOKEN`. Throws where there is a token and nobody knows it. */
export function bearerTokenAuthenticator(tokens: TokenAuthenticator, audiences: readonly string[]): Authenticator {
  return {
    async authenticateRequest(request) {
      const token = bearerToken(headerValues(request, 'authorization')[0]);
      if (token === undefined) return undefined;
      const response = await tokens.authenticateToken(token, audiences);
      if (response === undefined) throw new Error('invalid bearer token');
      return response;
    },
  };
}

function bearerToken(header: string | undefined): string | undefined {
  const [scheme = '', token = ''] = (header ?? '').trim().split(' ');
  return scheme.toLowerCase() === 'bearer' && token !== '' ? token : undefined;
}

/**
 * Browsers cannot set headers on websockets: they offer the token as a subprotocol, beside one that is to be spoken.
 * On success the token is taken out of the offer.
 */
export function websocketTokenAuthenticator(tokens: TokenAuthenticator, audiences: readonly string[]): Authenticator {
  return {
    async authenticateRequest(request) {
      const upgrade = request.headers.upgrade?.toLowerCase() === 'websocket';
      if (!upgrade || !/\bupgrade\b/i.test(request.headers.connection ?? '')) return undefined;
      const protocols = headerValues(request, protocolHeader).flatMap((line) =>
        line.split(',').map((name) => name.trim()),
      );
      const offered = protocols.filter((name) => name.startsWith(websocketPrefix));
      const [encoded] = offered;
      if (encoded === undefined) return undefined;
      if (offered.length > 1) throw new Error('multiple base64.bearer.authorization tokens specified');
      const others = protocols.filter((name) => !name.startsWith(websocketPrefix));
      if (others.length === 0) throw new Error('missing additional subprotocol');
      const response = await tokens.authenticateToken(decode(encoded.slice(websocketPrefix.length)), audiences);
      if (response === undefined) throw new Error('invalid bearer token');
      request.headers[protocolHeader] = others.join(',');
      return response;
    },
  };
}

/** Unpadded base64url, strictly. */
function decode(text: string): string {
  if (text === '' || !/^[A-Za-z0-9_-]+$/.test(text) || text.length % 4 === 1) {
    throw new Error('invalid base64.bearer.authorization token encoding');
  }
  const bytes = Buffer.from(text, 'base64url');
  const token = bytes.toString('utf8');
  if (!Buffer.from(token, 'utf8').equals(bytes)) throw new Error('invalid base64.bearer.authorization token encoding');
  return token;
}
