/** Certificate signing requests: who may approve, who may sign, what nobody may ask for. */

import { type KubernetesObject, quote } from '@typernetes/openapi/meta';
import { deepEqual } from '@typernetes/openapi/schema';
import type { CertificateSigningRequest } from '@typernetes/openapi/types/certificates/v1';
import type { ClusterTrustBundle } from '@typernetes/openapi/types/certificates/v1beta1';
import type { UserInfo } from '../../authentication/authenticator.ts';
import type { Authorizer } from '../../authorization/authorizer.ts';
import { parseCertificateRequest } from '../../certificates/index.ts';
import type { AdmissionPlugin } from '../admission.ts';
import type { AdmissionDependencies } from '../dependencies.ts';
import { refuse } from '../refusal.ts';

const requests = 'certificatesigningrequests.certificates.k8s.io';
const clientSigner = 'kubernetes.io/kube-apiserver-client';

export function certificateApproval({ authorizer }: AdmissionDependencies): AdmissionPlugin {
  return {
    name: 'CertificateApproval',
    resources: [`${requests}/approval`],
    handles: (operation) => operation === 'UPDATE',
    async validate(attributes) {
      // The old signer: changing it and approving in one go must not pass.
      const { signerName } = (attributes.oldObject as CertificateSigningRequest).spec;
      if (await maySign(authorizer, attributes.user, 'approve', signerName)) return;
      throw refuse(attributes, `user not permitted to approve requests with signerName ${quote(signerName)}`);
    },
  };
}

export function certificateSigning({ authorizer }: AdmissionDependencies): AdmissionPlugin {
  return {
    name: 'CertificateSigning',
    resources: [`${requests}/status`],
    handles: (operation) => operation === 'UPDATE',
    async validate(attributes) {
      const old = attributes.oldObject as CertificateSigningRequest;
      const own = attributes.object as CertificateSigningRequest;
      const issued = (request: CertificateSigningRequest): unknown[] => [
        request.status?.certificate,
        request.status?.conditions ?? [],
      ];
      if (deepEqual(issued(old), issued(own))) return;
      const { signerName } = old.spec;
      if (await maySign(authorizer, attributes.user, 'sign', signerName)) return;
      throw refuse(attributes, `user not permitted to sign requests with signerName ${quote(signerName)}`);
    },
  };
}

/** Upstream's hangs on feature gate ClusterTrustBundle, as its bundles do: here wherever bundles are served. */
export function clusterTrustBundleAttest({ authorizer }: AdmissionDependencies): AdmissionPlugin {
  return {
    name: 'ClusterTrustBundleAttest',
    resources: ['clustertrustbundles.certificates.k8s.io'],
    handles: (operation) => operation === 'CREATE' || operation === 'UPDATE',
    async validate(attributes) {
      const { object, oldObject } = attributes;
      const { signerName = '' } = (object as ClusterTrustBundle).spec;
      // Whoever collects garbage takes references and finalizers away, and vouches for nothing.
      const isUpdate = attributes.operation === 'UPDATE' && oldObject !== undefined;
      if (signerName === '' || (isUpdate && deepEqual(withoutOwnership(object), withoutOwnership(oldObject)))) return;
      if (await maySign(authorizer, attributes.user, 'attest', signerName)) return;
      throw refuse(attributes, `user not permitted to attest for signerName ${quote(signerName)}`);
    },
  };
}

export function certificateSubjectRestriction(): AdmissionPlugin {
  return {
    name: 'CertificateSubjectRestriction',
    resources: [requests],
    handles: (operation) => operation === 'CREATE',
    async validate(attributes) {
      const { signerName, request } = (attributes.object as CertificateSigningRequest).spec;
      if (signerName !== clientSigner) return;
      let organizations: string[];
      try {
        ({ organizations } = await parseCertificateRequest(Buffer.from(request, 'base64').toString('utf8')));
      } catch (error) {
        throw refuse(attributes, `failed to parse CSR: ${(error as Error).message}`);
      }
      if (organizations.includes('system:masters')) {
        throw refuse(attributes, `use of ${clientSigner} signer with system:masters group is not allowed`);
      }
    },
  };
}

function withoutOwnership(object: Readonly<KubernetesObject> | undefined): unknown {
  const {
    ownerReferences: _owners,
    finalizers: _finalizers,
    managedFields: _fields,
    ...metadata
  } = object?.metadata ?? {};
  return { ...object, metadata };
}

/** Permission for the signer itself, or for all of its domain (`example.com/*`). */
async function maySign(authorizer: Authorizer, user: UserInfo, verb: string, signerName: string): Promise<boolean> {
  for (const name of [signerName, `${signerName.split('/')[0] ?? ''}/*`]) {
    const { decision } = await authorizer.authorize({
      user,
      verb,
      resourceRequest: true,
      path: '',
      namespace: '',
      apiGroup: 'certificates.k8s.io',
      apiVersion: '*',
      resource: 'signers',
      subresource: '',
      name,
    });
    if (decision === 'allow') return true;
  }
  return false;
}
