import { writeFileAtomically } from './files.ts';

export interface KubeconfigOptions {
  /** https://host:port */
  server: string;
  clusterName?: string;
  userName: string;
  /** PEM of the CA that signed the server's certificate. */
  certificateAuthority: string;
  /** PEM; either a certificate with its key, or a token. */
  clientCertificate?: string;
  clientKey?: string;
  token?: string;
  namespace?: string;
}

/** Everything inline, so that the one file is all a client needs. Readable by its owner only. */
export async function writeKubeconfig(file: string, options: KubeconfigOptions): Promise<void> {
  await writeFileAtomically(file, kubeconfig(options), 0o600);
}

export function kubeconfig(options: KubeconfigOptions): string {
  const cluster = options.clusterName ?? 'typernetes';
  const context = `${options.userName}@${cluster}`;
  const credentials = [
    ...(options.clientCertificate === undefined
      ? []
      : [`    client-certificate-data: ${base64(options.clientCertificate)}`]),
    ...(options.clientKey === undefined ? [] : [`    client-key-data: ${base64(options.clientKey)}`]),
    ...(options.token === undefined ? [] : [`    token: ${quote(options.token)}`]),
  ];
  return [
    'apiVersion: v1',
    'kind: Config',
    'preferences: {}',
    'clusters:',
    `- name: ${quote(cluster)}`,
    '  cluster:',
    `    server: ${quote(options.server)}`,
    `    certificate-authority-data: ${base64(options.certificateAuthority)}`,
    'contexts:',
    `- name: ${quote(context)}`,
    '  context:',
    `    cluster: ${quote(cluster)}`,
    `    user: ${quote(options.userName)}`,
    ...(options.namespace === undefined ? [] : [`    namespace: ${quote(options.namespace)}`]),
    `current-context: ${quote(context)}`,
    'users:',
    `- name: ${quote(options.userName)}`,
    ...(credentials.length === 0 ? ['  user: {}'] : ['  user:', ...credentials]),
    '',
  ].join('\n');
}

/** A JSON string is a YAML double-quoted scalar. */
function quote(text: string): string {
  return JSON.stringify(text);
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}
