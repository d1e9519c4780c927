import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fieldErrorMessage, path } from '@typernetes/openapi/meta';
import { validateAddress, validateCidr } from './addresses.ts';
import { addressWarnings, cidrWarnings } from './sloppy-addresses.ts';

const at = path('a');

const addresses: Record<string, [refusal: string, warning: string]> = {
  '10.9.8.7': ['', ''],
  '010.009.8.7': ['must not have leading 0s', 'a: non-standard IP address "010.009.8.7" is invalid: use "10.9.8.7"'],
  '00001::': ['must not have leading 0s', 'a: non-standard IP address "00001::" is invalid: use "1::"'],
  '::ffff:1.2.3.4': [
    'must not be an IPv4-mapped IPv6 address',
    'a: non-standard IP address "::ffff:1.2.3.4" is invalid: use "1.2.3.4"',
  ],
  '2001:DB8::0:1': ['', 'a: IPv6 address "2001:DB8::0:1" should be in RFC 5952 canonical format ("2001:db8::1")'],
  '1.2.3.256': ['must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)', ''],
  'fe80::1%eth0': ['must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)', ''],
};

for (const [value, [refusal, warning]] of Object.entries(addresses)) {
  test(`the address ${value}`, () => {
    const wanted = refusal === '' ? [] : [`a: Invalid value: "${value}": ${refusal}`];
    assert.deepEqual(validateAddress(value, at).map(fieldErrorMessage), wanted);
    assert.deepEqual(validateAddress(value, at, [value]), []);
    assert.deepEqual(addressWarnings(value, at), warning === '' ? [] : [warning]);
  });
}

const cidrs: Record<string, [refusal: string, ...warnings: string[]]> = {
  '10.9.8.0/24': [''],
  '10.009.8.0/024': [
    'must not have leading 0s in IP or prefix length',
    'a: non-standard CIDR value "10.009.8.0/024" is invalid: use "10.9.8.0/24"',
  ],
  '::ffff:10.9.8.7/120': [
    'must not have an IPv4-mapped IPv6 address',
    'a: CIDR value "::ffff:10.9.8.7/120" is ambiguous in this context (should be "10.9.8.0/24" or "10.9.8.7/128"?)',
    'a: non-standard CIDR value "::ffff:10.9.8.7/120" is invalid: use "10.9.8.0/24"',
  ],
  '10.9.8.7/24': [
    'must not have bits set beyond the prefix length',
    'a: CIDR value "10.9.8.7/24" is ambiguous in this context (should be "10.9.8.0/24" or "10.9.8.7/32"?)',
  ],
  '2001:DB8::/32': ['', 'a: IPv6 CIDR value "2001:DB8::/32" should be in RFC 5952 canonical format ("2001:db8::/32")'],
  '10.9.8.0/33': ['must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)'],
  '10.9.8.0': ['must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)'],
};

for (const [value, [refusal, ...warnings]] of Object.entries(cidrs)) {
  test(`the range ${value}`, () => {
    const wanted = refusal === '' ? [] : [`a: Invalid value: "${value}": ${refusal}`];
    assert.deepEqual(validateCidr(value, at).map(fieldErrorMessage), wanted);
    assert.deepEqual(cidrWarnings(value, at), warnings);
  });
}
