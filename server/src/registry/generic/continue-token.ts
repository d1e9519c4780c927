/** The opaque token that a limited list hands out: upstream's JSON form, base64url without padding. */

export interface ContinueToken {
  /** The revision all pages are read at; -1 means: go on at the newest (an inconsistent continuation). */
  revision: number;
  /** First key of the next page. */
  startKey: string;
}

export class ContinueTokenError extends Error {}

const invalidKey = 'continue key is not valid';

export function encodeContinue(startKey: string, keyPrefix: string, revision: number): string {
  if (!startKey.startsWith(keyPrefix)) {
    throw new ContinueTokenError('unable to encode next field: the key and key prefix do not match');
  }
  const token = { v: 'meta.k8s.io/v1', rv: revision, start: startKey.slice(keyPrefix.length) };
  return Buffer.from(JSON.stringify(token)).toString('base64url');
}

/** What Go says of bytes that are no JSON. */
function goMessage({ message }: Error, token: string): string {
  const bytes = Buffer.from(token, 'base64url');
  const first = bytes[0];
  if (message.startsWith('illegal')) return message;
  if (first === undefined || /[{["tfn0-9-]/.test(String.fromCharCode(first))) return 'unexpected end of JSON input';
  const shown = first < 0x20 || first > 0x7e ? `\\u${first.toString(16).padStart(4, '0')}` : String.fromCharCode(first);
  return `invalid character '${shown}' looking for beginning of value`;
}

/** A token cannot lead outside of `keyPrefix`: its start key is taken relative to it and may hold no dot segments. */
export function decodeContinue(token: string, keyPrefix: string): ContinueToken {
  let decoded: { v?: unknown; rv?: unknown; start?: unknown };
  try {
    if (!/^[A-Za-z0-9_-]*$/.test(token)) throw new Error('illegal base64 data');
    decoded = JSON.parse(Buffer.from(token, 'base64url').toString('utf8')) as typeof decoded;
  } catch (error) {
    throw new ContinueTokenError(`${invalidKey}: ${goMessage(error as Error, token)}`);
  }
  if (typeof decoded !== 'object' || decoded === null) throw new ContinueTokenError(`${invalidKey}: not an object`);
  if (decoded.v !== 'meta.k8s.io/v1') {
    throw new ContinueTokenError(
      `${invalidKey}: server does not recognize this encoded version ${typeof decoded.v === 'string' ? decoded.v : ''}`,
    );
  }
  if (typeof decoded.rv !== 'number' || !Number.isSafeInteger(decoded.rv) || decoded.rv === 0) {
    throw new ContinueTokenError(`${invalidKey}: incorrect encoded start resourceVersion (version meta.k8s.io/v1)`);
  }
  if (typeof decoded.start !== 'string' || decoded.start === '') {
    throw new ContinueTokenError(`${invalidKey}: encoded start key empty (version meta.k8s.io/v1)`);
  }
  const segments = decoded.start.replace(/^\//, '').replaceAll('\0', '').split('/');
  if (
    segments.some(
      (segment, index) => segment === '.' || segment === '..' || (segment === '' && index < segments.length - 1),
    )
  ) {
    throw new ContinueTokenError(`${invalidKey}: ${decoded.start}`);
  }
  return { revision: decoded.rv, startKey: keyPrefix + decoded.start.replace(/^\//, '') };
}
