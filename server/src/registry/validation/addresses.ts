import { BlockList, isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import type { FieldError, Path } from './field.ts';
import { invalidValue } from './field.ts';
import { parseSloppyAddress, parseSloppyCidr } from './sloppy-addresses.ts';

export type Family = 'IPv4' | 'IPv6';

/** The family of a well-formed address, undefined for anything else. */
export function familyOf(address: string): Family | undefined {
  if (isIP(address) === 4) return 'IPv4';
  if (isIP(address) === 6 && !address.includes('%')) return 'IPv6';
  return undefined;
}

/** The shortest text of an address, as upstream stores it. */
export function canonicalAddress(address: string): string {
  return familyOf(address) === undefined ? address : ipaddr.parse(address).toString();
}

/** An address in a field that takes sloppy old values if they were there before (`existing`). */
export function validateAddress(address: string, at: Path, existing: readonly string[] = []): FieldError[] {
  if (existing.includes(address)) return [];
  const parsed = parseSloppyAddress(address);
  if (!parsed) return [invalidValue(at, address, 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)')];
  if (parsed.leadingZeros) return [invalidValue(at, address, 'must not have leading 0s')];
  return parsed.mapped ? [invalidValue(at, address, 'must not be an IPv4-mapped IPv6 address')] : [];
}

export function validateCidr(cidr: string, at: Path, existing: readonly string[] = []): FieldError[] {
  if (existing.includes(cidr)) return [];
  const parsed = parseSloppyCidr(cidr);
  if (!parsed) return [invalidValue(at, cidr, 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)')];
  if (parsed.leadingZeros) return [invalidValue(at, cidr, 'must not have leading 0s in IP or prefix length')];
  if (parsed.address.mapped) return [invalidValue(at, cidr, 'must not have an IPv4-mapped IPv6 address')];
  return parsed.bitsBeyondPrefix ? [invalidValue(at, cidr, 'must not have bits set beyond the prefix length')] : [];
}

/** A range in a field of the newer kinds, which take only the one form that upstream writes. */
export function validateCanonicalCidr(cidr: string, at: Path): FieldError[] {
  const errors = validateCidr(cidr, at);
  const { text = cidr } = parseSloppyCidr(cidr) ?? {};
  if (errors.length > 0 || text === cidr) return errors;
  return [invalidValue(at, cidr, `must be in canonical form (${JSON.stringify(text)})`)];
}

/** `10.9.8.7/24`: an address together with the network it is in, in canonical form. */
export function validateInterfaceAddress(value: string, at: Path): FieldError[] {
  const slash = value.indexOf('/');
  // Leading zeros are read, and are not canonical.
  const address = value.slice(0, Math.max(slash, 0)).replace(/(?<![0-9a-fA-F:])0+(?=\d{1,3}\b)/g, '');
  const bits = Number(/^\d{1,6}$/.exec(value.slice(slash + 1))?.[0]);
  const family = familyOf(address);
  if (family === undefined || !(bits <= (family === 'IPv4' ? 32 : 128))) {
    const message = 'must be a valid address in CIDR form, (e.g. 10.9.8.7/24 or 2001:db8::1/64)';
    return [invalidValue(at, value, message)];
  }
  const parsed = ipaddr.process(address);
  const mapped = family === 'IPv6' && parsed.kind() === 'ipv4';
  const canonical = `${parsed.toString()}/${mapped && bits > 32 ? bits - 96 : bits}`;
  return value === canonical
    ? []
    : [invalidValue(at, value, `must be in canonical form (${JSON.stringify(canonical)})`)];
}

export interface Cidr {
  address: string;
  /** The address with the bits beyond the prefix cleared. */
  network: string;
  prefix: number;
  family: Family;
}

export function parseCidr(text: string): Cidr | undefined {
  const match = /^([0-9a-fA-F.:]+)\/(0|[1-9][0-9]{0,2})$/.exec(text);
  const address = match?.[1] ?? '';
  const prefix = Number(match?.[2]);
  const family = familyOf(address);
  if (family === undefined || !match || prefix > (family === 'IPv4' ? 32 : 128)) return undefined;
  const kind = family === 'IPv4' ? ipaddr.IPv4 : ipaddr.IPv6;
  return { address, prefix, family, network: kind.networkAddressFromCIDR(text).toString() };
}

export function cidrContains(cidr: Cidr, address: string): boolean {
  if (familyOf(address) !== cidr.family) return false;
  const list = new BlockList();
  list.addSubnet(cidr.network, cidr.prefix, cidr.family === 'IPv4' ? 'ipv4' : 'ipv6');
  return list.check(address, cidr.family === 'IPv4' ? 'ipv4' : 'ipv6');
}

/** An address that traffic of a Service may be sent to. */
export function validateEndpointAddress(address: string, at: Path): FieldError[] {
  const parsed = parseSloppyAddress(address);
  if (!parsed) return [invalidValue(at, address, 'must be a valid IP address')];
  const { text } = parsed;
  const errors: FieldError[] = [];
  const refuse = (message: string): number => errors.push(invalidValue(at, address, message));
  if (text === '0.0.0.0' || text === '::') refuse(`may not be unspecified (${address})`);
  if (text === '::1' || text.startsWith('127.')) refuse('may not be in the loopback range (127.0.0.0/8, ::1/128)');
  if (/^(169\.254\.|fe[89ab][0-9a-f]:)/.test(text))
    refuse('may not be in the link-local range (169.254.0.0/16, fe80::/10)');
  if (/^(224\.0\.0\.|ff[0-9a-f]2:)/.test(text))
    refuse('may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)');
  return errors;
}
