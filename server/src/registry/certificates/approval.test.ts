import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CertificateSigningRequest } from '@typernetes/openapi/types/certificates/v1';
import { certificatesigningrequests } from './certificatesigningrequests/index.ts';

const approved = { type: 'Approved', status: 'True', reason: 'Tests', message: 'first' };
const request = (fields: Partial<CertificateSigningRequest> = {}): CertificateSigningRequest => ({
  metadata: { name: 'one', annotations: { old: 'true' } },
  spec: { request: '', signerName: 'example.com/signer' },
  ...fields,
});

test('an approval changes metadata and conditions, and nothing else of the status', () => {
  const parent = request({ status: { certificate: 'Zm9v' } });
  const view = request({
    metadata: { name: 'one', annotations: { old: 'true', patched: 'true' } },
    status: { certificate: 'YmFy', conditions: [approved] },
  });
  certificatesigningrequests.subresources?.['approval']?.apply?.(view as never, parent);
  assert.deepEqual(parent.metadata?.annotations, { old: 'true', patched: 'true' });
  assert.deepEqual(parent.status, { certificate: 'Zm9v', conditions: [approved] });
});

test('an update of the status keeps what was decided', () => {
  const changed = request({ status: { conditions: [{ ...approved, message: 'second' }] } });
  const context = { now: new Date(0) } as never;
  certificatesigningrequests.strategy?.prepareForStatusUpdate?.(
    changed,
    request({ status: { conditions: [approved] } }),
    context,
  );
  assert.equal(changed.status?.conditions?.[0]?.message, 'first');
});
