/** What the known signers accept. Pure. */
import type { KnownResource } from '@typernetes/openapi/client';
import type { CertificateSigningRequest } from '@typernetes/openapi/types/certificates/v1';
import type { RequestDetails } from '../../certificates/signing.ts';

export const certificateSigningRequests: KnownResource<CertificateSigningRequest> = {
  group: 'certificates.k8s.io',
  version: 'v1',
  resource: 'certificatesigningrequests',
  kind: 'CertificateSigningRequest',
  namespaced: false,
};

export const kubeletClientSigner = 'kubernetes.io/kube-apiserver-client-kubelet';

type Request = Readonly<CertificateSigningRequest>;

export function hasCondition(request: Request, type: 'Approved' | 'Denied' | 'Failed'): boolean {
  return request.status?.conditions?.some((condition) => condition.type === type) ?? false;
}

/** Why the signer refuses; undefined: it does not. `known` is false for signers that others serve. */
export function verify(request: Request, details: RequestDetails): { known: boolean; refusal?: string } {
  const usages = request.spec.usages ?? [];
  const outcome = (refusal: string | undefined): { known: boolean; refusal?: string } =>
    refusal === undefined ? { known: true } : { known: true, refusal };
  switch (request.spec.signerName) {
    case 'kubernetes.io/kubelet-serving':
      return outcome(kubeletServingRefusal(details, usages));
    case kubeletClientSigner:
      return outcome(kubeletClientRefusal(details, usages));
    case 'kubernetes.io/kube-apiserver-client':
      return outcome(clientRefusal(usages));
    case 'kubernetes.io/legacy-unknown':
      return outcome(undefined);
    default:
      return { known: false };
  }
}

export function kubeletClientRefusal(details: RequestDetails, usages: readonly string[]): string | undefined {
  if (details.organizations.join() !== 'system:nodes') return 'subject organization is not system:nodes';
  if (details.dnsNames.length > 0) return 'DNS subjectAltNames are not allowed';
  if (details.emailAddresses.length > 0) return 'Email subjectAltNames are not allowed';
  if (details.ipAddresses.length > 0) return 'IP subjectAltNames are not allowed';
  if (details.uris.length > 0) return 'URI subjectAltNames are not allowed';
  return nodeRefusal(details, usages, 'client auth');
}

function kubeletServingRefusal(details: RequestDetails, usages: readonly string[]): string | undefined {
  if (details.organizations.join() !== 'system:nodes') return 'subject organization is not system:nodes';
  if (details.dnsNames.length + details.ipAddresses.length === 0) return 'DNS or IP subjectAltName is required';
  if (details.emailAddresses.length > 0) return 'Email subjectAltNames are not allowed';
  if (details.uris.length > 0) return 'URI subjectAltNames are not allowed';
  return nodeRefusal(details, usages, 'server auth');
}

function nodeRefusal(details: RequestDetails, usages: readonly string[], auth: string): string | undefined {
  const given = new Set(usages);
  given.delete('key encipherment');
  const matches = given.size === 2 && given.has('digital signature') && given.has(auth);
  const required = [auth, 'digital signature', 'key encipherment'].sort();
  if (!matches) return `usages did not match [${required.join(' ')}]`;
  return details.commonName.startsWith('system:node:')
    ? undefined
    : 'subject common name does not begin with system:node:';
}

function clientRefusal(usages: readonly string[]): string | undefined {
  const strange = usages.find((usage) => !['digital signature', 'key encipherment', 'client auth'].includes(usage));
  if (strange !== undefined) return `invalid usage for client certificate: ${strange}`;
  return usages.includes('client auth') ? undefined : 'missing required usage for client certificate: client auth';
}
