import type { JsonValue } from '@typernetes/openapi/meta';

/** The letters of upstream's random names: none that make words, or that look alike. */
const alphabet = 'bcdfghjklmnpqrstvwxz2456789';

/**
 * The label value for a template, in the alphabet of generated names. Depends on the content alone, not on the order of
 * keys. Upstream hashes a dump of Go structures, so values differ from a kube-controller-manager's; nothing may depend
 * on them, since it compares templates, not hashes.
 */
export function templateHash(template: unknown, collisionCount?: number | null): string {
  let hash = fnv32a(0x811c9dc5, canonical(template as JsonValue));
  if (collisionCount != null) hash = fnv32a(hash, `#${collisionCount}`);
  return String(hash).replace(/\d/g, (digit) => alphabet[digit.charCodeAt(0) % alphabet.length] ?? '');
}

function fnv32a(seed: number, text: string): number {
  let hash = seed;
  for (const byte of Buffer.from(text, 'utf8')) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash;
}

/** JSON with sorted keys, without what is undefined. */
export function canonical(value: JsonValue | undefined): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).filter(([, entry]) => entry !== undefined);
    entries.sort(([a], [b]) => (a < b ? -1 : 1));
    return `{${entries.map(([key, entry]) => `${JSON.stringify(key)}:${canonical(entry)}`).join(',')}}`;
  }
  return JSON.stringify(value ?? null);
}
