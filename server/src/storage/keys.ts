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

const ascii = /^[\x01-\x7f]*$/;

/**
 * A string whose order under `<` is the byte order of the key. JavaScript compares UTF-16 units, which differs from
 * byte order only beyond the basic plane; ASCII keys, nearly all there are, come back as they are.
 */
export function sortKey(key: string): string {
  return ascii.test(key) ? key : Buffer.from(key, 'utf8').toString('latin1');
}

/** Runs a handler that must not throw; if it does, the error surfaces as uncaught while other handlers are served. */
export function callHandler(call: () => void): void {
  try {
    call();
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}
