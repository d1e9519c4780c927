/** Which labels a node may write on itself: its own facts, and whatever is outside Kubernetes' name spaces. */
const nodeRestriction = 'node-restriction.kubernetes.io';
const kubeletNamespaces = ['kubelet.kubernetes.io', 'node.kubernetes.io'];
const kubeletLabels = new Set([
  'kubernetes.io/hostname',
  'kubernetes.io/arch',
  'kubernetes.io/os',
  'beta.kubernetes.io/instance-type',
  'node.kubernetes.io/instance-type',
  'failure-domain.beta.kubernetes.io/region',
  'failure-domain.beta.kubernetes.io/zone',
  'topology.kubernetes.io/region',
  'topology.kubernetes.io/zone',
  'beta.kubernetes.io/arch',
  'beta.kubernetes.io/os',
]);

type Labels = Readonly<Record<string, string>> | undefined;

export function modifiedLabels(labels: Labels, old: Labels): string[] {
  const keys = new Set([...Object.keys(labels ?? {}), ...Object.keys(old ?? {})]);
  return [...keys].filter((key) => labels?.[key] !== old?.[key]);
}

export function forbiddenNodeLabels(modified: readonly string[]): string[] {
  return modified.filter(isForbidden).sort();
}

function isForbidden(label: string): boolean {
  const slash = label.indexOf('/');
  const namespace = slash < 0 ? '' : label.slice(0, slash);
  if (isIn(namespace, nodeRestriction)) return true;
  if (!isIn(namespace, 'kubernetes.io') && !isIn(namespace, 'k8s.io')) return false;
  return !kubeletLabels.has(label) && !kubeletNamespaces.some((allowed) => isIn(namespace, allowed));
}

function isIn(namespace: string, domain: string): boolean {
  return namespace === domain || namespace.endsWith(`.${domain}`);
}
