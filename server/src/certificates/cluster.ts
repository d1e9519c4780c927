/**
 * The identities of a whole cluster in one directory, file names as kubeadm's. Made once and kept: a second start
 * reads them, and remakes only what no longer fits (other names or addresses asked for, about to expire, damaged,
 * signed by another CA). CAs and the service account key are never remade; without them nothing trusts anything.
 */
import { mkdir } from 'node:fs/promises';
import { isIP } from 'node:net';
import { join } from 'node:path';
import {
  createCertificateAuthority,
  createSigningKeys,
  type ExtendedUsage,
  issueCertificate,
  isUsable,
  type KeyPair,
} from './authority.ts';
import { readIfPresent, writeFileAtomically } from './files.ts';

export interface ClusterCertificateOptions {
  /** Names and addresses of every node that gets kubelet certificates from here. */
  nodes: readonly { name: string; addresses?: readonly string[] }[];
  /** Where clients reach the API server: IP addresses or host names; localhost is always included. */
  advertiseAddresses: readonly string[];
  /** ClusterIPs of the `kubernetes` Service. */
  serviceIPs: readonly string[];
  /** Default cluster.local. */
  dnsDomain?: string;
  now?: Date;
}

/** PEM and where it lies, for flags that take files. */
export interface CertificateFiles extends KeyPair {
  certificateFile: string;
  keyFile: string;
}

export interface ClusterCertificates {
  directory: string;
  ca: CertificateFiles;
  frontProxyCA: CertificateFiles;
  apiserver: CertificateFiles;
  apiserverKubeletClient: CertificateFiles;
  frontProxyClient: CertificateFiles;
  admin: CertificateFiles;
  controllerManager: CertificateFiles;
  /** Of the process that controller manager and scheduler share, for callers on its machine. */
  controllerManagerServing: CertificateFiles;
  scheduler: CertificateFiles;
  kubeProxy: CertificateFiles;
  kubeDNS: CertificateFiles;
  kubelets: ReadonlyMap<string, { client: CertificateFiles; serving: CertificateFiles }>;
  serviceAccount: { privateKey: string; publicKey: string; privateKeyFile: string; publicKeyFile: string };
  /** Base names of what this call made; empty on an undisturbed second start. */
  created: readonly string[];
}

/** A year's certificate is renewed a month before it ends. */
const renewBeforeMs = 30 * 86_400_000;

interface Wanted {
  name: string;
  commonName: string;
  organizations?: readonly string[];
  names?: readonly string[];
  usages: readonly ExtendedUsage[];
}

export async function ensureClusterCertificates(
  directory: string,
  options: ClusterCertificateOptions,
): Promise<ClusterCertificates> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const now = options.now ?? new Date();
  const created: string[] = [];
  const [ca, frontProxyCA, serviceAccount] = await Promise.all([
    ensureAuthority(directory, 'ca', 'kubernetes', now, created),
    ensureAuthority(directory, 'front-proxy-ca', 'front-proxy-ca', now, created),
    ensureServiceAccountKeys(directory, created),
  ]);
  const leaf = (wanted: Wanted, issuer: CertificateFiles = ca): Promise<CertificateFiles> =>
    ensureLeaf(directory, issuer, wanted, now, created);
  const client = (name: string, commonName: string, ...organizations: string[]): Promise<CertificateFiles> =>
    leaf({ name, commonName, organizations, usages: ['clientAuth'] });
  const kubelet = async (node: { name: string; addresses?: readonly string[] }) => {
    const commonName = `system:node:${node.name}`;
    const organizations = ['system:nodes'];
    const names = unique([node.name, 'localhost', '127.0.0.1', ...(node.addresses ?? [])]);
    const [clientFiles, serving] = await Promise.all([
      client(`kubelet-${node.name}-client`, commonName, ...organizations),
      leaf({ name: `kubelet-${node.name}`, commonName, organizations, names, usages: ['serverAuth'] }),
    ]);
    return [node.name, { client: clientFiles, serving }] as const;
  };
  const [
    apiserver,
    apiserverKubeletClient,
    frontProxyClient,
    admin,
    controllerManager,
    controllerManagerServing,
    scheduler,
    kubeProxy,
    kubeDNS,
    kubelets,
  ] = await Promise.all([
    leaf({
      name: 'apiserver',
      commonName: 'kube-apiserver',
      names: apiserverNames(options),
      usages: ['serverAuth'],
    }),
    client('apiserver-kubelet-client', 'kube-apiserver-kubelet-client'),
    leaf({ name: 'front-proxy-client', commonName: 'front-proxy-client', usages: ['clientAuth'] }, frontProxyCA),
    client('admin', 'kubernetes-admin', 'system:masters'),
    client('controller-manager', 'system:kube-controller-manager'),
    leaf({
      name: 'controller-manager-serving',
      commonName: 'kube-controller-manager',
      names: ['localhost', '127.0.0.1'],
      usages: ['serverAuth'],
    }),
    client('scheduler', 'system:kube-scheduler'),
    client('kube-proxy', 'system:kube-proxy'),
    client('kube-dns', 'system:kube-dns'),
    Promise.all(options.nodes.map(kubelet)),
  ]);
  return {
    directory,
    ca,
    frontProxyCA,
    apiserver,
    apiserverKubeletClient,
    frontProxyClient,
    admin,
    controllerManager,
    controllerManagerServing,
    scheduler,
    kubeProxy,
    kubeDNS,
    kubelets: new Map(kubelets),
    serviceAccount,
    created: created.sort(),
  };
}

/** Every name the API server answers to, inside the cluster and out. */
function apiserverNames(options: ClusterCertificateOptions): string[] {
  const domain = options.dnsDomain ?? 'cluster.local';
  return unique([
    'kubernetes',
    'kubernetes.default',
    'kubernetes.default.svc',
    `kubernetes.default.svc.${domain}`,
    'localhost',
    '127.0.0.1',
    '::1',
    ...options.serviceIPs,
    ...options.advertiseAddresses.filter((address) => address !== '0.0.0.0' && address !== '::'),
  ]);
}

async function ensureAuthority(
  directory: string,
  name: string,
  commonName: string,
  now: Date,
  created: string[],
): Promise<CertificateFiles> {
  const files = certificatePaths(directory, name);
  const [certificate, key] = await Promise.all([readIfPresent(files.certificateFile), readIfPresent(files.keyFile)]);
  if (certificate !== undefined) {
    if (key === undefined) throw new Error(`${files.certificateFile} is there but its key ${files.keyFile} is not`);
    return { ...files, certificate, key };
  }
  const pair = await createCertificateAuthority({ commonName, now });
  await store(files, pair);
  created.push(name);
  return { ...files, ...pair };
}

async function ensureLeaf(
  directory: string,
  ca: CertificateFiles,
  wanted: Wanted,
  now: Date,
  created: string[],
): Promise<CertificateFiles> {
  const files = certificatePaths(directory, wanted.name);
  const names = wanted.names ?? [];
  const organizations = wanted.organizations ?? [];
  const [certificate, key] = await Promise.all([readIfPresent(files.certificateFile), readIfPresent(files.keyFile)]);
  if (certificate !== undefined && key !== undefined) {
    const expected = {
      ca: ca.certificate,
      commonName: wanted.commonName,
      organizations,
      names,
      now,
      marginMs: renewBeforeMs,
    };
    if (isUsable({ certificate, key }, expected)) return { ...files, certificate, key };
  }
  const pair = await issueCertificate({
    ca,
    subject: { commonName: wanted.commonName, organizations },
    dnsNames: names.filter((name) => isIP(name) === 0),
    ipAddresses: names.filter((name) => isIP(name) !== 0),
    usages: wanted.usages,
    now,
  });
  await store(files, pair);
  created.push(wanted.name);
  return { ...files, ...pair };
}

async function ensureServiceAccountKeys(
  directory: string,
  created: string[],
): Promise<ClusterCertificates['serviceAccount']> {
  const files = serviceAccountKeyPaths(directory);
  const [privateKey, publicKey] = await Promise.all([
    readIfPresent(files.privateKeyFile),
    readIfPresent(files.publicKeyFile),
  ]);
  if (privateKey !== undefined && publicKey !== undefined) return { ...files, privateKey, publicKey };
  const keys = await createSigningKeys();
  await writeFileAtomically(files.privateKeyFile, keys.privateKey, 0o600);
  await writeFileAtomically(files.publicKeyFile, keys.publicKey, 0o644);
  created.push('sa');
  return { ...files, ...keys };
}

export function serviceAccountKeyPaths(directory: string): { privateKeyFile: string; publicKeyFile: string } {
  return { privateKeyFile: join(directory, 'sa.key'), publicKeyFile: join(directory, 'sa.pub') };
}

/** Where the certificate of that name lies, or will: `ca`, `apiserver`, `kubelet-<node>` and so on. */
export function certificatePaths(directory: string, name: string): { certificateFile: string; keyFile: string } {
  return { certificateFile: join(directory, `${name}.crt`), keyFile: join(directory, `${name}.key`) };
}

/** The key first: a certificate on disk means that its key is there too. */
async function store(files: { certificateFile: string; keyFile: string }, pair: KeyPair): Promise<void> {
  await writeFileAtomically(files.keyFile, pair.key, 0o600);
  await writeFileAtomically(files.certificateFile, pair.certificate, 0o644);
}

function unique(items: readonly string[]): string[] {
  return [...new Set(items)];
}
