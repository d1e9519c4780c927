/**
 * Addresses as upstream's older parser reads them, which forgives leading zeros. Fields of old kinds refuse such values
 * when they are new and warn of them where they were stored before.
 */
import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import type { Path } from './field.ts';

export interface SloppyAddress {
  /** As Go prints it: without leading zeros, an IPv4-mapped address as IPv4, IPv6 in its shortest form. */
  readonly text: string;
  /** Of the text as it was written: today's parsers refuse it. */
  readonly leadingZeros: boolean;
  /** `::ffff:10.0.0.1` */
  readonly mapped: boolean;
  readonly bytes: readonly number[];
}

const withoutZeros = (text: string): string => text.replace(/(^|[:.])0+(?=[0-9a-fA-F])/g, '$1');

export function parseSloppyAddress(text: string): SloppyAddress | undefined {
  const plain = withoutZeros(text);
  if (plain.includes('%') || isIP(plain) === 0) return undefined;
  const parsed = ipaddr.parse(plain);
  const mapped = parsed instanceof ipaddr.IPv6 && parsed.isIPv4MappedAddress();
  return {
    text: mapped ? parsed.toIPv4Address().toString() : parsed.toString(),
    leadingZeros: isIP(text) === 0,
    mapped,
    bytes: parsed.toByteArray(),
  };
}

export interface SloppyCidr {
  readonly address: SloppyAddress;
  /** As Go prints the network, with the bits beyond the prefix cleared. */
  readonly text: string;
  readonly leadingZeros: boolean;
  readonly bitsBeyondPrefix: boolean;
}

export function parseSloppyCidr(text: string): SloppyCidr | undefined {
  const slash = text.indexOf('/');
  const address = slash < 0 ? undefined : parseSloppyAddress(text.slice(0, slash));
  const digits = text.slice(slash + 1);
  if (!address || !/^\d{1,32}$/.test(digits)) return undefined;
  const prefix = Number(digits);
  const { bytes } = address;
  if (prefix > bytes.length * 8) return undefined;
  const network = bytes.map((byte, index) => {
    const bits = Math.min(Math.max(prefix - index * 8, 0), 8);
    return byte & (0xff << (8 - bits)) & 0xff;
  });
  const kept = ipaddr.fromByteArray(network);
  const asV4 = kept instanceof ipaddr.IPv6 && kept.isIPv4MappedAddress();
  return {
    address,
    text: asV4 ? `${kept.toIPv4Address().toString()}/${prefix - 96}` : `${kept.toString()}/${prefix}`,
    leadingZeros: address.leadingZeros || /^0\d/.test(digits),
    bitsBeyondPrefix: network.some((byte, index) => byte !== bytes[index]),
  };
}

/** Of a stored address that would no longer be taken, or is not in its canonical form. */
export function addressWarnings(value: string, at: Path): string[] {
  const parsed = parseSloppyAddress(value);
  if (!parsed) return [];
  if (parsed.leadingZeros || parsed.mapped)
    return [`${at.toString()}: non-standard IP address "${value}" is invalid: use "${parsed.text}"`];
  if (parsed.text === value) return [];
  return [`${at.toString()}: IPv6 address "${value}" should be in RFC 5952 canonical format ("${parsed.text}")`];
}

export function cidrWarnings(value: string, at: Path): string[] {
  const parsed = parseSloppyCidr(value);
  if (!parsed) return [];
  const { address, text } = parsed;
  const warnings: string[] = [];
  if (parsed.bitsBeyondPrefix) {
    const single = `${address.text}/${address.bytes.length * 8}`;
    warnings.push(
      `${at.toString()}: CIDR value "${value}" is ambiguous in this context (should be "${text}" or "${single}"?)`,
    );
  }
  if (parsed.leadingZeros || address.mapped)
    warnings.push(`${at.toString()}: non-standard CIDR value "${value}" is invalid: use "${text}"`);
  if (warnings.length > 0 || text === value) return warnings;
  return [`${at.toString()}: IPv6 CIDR value "${value}" should be in RFC 5952 canonical format ("${text}")`];
}
