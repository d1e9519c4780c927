/** An OpenID Connect issuer over HTTPS for tests: discovery, keys that can be exchanged, and tokens of any claims. */
import { exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose';
import { type HttpsServer, startHttpsServer } from '../../certificates/testing/https-server.ts';

interface Key {
  kid: string;
  algorithm: string;
  privateKey: Awaited<ReturnType<typeof generateKeyPair>>['privateKey'];
  jwk: JWK;
}

export class TestIssuer {
  readonly url: string;
  /** PEM of the CA that its serving certificate is of. */
  readonly ca: string;
  /** How often the keys were asked for. */
  keyRequests = 0;
  readonly #server: HttpsServer;
  #keys: Key[] = [];

  private constructor(server: HttpsServer) {
    this.#server = server;
    this.url = `https://127.0.0.1:${server.port}`;
    this.ca = server.ca;
  }

  static async start(): Promise<TestIssuer> {
    const https = await startHttpsServer('issuer');
    const issuer = new TestIssuer(https);
    await issuer.rotate('first');
    https.server.on('request', (request, response) => {
      const answer = issuer.#answer(request.url ?? '');
      response.statusCode = answer === undefined ? 404 : 200;
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify(answer ?? {}));
    });
    return issuer;
  }

  #answer(path: string): object | undefined {
    // The second is where a discoveryURL may point: the same document in another place.
    if (path === '/.well-known/openid-configuration' || path === '/elsewhere')
      return { issuer: this.url, jwks_uri: `${this.url}/keys`, id_token_signing_alg_values_supported: ['RS256'] };
    if (path !== '/keys') return undefined;
    this.keyRequests++;
    return { keys: this.#keys.map(({ jwk }) => jwk) };
  }

  /** Signs with a new key from now on; the old ones are no longer published. */
  async rotate(kid: string, algorithm = 'RS256'): Promise<void> {
    const { publicKey, privateKey } = await generateKeyPair(algorithm);
    const jwk = { ...(await exportJWK(publicKey)), kid, alg: algorithm, use: 'sig' };
    this.#keys = [{ kid, algorithm, privateKey, jwk }];
  }

  /** A token for audience `kubernetes`, good for ten minutes, with these claims besides or instead. */
  token(claims: Record<string, unknown>): Promise<string> {
    const [key] = this.#keys;
    if (key === undefined) throw new Error('no key');
    const now = Math.floor(Date.now() / 1000);
    const payload = { iss: this.url, aud: 'kubernetes', iat: now, exp: now + 600, sub: 'joe', ...claims };
    return new SignJWT(payload).setProtectedHeader({ alg: key.algorithm, kid: key.kid }).sign(key.privateKey);
  }

  stop(): Promise<void> {
    return this.#server.stop();
  }
}
