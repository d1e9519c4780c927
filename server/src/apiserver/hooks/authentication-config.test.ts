import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createCertificateAuthority } from '../../certificates/index.ts';
import { combined } from './authentication-config.ts';

const header = {
  allowedNames: ['proxy'],
  usernameHeaders: ['X-Remote-User'],
  uidHeaders: [],
  groupHeaders: ['X-Remote-Group'],
  extraHeadersPrefix: ['X-Remote-Extra-'],
};

test('what other API servers wrote stays, each certificate once, expired ones not at all', async () => {
  const [mine, other, old] = await Promise.all([
    createCertificateAuthority({ commonName: 'mine' }),
    createCertificateAuthority({ commonName: 'other' }),
    createCertificateAuthority({ commonName: 'old', now: new Date('2000-01-01') }),
  ]);
  const existing = {
    'client-ca-file': other.certificate + old.certificate,
    'requestheader-client-ca-file': mine.certificate,
    'requestheader-allowed-names': '["someone","proxy"]',
    'requestheader-group-headers': 'no JSON',
    stray: 'goes',
  };
  const config = { clientCa: mine.certificate, requestHeader: { ca: mine.certificate, ...header } };
  assert.deepEqual(combined(existing, config, new Date()), {
    'client-ca-file': other.certificate + mine.certificate,
    'requestheader-client-ca-file': mine.certificate,
    'requestheader-allowed-names': '["someone","proxy"]',
    'requestheader-username-headers': '["X-Remote-User"]',
    'requestheader-group-headers': '["X-Remote-Group"]',
    'requestheader-extra-headers-prefix': '["X-Remote-Extra-"]',
  });
});

test('without a front proxy only the client CA is told', async () => {
  const { certificate } = await createCertificateAuthority({ commonName: 'mine' });
  assert.deepEqual(combined({}, { clientCa: certificate }, new Date()), { 'client-ca-file': certificate });
  assert.deepEqual(combined({}, {}, new Date()), {});
});
