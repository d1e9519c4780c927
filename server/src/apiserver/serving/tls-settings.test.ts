import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { connect, getCiphers } from 'node:tls';
import { startTestServer } from '../testing/test-server.ts';
import { tlsSettings } from './tls-settings.ts';

const settings = (tlsMinVersion: string, ...tlsCipherSuites: string[]) =>
  tlsSettings({ tlsMinVersion, tlsCipherSuites, tlsCurvePreferences: [] });

test('versions have the names that Go gives them', () => {
  assert.equal(settings('VersionTLS13').minVersion, 'TLSv1.3');
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

test('groups of the key exchange have the numbers of Go, and its order', () => {
  const groups = (...tlsCurvePreferences: string[]) =>
    tlsSettings({ tlsMinVersion: 'VersionTLS12', tlsCipherSuites: [], tlsCurvePreferences }).ecdhCurve;
  assert.equal(groups('23', '24', '25', '29', '4588'), 'X25519MLKEM768:X25519:P-256:P-384:P-521');
  assert.throws(() => groups('23', '29', '23'), /duplicate curve preference 23/);
  assert.throws(() => groups('0'), /curve preference 0 is out of range \(must be 1-65535\)/);
  assert.throws(() => groups('70000'), /out of range/);
  assert.throws(() => groups('9999'), /curve preference 9999 is not supported/);
  assert.throws(() => groups('X25519'), /"X25519" is no number/);
});

test('clients agree with the server on a group that it allows, or not at all', async () => {
  const api = await startTestServer({ tlsCurvePreferences: ['24', '4588'] });
  const exchange = async (ecdhCurve: string): Promise<string> => {
    const socket = connect({ port: api.server.port, ca: api.identity.ca, ecdhCurve });
    await once(socket, 'secureConnect');
    const { name } = socket.getEphemeralKeyInfo() as { name?: string };
    socket.destroy();
    return name ?? '';
  };
  try {
    assert.equal(await exchange('P-256:P-384'), 'secp384r1');
    await exchange('X25519MLKEM768');
    await assert.rejects(exchange('P-256:X25519'), /handshake failure/);
  } finally {
    await api.close();
  }
});

test('of the suites of TLS 1.3 the server takes the one that costs least, whatever the client likes best', async () => {
  const api = await startTestServer();
  const suite = async (ciphers?: string): Promise<string> => {
    const socket = connect({
      port: api.server.port,
      ca: api.identity.ca,
      ...(ciphers === undefined ? {} : { ciphers }),
    });
    await once(socket, 'secureConnect');
    const { name } = socket.getCipher();
    socket.destroy();
    return name;
  };
  try {
    assert.equal(await suite(), 'TLS_AES_128_GCM_SHA256');
    assert.equal(await suite('TLS_CHACHA20_POLY1305_SHA256'), 'TLS_CHACHA20_POLY1305_SHA256');
  } finally {
    await api.close();
  }
});
