/** What is accepted as an address or a range and should be written otherwise: texts for `Warning` headers. */
import { canonicalAddress, familyOf, parseCidr } from './addresses.ts';
import type { Path } from './field.ts';

const advice = (what: string, value: string, canonical: string, at: Path): string[] =>
  value === canonical
    ? []
    : [
        `${at.toString()}: ${what} ${JSON.stringify(value)} should be in RFC 5952 canonical format (${JSON.stringify(canonical)})`,
      ];

export const addressWarnings = (address: string, at: Path): string[] =>
  familyOf(address) === 'IPv6' ? advice('IPv6 address', address, canonicalAddress(address), at) : [];

export function cidrWarnings(cidr: string, at: Path): string[] {
  const parsed = parseCidr(cidr);
  if (parsed?.family !== 'IPv6') return [];
  return advice('IPv6 CIDR value', cidr, `${canonicalAddress(parsed.address)}/${parsed.prefix}`, at);
}
