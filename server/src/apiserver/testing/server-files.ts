/** What an API server needs on disk: certificates, and a place for its storage, in a directory of its own. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  type ClusterCertificateOptions,
  type ClusterCertificates,
  ensureClusterCertificates,
} from '../../certificates/index.ts';
import type { ApiserverOptions } from '../config.ts';

export interface ServerFiles {
  readonly directory: string;
  readonly certificates: ClusterCertificates;
  remove(): Promise<void>;
}

export async function makeServerFiles(nodes: ClusterCertificateOptions['nodes'] = []): Promise<ServerFiles> {
  const directory = await mkdtemp(path.join(tmpdir(), 'typernetes-server-'));
  const certificates = await ensureClusterCertificates(path.join(directory, 'pki'), {
    nodes,
    advertiseAddresses: ['127.0.0.1'],
    serviceIPs: ['10.96.0.1'],
  });
  return { directory, certificates, remove: () => rm(directory, { recursive: true, force: true }) };
}

/** A free port on loopback, and those files. Storage is embedded, unless etcd is named. */
export function serverOptions(
  { directory, certificates }: ServerFiles,
  more: Partial<ApiserverOptions> = {},
): Partial<ApiserverOptions> {
  const { apiserver, ca, serviceAccount } = certificates;
  return {
    securePort: 0,
    bindAddress: '127.0.0.1',
    ...(more.etcdServers === undefined ? { storageDir: path.join(directory, 'storage') } : {}),
    tlsCertFile: apiserver.certificateFile,
    tlsPrivateKeyFile: apiserver.keyFile,
    clientCaFile: ca.certificateFile,
    serviceAccountSigningKeyFile: serviceAccount.privateKeyFile,
    serviceAccountKeyFile: [serviceAccount.publicKeyFile],
    ...more,
  };
}

/** Whom to believe about the user a front proxy speaks for. */
export function frontProxyOptions({ frontProxyCA }: ClusterCertificates): Partial<ApiserverOptions> {
  return {
    requestheaderClientCaFile: frontProxyCA.certificateFile,
    requestheaderAllowedNames: ['front-proxy-client'],
    requestheaderUsernameHeaders: ['X-Remote-User'],
    requestheaderGroupHeaders: ['X-Remote-Group'],
    requestheaderExtraHeadersPrefix: ['X-Remote-Extra-'],
  };
}
