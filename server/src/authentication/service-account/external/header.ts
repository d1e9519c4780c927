/** The header that an external signer gives a token: of three fields and no others. */

export interface TokenHeader {
  alg: string;
  kid: string;
}

const fields: ReadonlySet<string> = new Set(['alg', 'kid', 'typ']);
const algorithms: ReadonlySet<unknown> = new Set(['RS256', 'ES256', 'ES384', 'ES512']);
const maxIdBytes = 1024;

/** `encoded` is base64url without padding. */
export function parseTokenHeader(encoded: string): TokenHeader {
  const header = parse(encoded);
  for (const [name, value] of Object.entries(header)) {
    if (!fields.has(name)) throw new Error(`while parsing header JSON: json: unknown field ${JSON.stringify(name)}`);
    if (typeof value !== 'string') throw new Error(`while parsing header JSON: ${name} is no string`);
  }
  const { alg = '', kid = '', typ } = header;
  if (typ !== 'JWT') throw new Error('bad type');
  if (kid === '') throw new Error('key id missing');
  if (Buffer.byteLength(kid) > maxIdBytes) throw new Error('key id longer than 1 kb');
  if (!algorithms.has(alg)) throw new Error(`bad signing algorithm ${JSON.stringify(alg)}`);
  return { alg, kid };
}

function parse(encoded: string): Record<string, string> {
  if (!/^[\w-]*$/.test(encoded)) throw new Error('while unwrapping header: illegal base64 data');
  let header: unknown;
  try {
    header = JSON.parse(Buffer.from(encoded, 'base64url').toString('utf8'));
  } catch (error) {
    throw new Error(`while parsing header JSON: ${(error as Error).message}`, { cause: error });
  }
  if (typeof header !== 'object' || header === null || Array.isArray(header))
    throw new Error('while parsing header JSON: it is no object');
  return header as Record<string, string>;
}
