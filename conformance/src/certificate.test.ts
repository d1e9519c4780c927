import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import { selfSigned } from './certificate.ts';

test('it is for its host, and vouches for itself', () => {
  for (const host of ['127.0.0.1', '::1', 'fd00:1::2:3']) {
    const certificate = new X509Certificate(selfSigned(host).certificate);
    assert.equal(certificate.checkIP(host), host);
    assert.ok(certificate.verify(certificate.publicKey));
    assert.ok(certificate.ca);
  }
  assert.equal(new X509Certificate(selfSigned('example.com').certificate).checkHost('example.com'), 'example.com');
});

test('serial numbers are positive and without zeros in front, as DER wants them', () => {
  for (const byte of [0x00, 0x01, 0x7f, 0x80, 0xff]) {
    const { certificate } = selfSigned('127.0.0.1', new Date(), (size) => Buffer.alloc(size, byte));
    assert.match(new X509Certificate(certificate).serialNumber, /^[4-7][0-9A-F]{15}$/);
  }
});
