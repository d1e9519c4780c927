/** The processes of one cluster and what each is told: addresses, files, identities. */
import path from 'node:path';
import {
  certificatePaths,
  ensureClusterCertificates,
  type KeyPair,
  serviceAccountKeyPaths,
  writeKubeconfig,
} from '@typernetes/server/certificates';
import { addressInRange, clusterMark, hostAddress, type Layout, machineName, simulatedNodeNames } from './options.ts';
import type { ComponentSpec } from './supervisor.ts';

export interface ClusterPlan {
  layout: Layout;
  bindAddress: string;
  port: number;
  serviceCIDR: string;
  clusterCIDR: string;
  clusterDNS: string;
  clusterDomain: string;
  etcdServers: string | undefined;
  adminKubeconfig: string;
  /** Where on this machine controller manager and scheduler tell how they are. */
  controllerManagerPort: number;
  schedulerPort: number;
  nodes: NodePlan;
}

/** `endpoint`: the machine is the one node. `simulated`: that many nodes without containers. */
export type NodePlan =
  | { kind: 'machine'; endpoint: string; name: string; address: string; sandboxImage: string | undefined }
  | { kind: 'simulated'; names: readonly string[] }
  | { kind: 'none' };

const identities = ['controller-manager', 'scheduler', 'kube-proxy', 'kube-dns'] as const;

/** Where clients on this machine reach the API server. */
export function serverUrl(plan: ClusterPlan): string {
  const host = plan.bindAddress === '0.0.0.0' || plan.bindAddress === '::' ? '127.0.0.1' : plan.bindAddress;
  return `https://${host.includes(':') ? `[${host}]` : host}:${plan.port}`;
}

export function nodeNames(plan: NodePlan): readonly string[] {
  switch (plan.kind) {
    case 'machine':
      return [plan.name];
    case 'simulated':
      return plan.names;
    case 'none':
      return [];
  }
}

export function planNodes(
  runtime: { kind: 'socket'; endpoint: string; sandboxImage: string | undefined } | { kind: 'simulated' },
  count: number | undefined,
): NodePlan {
  if (count === 0) return { kind: 'none' };
  if (runtime.kind === 'simulated') return { kind: 'simulated', names: simulatedNodeNames(count ?? 1) };
  const address = hostAddress();
  if (address === undefined) {
    throw new Error(
      'this machine has no address but loopback, which pods cannot reach: bring up a network interface, or use --container-runtime-endpoint simulated',
    );
  }
  return {
    kind: 'machine',
    endpoint: runtime.endpoint,
    name: machineName(),
    address,
    sandboxImage: runtime.sandboxImage,
  };
}

/** Certificates and kubeconfigs, one identity for each component. */
export async function writeIdentities(plan: ClusterPlan): Promise<void> {
  const address = hostAddress();
  const certificates = await ensureClusterCertificates(plan.layout.pki, {
    nodes: nodeNames(plan.nodes).map((name) => ({
      name,
      addresses: plan.nodes.kind === 'machine' ? [plan.nodes.address] : ['127.0.0.1'],
    })),
    advertiseAddresses: [
      ...(address === undefined ? [] : [address]),
      ...(plan.bindAddress === '0.0.0.0' ? [] : [plan.bindAddress]),
    ],
    serviceIPs: [addressInRange(plan.serviceCIDR, 1)],
    dnsDomain: plan.clusterDomain,
  });
  const write = (file: string, userName: string, { certificate, key }: KeyPair): Promise<void> =>
    writeKubeconfig(file, {
      server: serverUrl(plan),
      userName,
      certificateAuthority: certificates.ca.certificate,
      clientCertificate: certificate,
      clientKey: key,
    });
  await Promise.all([
    write(plan.adminKubeconfig, 'kubernetes-admin', certificates.admin),
    write(kubeconfigOf(plan, 'controller-manager'), 'system:kube-controller-manager', certificates.controllerManager),
    write(kubeconfigOf(plan, 'scheduler'), 'system:kube-scheduler', certificates.scheduler),
    write(kubeconfigOf(plan, 'kube-proxy'), 'system:kube-proxy', certificates.kubeProxy),
    write(kubeconfigOf(plan, 'kube-dns'), 'system:kube-dns', certificates.kubeDNS),
    ...[...certificates.kubelets].map(([name, { client }]) =>
      write(kubeletKubeconfig(plan, name), `system:node:${name}`, client),
    ),
  ]);
}

function kubeconfigOf(plan: ClusterPlan, identity: (typeof identities)[number]): string {
  return path.join(plan.layout.kubeconfigs, `${identity}.kubeconfig`);
}

function kubeletKubeconfig(plan: ClusterPlan, node: string): string {
  return path.join(plan.layout.kubeconfigs, `kubelet-${node}.kubeconfig`);
}

/** Names files that writeIdentities makes: they are read when the component begins. */
export function apiserverSpec(plan: ClusterPlan, program: readonly string[]): ComponentSpec {
  const certificate = (name: string) => certificatePaths(plan.layout.pki, name);
  const serviceAccount = serviceAccountKeyPaths(plan.layout.pki);
  const address = hostAddress();
  return {
    name: 'apiserver',
    waits: true,
    command: command(program, [
      'apiserver',
      `--bind-address=${plan.bindAddress}`,
      `--secure-port=${plan.port}`,
      ...(address === undefined || plan.bindAddress === '127.0.0.1' ? [] : [`--advertise-address=${address}`]),
      ...(plan.etcdServers === undefined
        ? [`--storage-dir=${plan.layout.storage}`]
        : [`--etcd-servers=${plan.etcdServers}`]),
      `--tls-cert-file=${certificate('apiserver').certificateFile}`,
      `--tls-private-key-file=${certificate('apiserver').keyFile}`,
      `--client-ca-file=${certificate('ca').certificateFile}`,
      '--authorization-mode=Node,RBAC',
      '--enable-admission-plugins=NodeRestriction',
      `--service-account-issuer=https://kubernetes.default.svc.${plan.clusterDomain}`,
      `--service-account-key-file=${serviceAccount.publicKeyFile}`,
      `--service-account-signing-key-file=${serviceAccount.privateKeyFile}`,
      // As kubeadm: who may run what is for PodSecurity to say, namespace by namespace.
      '--allow-privileged=true',
      `--service-cluster-ip-range=${plan.serviceCIDR}`,
      `--kubelet-certificate-authority=${certificate('ca').certificateFile}`,
      `--kubelet-client-certificate=${certificate('apiserver-kubelet-client').certificateFile}`,
      `--kubelet-client-key=${certificate('apiserver-kubelet-client').keyFile}`,
      '--kubelet-preferred-address-types=InternalIP,Hostname',
      `--controller-manager-health-port=${plan.controllerManagerPort}`,
      `--scheduler-health-port=${plan.schedulerPort}`,
      `--requestheader-client-ca-file=${certificate('front-proxy-ca').certificateFile}`,
      '--requestheader-allowed-names=front-proxy-client',
      '--requestheader-extra-headers-prefix=X-Remote-Extra-',
      '--requestheader-group-headers=X-Remote-Group',
      '--requestheader-username-headers=X-Remote-User',
      `--proxy-client-cert-file=${certificate('front-proxy-client').certificateFile}`,
      `--proxy-client-key-file=${certificate('front-proxy-client').keyFile}`,
    ]),
  };
}

export function controllerManagerSpec(plan: ClusterPlan, program: readonly string[]): ComponentSpec {
  const serving = certificatePaths(plan.layout.pki, 'controller-manager-serving');
  return {
    name: 'controller-manager',
    waits: true,
    command: command(program, [
      'controller-manager',
      `--kubeconfig=${kubeconfigOf(plan, 'controller-manager')}`,
      `--with-scheduler=${kubeconfigOf(plan, 'scheduler')}`,
      '--leader-elect=false',
      '--use-service-account-credentials',
      `--service-account-private-key-file=${serviceAccountKeyPaths(plan.layout.pki).privateKeyFile}`,
      `--root-ca-file=${certificatePaths(plan.layout.pki, 'ca').certificateFile}`,
      `--cluster-signing-cert-file=${certificatePaths(plan.layout.pki, 'ca').certificateFile}`,
      `--cluster-signing-key-file=${certificatePaths(plan.layout.pki, 'ca').keyFile}`,
      '--allocate-node-cidrs',
      `--cluster-cidr=${plan.clusterCIDR}`,
      `--service-cluster-ip-range=${plan.serviceCIDR}`,
      '--bind-address=127.0.0.1',
      `--secure-port=${plan.controllerManagerPort}`,
      `--scheduler-secure-port=${plan.schedulerPort}`,
      `--tls-cert-file=${serving.certificateFile}`,
      `--tls-private-key-file=${serving.keyFile}`,
      `--client-ca-file=${certificatePaths(plan.layout.pki, 'ca').certificateFile}`,
    ]),
  };
}

export function nodeSpec(plan: ClusterPlan, program: readonly string[]): ComponentSpec | undefined {
  const { layout, nodes } = plan;
  const shared = [
    `--client-ca-file=${certificatePaths(layout.pki, 'ca').certificateFile}`,
    `--cluster-dns=${plan.clusterDNS}`,
    `--cluster-domain=${plan.clusterDomain}`,
    `--root-dir=${layout.kubelet}`,
  ];
  switch (nodes.kind) {
    case 'none':
      return undefined;
    case 'simulated':
      return {
        name: 'node',
        waits: true,
        command: command(program, [
          'node',
          '--container-runtime-endpoint=simulated',
          ...nodes.names.map((name) => `--node=${name}`),
          `--kubeconfig-dir=${layout.kubeconfigs}`,
          `--cert-dir=${layout.pki}`,
          ...shared,
        ]),
      };
    case 'machine': {
      const serving = certificatePaths(layout.pki, `kubelet-${nodes.name}`);
      const mark = clusterMark(layout.directory);
      return {
        name: 'node',
        waits: true,
        command: command(program, [
          'node',
          `--container-runtime-endpoint=${nodes.endpoint}`,
          `--hostname-override=${nodes.name}`,
          `--node-ip=${nodes.address}`,
          `--kubeconfig=${kubeletKubeconfig(plan, nodes.name)}`,
          `--proxy-kubeconfig=${kubeconfigOf(plan, 'kube-proxy')}`,
          `--dns-kubeconfig=${kubeconfigOf(plan, 'kube-dns')}`,
          `--tls-cert-file=${serving.certificateFile}`,
          `--tls-private-key-file=${serving.keyFile}`,
          `--cluster-cidr=${plan.clusterCIDR}`,
          `--cni-conf-dir=${layout.cniConf}`,
          `--cni-state-dir=${layout.cniState}`,
          `--bridge-name=${bridgeName(layout)}`,
          // Of its own: a kubelet ends cgroups of pods that it does not know, and others may run on the machine.
          `--cgroup-root=${cgroupRoot(layout)}`,
          `--nftables-table=typernetes-${mark}`,
          ...shared,
        ]),
      };
    }
  }
}

/** At most 15 characters, as Linux names interfaces. */
export function bridgeName(layout: Layout): string {
  return `tn${clusterMark(layout.directory)}`;
}

export function cgroupRoot(layout: Layout): string {
  return `/typernetes-${clusterMark(layout.directory)}`;
}

function command(program: readonly string[], args: readonly string[]): [string, ...string[]] {
  const [executable = process.execPath, ...before] = program;
  return [executable, ...before, ...args];
}
