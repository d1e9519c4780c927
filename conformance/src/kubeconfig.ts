import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';

/** How to reach a cluster's API, read from a kubeconfig's current context. */
export interface ClusterAccess {
  kubeconfig: string;
  server: URL;
  ca: Buffer | undefined;
  certificate: Buffer | undefined;
  key: Buffer | undefined;
  token: string | undefined;
}

interface Kubeconfig {
  'current-context'?: string;
  contexts?: { name: string; context: { cluster: string; user: string } }[];
  clusters?: {
    name: string;
    cluster: { server: string; 'certificate-authority'?: string; 'certificate-authority-data'?: string };
  }[];
  users?: {
    name: string;
    user: {
      'client-certificate'?: string;
      'client-certificate-data'?: string;
      'client-key'?: string;
      'client-key-data'?: string;
      token?: string;
      tokenFile?: string;
    };
  }[];
}

function readConfig(kubeconfig: string): Kubeconfig {
  try {
    return (parse(readFileSync(kubeconfig, 'utf8')) ?? {}) as Kubeconfig;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const reason = code === 'ENOENT' ? 'there is no such file' : message.split('\n')[0];
    throw new Error(`kubeconfig ${kubeconfig}: ${reason}`, { cause: error });
  }
}

export function loadClusterAccess(kubeconfig: string): ClusterAccess {
  const config = readConfig(kubeconfig);
  const context = config.contexts?.find(({ name }) => name === config['current-context'])?.context;
  if (context === undefined)
    throw new Error(`kubeconfig ${kubeconfig} has no current-context "${config['current-context'] ?? ''}"`);
  const cluster = config.clusters?.find(({ name }) => name === context.cluster)?.cluster;
  if (cluster === undefined) throw new Error(`${kubeconfig}: there is no cluster "${context.cluster}"`);
  const user = config.users?.find(({ name }) => name === context.user)?.user ?? {};
  const bytes = (inline: string | undefined, file: string | undefined): Buffer | undefined => {
    if (inline !== undefined) return Buffer.from(inline, 'base64');
    return file === undefined ? undefined : readFileSync(path.resolve(path.dirname(kubeconfig), file));
  };
  return {
    kubeconfig,
    server: new URL(cluster.server),
    ca: bytes(cluster['certificate-authority-data'], cluster['certificate-authority']),
    certificate: bytes(user['client-certificate-data'], user['client-certificate']),
    key: bytes(user['client-key-data'], user['client-key']),
    token: user.token ?? bytes(undefined, user.tokenFile)?.toString('utf8').trim(),
  };
}
