/** The first key after all keys that start with `prefix`, which must end in an ASCII character. */
export function prefixEnd(prefix: string): string {
  const last = prefix.charCodeAt(prefix.length - 1);
  if (!(last < 0x7f)) throw new RangeError(`prefix must end in an ASCII character: ${JSON.stringify(prefix)}`);
  return prefix.slice(0, -1) + String.fromCharCode(last + 1);
}

/** What a watch's prefix means: everything below a path that ends in `/`, else that one key. */
export function matchesWatch(prefix: string, key: string): boolean {
  return prefix.endsWith('/') ? key.startsWith(prefix) : key === prefix;
}

const ascii = /^[ -~]*$/;

/**
 * A string whose order under `<` is the byte order of the key. JavaScript compares UTF-16 units, which differs from
 * byte order only beyond the basic plane; printable ASCII, nearly all keys there are, comes back as it is.
 */
export function sortKey(key: string): string {
  return ascii.test(key) ? key : Buffer.from(key, 'utf8').toString('latin1');
}
