/** IP addresses and ranges; zones, leading zeros and IPv4-mapped IPv6 addresses are refused, as upstream does. */
import ipaddr from 'ipaddr.js';
import { EvaluationError, OpaqueValue } from '../values/value.ts';
import type { Library } from './overload.ts';
import { define } from './overload.ts';

type Address = ipaddr.IPv4 | ipaddr.IPv6;

const ipv4 = /^(?:0|[1-9]\d{0,2})(?:\.(?:0|[1-9]\d{0,2})){3}$/;

function parseAddress(text: string): Address {
  const plausible = text.length <= 45 && (ipv4.test(text) || (text.includes(':') && !text.includes('%')));
  if (!plausible || !ipaddr.isValid(text)) {
    throw new EvaluationError(
      `IP Address '${text}' parse error during conversion from string: ParseAddr("${text}"): unable to parse IP`,
    );
  }
  const address = ipaddr.parse(text);
  if (address instanceof ipaddr.IPv6 && address.isIPv4MappedAddress()) {
    throw new EvaluationError(`IPv4-mapped IPv6 address "${text}" is not allowed`);
  }
  return address;
}

const bytes = (address: Address): number[] => address.toByteArray();
const write = (address: Address): string =>
  address instanceof ipaddr.IPv6 ? address.toRFC5952String() : address.toString();

class IpValue extends OpaqueValue {
  readonly typeName = 'net.IP';
  readonly address: Address;

  constructor(address: Address) {
    super();
    this.address = address;
  }

  equals(other: OpaqueValue): boolean {
    return (
      other instanceof IpValue &&
      Buffer.compare(Buffer.from(bytes(this.address)), Buffer.from(bytes(other.address))) === 0
    );
  }

  override size(): number {
    return Math.ceil(bytes(this.address).length);
  }
}

class CidrValue extends OpaqueValue {
  readonly typeName = 'net.CIDR';
  readonly address: Address;
  readonly bits: number;

  constructor(address: Address, bits: number) {
    super();
    this.address = address;
    this.bits = bits;
  }

  static parse(text: string): CidrValue {
    const found = /^(.*)\/(0|[1-9]\d{0,2})$/.exec(text);
    const refused = (): EvaluationError =>
      new EvaluationError(`network address parse error during conversion from string: netip.ParsePrefix("${text}")`);
    if (found === null) throw refused();
    const address = parseAddress(found[1] ?? '');
    const bits = Number(found[2]);
    if (bits > bytes(address).length * 8) throw refused();
    return new CidrValue(address, bits);
  }

  contains(address: Address): boolean {
    if (address.kind() !== this.address.kind()) return false;
    const [a, b] = [masked(this.address, this.bits), masked(address, this.bits)];
    return a.every((byte, index) => byte === b[index]);
  }

  equals(other: OpaqueValue): boolean {
    return (
      other instanceof CidrValue &&
      other.bits === this.bits &&
      new IpValue(this.address).equals(new IpValue(other.address))
    );
  }

  override size(): number {
    return bytes(this.address).length;
  }
}

function masked(address: Address, bits: number): number[] {
  return bytes(address).map((byte, index) => {
    const kept = Math.min(Math.max(bits - index * 8, 0), 8);
    return byte & (0xff << (8 - kept)) & 0xff;
  });
}

const ip = (text: string): IpValue => new IpValue(parseAddress(text));
const succeeds = (run: () => unknown): boolean => {
  try {
    run();
    return true;
  } catch {
    return false;
  }
};
const within = (address: Address, range: string): boolean => CidrValue.parse(range).contains(address);
const isUnspecified = ({ address }: IpValue): boolean => bytes(address).every((byte) => byte === 0);
const isLoopback = ({ address }: IpValue): boolean => within(address, '127.0.0.0/8') || within(address, '::1/128');
const isLinkLocalMulticast = ({ address }: IpValue): boolean => {
  const [first = 0, second = 0] = bytes(address);
  return within(address, '224.0.0.0/24') || (address.kind() === 'ipv6' && first === 0xff && (second & 0x0f) === 2);
};
const isLinkLocalUnicast = ({ address }: IpValue): boolean =>
  within(address, '169.254.0.0/16') || within(address, 'fe80::/10');
const isMulticast = ({ address }: IpValue): boolean => within(address, '224.0.0.0/4') || within(address, 'ff00::/8');
const isGlobalUnicast = (value: IpValue): boolean =>
  !isUnspecified(value) &&
  !isLoopback(value) &&
  !isMulticast(value) &&
  !isLinkLocalUnicast(value) &&
  !within(value.address, '255.255.255.255/32');

const containsRange = (outer: CidrValue, inner: CidrValue): boolean =>
  outer.bits <= inner.bits && outer.contains(inner.address);

export const network: Library = [
  define('ip(string): IP', ip),
  define('isIP(string): bool', (text: string) => succeeds(() => parseAddress(text))),
  define('ip.isCanonical(string): bool', (text: string) => write(parseAddress(text)) === text),
  define('string(IP): string', (value: IpValue) => write(value.address)),
  define('IP::family(): int', (value: IpValue) => (value.address.kind() === 'ipv4' ? 4n : 6n)),
  define('IP::isUnspecified(): bool', isUnspecified),
  define('IP::isLoopback(): bool', isLoopback),
  define('IP::isLinkLocalMulticast(): bool', isLinkLocalMulticast),
  define('IP::isLinkLocalUnicast(): bool', isLinkLocalUnicast),
  define('IP::isGlobalUnicast(): bool', isGlobalUnicast),
  define('cidr(string): CIDR', (text: string) => CidrValue.parse(text)),
  define('isCIDR(string): bool', (text: string) => succeeds(() => CidrValue.parse(text))),
  define('string(CIDR): string', (value: CidrValue) => `${write(value.address)}/${value.bits}`),
  define('CIDR::containsIP(string): bool', (range: CidrValue, text: string) => range.contains(parseAddress(text))),
  define('CIDR::containsIP(IP): bool', (range: CidrValue, value: IpValue) => range.contains(value.address)),
  define('CIDR::containsCIDR(string): bool', (range: CidrValue, text: string) =>
    containsRange(range, CidrValue.parse(text)),
  ),
  define('CIDR::containsCIDR(CIDR): bool', containsRange),
  define('CIDR::ip(): IP', (range: CidrValue) => new IpValue(range.address)),
  define('CIDR::prefixLength(): int', (range: CidrValue) => BigInt(range.bits)),
  define('CIDR::masked(): CIDR', (range: CidrValue) => {
    const address = ipaddr.fromByteArray(masked(range.address, range.bits));
    return new CidrValue(address, range.bits);
  }),
];
