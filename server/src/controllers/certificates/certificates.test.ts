import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { describe, it } from 'node:test';
import type { CertificateSigningRequest } from '@typernetes/openapi/types/certificates/v1';
import { loadX509 } from '../../certificates/authority.ts';
import { createCertificateAuthority } from '../../certificates/index.ts';
import { type Harness, startHarness } from '../testing/harness.ts';
import { isSpent, startCertificateSigner } from './certificate-controllers.ts';
import { certificateSigningRequests, kubeletClientRefusal } from './requests.ts';

async function makeRequest(subject: Record<string, string[]>[]): Promise<string> {
  const x509 = await loadX509();
  const keys = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify']);
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    name: subject,
    keys,
    signingAlgorithm: { name: 'ECDSA', hash: 'SHA-256' },
    extensions: [new x509.SubjectAlternativeNameExtension([{ type: 'dns', value: 'node-1' }])],
  });
  return Buffer.from(request.toString('pem')).toString('base64');
}

const approved = { conditions: [{ type: 'Approved', status: 'True' }] };

describe('certificate signer', () => {
  async function sign(
    spec: CertificateSigningRequest['spec'],
  ): Promise<CertificateSigningRequest['status'] & { ca: string }> {
    const ca = await createCertificateAuthority({ commonName: 'test' });
    const harness: Harness = await startHarness([startCertificateSigner], {
      clusterSigning: { ...ca, durationMs: 365 * 86_400_000 },
    });
    try {
      harness.server.put(certificateSigningRequests, { metadata: { name: 'r' }, spec, status: approved });
      const status = await harness.server.waitFor(() => {
        const now = harness.server.get(certificateSigningRequests, undefined, 'r')?.status;
        return now?.certificate || now?.conditions?.some(({ type }) => type === 'Failed') ? now : undefined;
      }, 'a decision');
      return { ...status, ca: ca.certificate };
    } finally {
      await harness.stop();
    }
  }

  it('signs what is approved, as long as asked', async () => {
    const { certificate = '', ca } = await sign({
      request: await makeRequest([{ O: ['system:nodes'] }, { CN: ['system:node:node-1'] }]),
      signerName: 'kubernetes.io/kubelet-serving',
      usages: ['digital signature', 'server auth'],
      expirationSeconds: 3600,
    });
    const issued = new X509Certificate(Buffer.from(certificate, 'base64'));
    assert.ok(issued.verify(new X509Certificate(ca).publicKey));
    assert.match(issued.subject, /O=system:nodes\nCN=system:node:node-1/);
    assert.equal(issued.subjectAltName, 'DNS:node-1');
    assert.deepEqual(issued.keyUsage, ['1.3.6.1.5.5.7.3.1']);
    const seconds = (issued.validToDate.getTime() - Date.now()) / 1000;
    assert.ok(seconds > 3300 && seconds <= 3600, String(seconds));
  });

  it('refuses what the signer does not accept', async () => {
    const status = await sign({
      request: await makeRequest([{ CN: ['someone'] }]),
      signerName: 'kubernetes.io/kube-apiserver-client',
      usages: ['server auth'],
    });
    const failed = status.conditions?.find(({ type }) => type === 'Failed');
    assert.equal(failed?.reason, 'SignerValidationFailure');
    assert.equal(failed?.message, 'invalid usage for client certificate: server auth');
  });
});

describe('kubelet client requests', () => {
  const details = {
    commonName: 'system:node:a',
    organizations: ['system:nodes'],
    dnsNames: [],
    ipAddresses: [],
    emailAddresses: [],
    uris: [],
  };
  it('follow the rules', () => {
    const usages = ['digital signature', 'client auth', 'key encipherment'];
    assert.equal(kubeletClientRefusal(details, usages), undefined);
    assert.equal(kubeletClientRefusal({ ...details, dnsNames: ['x'] }, usages), 'DNS subjectAltNames are not allowed');
    assert.equal(
      kubeletClientRefusal(details, ['server auth']),
      'usages did not match [client auth digital signature key encipherment]',
    );
    assert.match(kubeletClientRefusal({ ...details, commonName: 'a' }, usages) ?? '', /does not begin/);
  });
});

describe('certificate cleaner', () => {
  const hour = 3_600_000;
  const now = Date.parse('2026-01-02T00:00:00Z');
  const at = (hours: number): string => new Date(now - hours * hour).toISOString();
  const request = (status?: CertificateSigningRequest['status']): CertificateSigningRequest => ({
    metadata: { creationTimestamp: at(5) },
    spec: { request: '', signerName: '' },
    ...(status ? { status } : {}),
  });
  it('knows what is spent', () => {
    assert.equal(isSpent(request(), now), false);
    assert.equal(isSpent(request(), now + 24 * hour), true);
    const denied = { type: 'Denied', status: 'True', lastUpdateTime: at(2) };
    assert.equal(isSpent(request({ conditions: [denied] }), now), true);
    const approvedThen = { type: 'Approved', status: 'True', lastUpdateTime: at(2) };
    assert.equal(isSpent(request({ conditions: [approvedThen] }), now), false);
    assert.equal(isSpent(request({ conditions: [approvedThen], certificate: 'YQ==' }), now), true);
  });
});
