import assert from 'node:assert/strict';
import { test } from 'node:test';
import { getCiphers } from 'node:tls';
import { tlsSettings } from './tls-settings.ts';

const settings = (tlsMinVersion: string, ...tlsCipherSuites: string[]) =>
  tlsSettings({ tlsMinVersion, tlsCipherSuites });

test('versions have the names that Go gives them', () => {
  assert.deepEqual(settings('VersionTLS13'), { minVersion: 'TLSv1.3' });
  assert.throws(() => settings('TLSv1.3'), /unknown version "TLSv1.3", known are VersionTLS10/);
});

test('cipher suites have the names of IANA, and those of TLS 1.3 are always there', () => {
  const { ciphers = '' } = settings(
    'VersionTLS12',
    'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256',
    'TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256',
    'TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA',
    'TLS_RSA_WITH_AES_256_GCM_SHA384',
    'TLS_AES_128_GCM_SHA256',
  );
  const [first, second, third, ...rest] = ciphers.split(':');
  assert.ok([first, second, third].every((name) => name?.startsWith('TLS_')));
  assert.deepEqual(rest, [
    'ECDHE-RSA-AES128-GCM-SHA256',
    'ECDHE-ECDSA-CHACHA20-POLY1305',
    'ECDHE-RSA-AES256-SHA',
    'AES256-GCM-SHA384',
  ]);
  assert.ok(rest.every((name) => getCiphers().includes(name.toLowerCase())));
  assert.throws(() => settings('VersionTLS12', 'TLS_RSA_WITH_RC4_128_SHA'), /RC4_128_SHA not supported/);
});
