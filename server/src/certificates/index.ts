/** Keys and X.509: the CAs and certificates of a cluster, kubeconfigs, and the signing of requests. */
export {
  type CertificateAuthorityRequest,
  type CertificateRequest,
  createCertificateAuthority,
  createSigningKeys,
  type ExtendedUsage,
  issueCertificate,
  type KeyPair,
} from './authority.ts';
export {
  type CertificateFiles,
  type ClusterCertificateOptions,
  type ClusterCertificates,
  certificatePaths,
  ensureClusterCertificates,
  serviceAccountKeyPaths,
} from './cluster.ts';
export { writeFileAtomically } from './files.ts';
export { type KubeconfigOptions, kubeconfig, writeKubeconfig } from './kubeconfig.ts';
export { type PemBlock, pemBlocks } from './pem-blocks.ts';
export { parseCertificateRequest, type RequestedSubject } from './request.ts';
export { requestProblem } from './request-check.ts';
export { inspectRequest, type RequestDetails, signRequest } from './signing.ts';
