/** What browsers are told: which pages' scripts may use this API, and that it is never to be reached without TLS. */
import { type Filter, header } from '../request-context.ts';

const allowedMethods = 'POST, GET, OPTIONS, PUT, DELETE, PATCH';
const allowedHeaders =
  'Content-Type, Content-Length, Accept-Encoding, X-CSRF-Token, Authorization, X-Requested-With, If-Modified-Since';

/** --cors-allowed-origins. Throws on what is no regular expression. Preflight requests are answered without authentication. */
export function withCors(allowedOrigins: readonly string[]): Filter {
  const patterns = allowedOrigins.map((origin) => {
    try {
      return new RegExp(origin, 'u');
    } catch (error) {
      throw new Error(`invalid --cors-allowed-origins ${JSON.stringify(origin)}: ${(error as Error).message}`, {
        cause: error,
      });
    }
  });
  return (next) => async (context) => {
    const origin = header(context, 'origin');
    if (origin === '' || !patterns.some((pattern) => pattern.test(origin))) return next(context);
    const { response } = context;
    response.setHeader('Access-Control-Allow-Origin', origin);
    response.setHeader('Access-Control-Allow-Methods', allowedMethods);
    response.setHeader('Access-Control-Allow-Headers', allowedHeaders);
    response.setHeader('Access-Control-Expose-Headers', 'Date');
    response.setHeader('Access-Control-Allow-Credentials', 'true');
    if (context.method !== 'OPTIONS') return next(context);
    response.writeHead(204);
    response.end();
  };
}

/** --strict-transport-security-directives */
export function withStrictTransportSecurity(directives: readonly string[]): Filter {
  const value = directives.join('; ');
  return (next) => (context) => {
    context.response.setHeader('Strict-Transport-Security', value);
    return next(context);
  };
}
