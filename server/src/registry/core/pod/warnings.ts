/** What is allowed in a pod spec and should not be there: texts for `Warning` headers, of pods and of templates. */

import { dns1123Label, type KubernetesObject, quote } from '@typernetes/openapi/meta';
import type {
  Container,
  NodeSelectorTerm,
  PodAffinityTerm,
  PodSpec,
  PodTemplateSpec,
} from '@typernetes/openapi/types/core/v1';
import type { Strategy } from '../../generic/strategy.ts';
import type { Path } from '../../validation/index.ts';
import { path, quantityOf } from '../../validation/index.ts';
import { deprecatedNodeLabel, nodeLabelWarnings } from '../node/deprecated-labels.ts';

type Metadata = { annotations?: Record<string, string> } | undefined;

const DEPRECATED_ANNOTATIONS: Readonly<Record<string, string>> = {
  'scheduler.alpha.kubernetes.io/critical-pod': 'non-functional in v1.16+; use the "priorityClassName" field instead',
  'security.alpha.kubernetes.io/sysctls': 'non-functional in v1.11+; use the "sysctls" field instead',
  'security.alpha.kubernetes.io/unsafe-sysctls': 'non-functional in v1.11+; use the "sysctls" field instead',
};

const DEPRECATED_VOLUMES: Readonly<Record<string, string>> = {
  photonPersistentDisk: 'deprecated in v1.11, non-functional in v1.16+',
  gitRepo: 'deprecated in v1.11, and disabled by default in v1.33+',
  scaleIO: 'deprecated in v1.16, non-functional in v1.22+',
  flocker: 'deprecated in v1.22, non-functional in v1.25+',
  storageos: 'deprecated in v1.22, non-functional in v1.25+',
  quobyte: 'deprecated in v1.22, non-functional in v1.25+',
  glusterfs: 'deprecated in v1.25, non-functional in v1.26+',
  cephfs: 'deprecated in v1.28, non-functional in v1.31+',
  rbd: 'deprecated in v1.28, non-functional in v1.31+',
};

export const podWarnings = (spec: PodSpec | undefined, metadata: Metadata): string[] =>
  spec === undefined ? [] : warningsOf(spec, metadata, path('spec'), path('metadata'));

export function templateWarnings(template: PodTemplateSpec | undefined, at: Path): string[] {
  if (template?.spec === undefined) return [];
  return warningsOf(template.spec, template.metadata, at.child('spec'), at.child('metadata'));
}

/** A workload's warnings: those of its template, on create and where an update changed its spec. */
export function workloadWarnings<T extends KubernetesObject>(
  templateOf: (object: Readonly<T>) => PodTemplateSpec | undefined,
  at: Path = path('spec', 'template'),
): Required<Pick<Strategy<T>, 'warningsOnCreate' | 'warningsOnUpdate'>> {
  return {
    warningsOnCreate: (object) => templateWarnings(templateOf(object), at),
    warningsOnUpdate: (object, old) =>
      object.metadata?.generation === old.metadata?.generation ? [] : templateWarnings(templateOf(object), at),
  };
}

/** A workload whose name is no DNS label gives its pods host names that surprise. */
export function podNameWarnings(object: Readonly<KubernetesObject>): string[] {
  const messages = dns1123Label(object.metadata?.name ?? '');
  if (messages.length === 0) return [];
  const advice =
    'metadata.name: this is used in Pod names and hostnames, which can result in surprising behavior; a DNS label is recommended';
  return [`${advice}: [${messages.join(' ')}]`];
}

function warningsOf(spec: PodSpec, metadata: Metadata, at: Path, metadataAt: Path): string[] {
  const annotations = metadata?.annotations ?? {};
  return [
    ...labelWarnings(spec, at),
    ...Object.entries(DEPRECATED_ANNOTATIONS).flatMap(([key, message]) =>
      annotations[key] === undefined ? [] : [`${metadataAt.child('annotations').key(key).toString()}: ${message}`],
    ),
    ...volumeWarnings(spec, at.child('volumes')),
    ...repeated(spec.hostAliases, 'ip', at.child('hostAliases')),
    ...repeated(spec.imagePullSecrets, 'name', at.child('imagePullSecrets')),
    ...(spec.imagePullSecrets ?? []).flatMap(({ name }, index) =>
      name ? [] : [`${at.child('imagePullSecrets').index(index).child('name').toString()}: invalid empty name ""`],
    ),
    ...fractions(spec.overhead, at.child('overhead')),
    ...containersOf(spec, at).flatMap(([container, here]) => containerWarnings(container, here)),
    ...portWarnings(spec, at),
    ...(spec.terminationGracePeriodSeconds != null && spec.terminationGracePeriodSeconds < 0
      ? [
          `${at.child('terminationGracePeriodSeconds').toString()}: must be >= 0; negative values are invalid and will be treated as 1`,
        ]
      : []),
    ...affinityWarnings(spec, at.child('affinity')),
  ];
}

function containersOf(spec: PodSpec, at: Path): [Container, Path][] {
  return (['initContainers', 'containers', 'ephemeralContainers'] as const).flatMap((field) =>
    (spec[field] ?? []).map((container, index): [Container, Path] => [container, at.child(field).index(index)]),
  );
}

function labelWarnings(spec: PodSpec, at: Path): string[] {
  const warnings = nodeLabelWarnings(
    Object.keys(spec.nodeSelector ?? {}).map((key) => [key, at.child('nodeSelector').key(key)] as const),
  );
  const affinity = spec.affinity?.nodeAffinity;
  const place = at.child('affinity', 'nodeAffinity');
  const required = place.child('requiredDuringSchedulingIgnoredDuringExecution', 'nodeSelectorTerms');
  const preferred = place.child('preferredDuringSchedulingIgnoredDuringExecution');
  const terms = [
    ...(affinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? []).map(
      (term, index) => [term, required.index(index)] as const,
    ),
    ...(affinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map(
      ({ preference }, index) => [preference, preferred.index(index).child('preference')] as const,
    ),
  ];
  for (const [term, here] of terms) warnings.push(...nodeSelectorTermWarnings(term, here));
  for (const [index, { topologyKey, labelSelector }] of (spec.topologySpreadConstraints ?? []).entries()) {
    const here = at.child('topologySpreadConstraints').index(index);
    const message = deprecatedNodeLabel(topologyKey);
    if (message !== undefined) warnings.push(`${here.child('topologyKey').toString()}: ${topologyKey} is ${message}`);
    if (labelSelector === undefined) warnings.push(`${here.child('labelSelector').toString()}: ${MATCHES_NOTHING}`);
  }
  return warnings;
}

/** Labels of nodes that have other names now. */
export function nodeSelectorTermWarnings({ matchExpressions = [] }: NodeSelectorTerm, at: Path): string[] {
  return matchExpressions.flatMap(({ key }, index) => {
    const message = deprecatedNodeLabel(key);
    const here = at.child('matchExpressions').index(index).child('key');
    return message === undefined ? [] : [`${here.toString()}: ${key} is ${message}`];
  });
}

const MATCHES_NOTHING = 'a null labelSelector results in matching no pod';

function affinityWarnings({ affinity }: PodSpec, at: Path): string[] {
  const nothing = (term: PodAffinityTerm | undefined, here: Path): string[] =>
    term?.labelSelector === undefined ? [`${here.child('labelSelector').toString()}: ${MATCHES_NOTHING}`] : [];
  return (['podAffinity', 'podAntiAffinity'] as const).flatMap((kind) => {
    const required = 'requiredDuringSchedulingIgnoredDuringExecution';
    const preferred = 'preferredDuringSchedulingIgnoredDuringExecution';
    const here = at.child(kind);
    return [
      ...(affinity?.[kind]?.[required] ?? []).flatMap((term, index) =>
        nothing(term, here.child(required).index(index)),
      ),
      ...(affinity?.[kind]?.[preferred] ?? []).flatMap(({ podAffinityTerm }, index) =>
        nothing(podAffinityTerm, here.child(preferred).index(index).child('podAffinityTerm')),
      ),
    ];
  });
}

function volumeWarnings(spec: PodSpec, at: Path): string[] {
  return (spec.volumes ?? []).flatMap((volume, index) =>
    Object.entries(DEPRECATED_VOLUMES)
      .filter(([field]) => volume[field as keyof typeof volume] != null)
      .map(
        ([field, message]) =>
          `${at
            .index(index)
            .child(field === 'storageos' ? 'storageOS' : field)
            .toString()}: ${message}`,
      ),
  );
}

function repeated<K extends string>(
  items: readonly Partial<Record<K, string>>[] | undefined,
  field: K,
  at: Path,
): string[] {
  const seen = new Set<string>();
  return (items ?? []).flatMap((item, index) => {
    const value = item[field] ?? '';
    const again = seen.has(value);
    seen.add(value);
    return again ? [`${at.index(index).child(field).toString()}: duplicate ${field} ${quote(value)}`] : [];
  });
}

/** Bytes come whole. */
function fractions(resources: Record<string, string> | undefined, at: Path): string[] {
  return ['memory', 'ephemeral-storage'].flatMap((resource) => {
    const value = resources?.[resource];
    const quantity = quantityOf(value);
    if (quantity === undefined || quantity.scaledBigInt(-3) % 1000n === 0n) return [];
    return [
      `${at.key(resource).toString()}: fractional byte value ${quote(String(value))} is invalid, must be an integer`,
    ];
  });
}

function containerWarnings(container: Container, at: Path): string[] {
  const warnings = [
    ...fractions(container.resources?.limits, at.child('resources', 'limits')),
    ...fractions(container.resources?.requests, at.child('resources', 'requests')),
  ];
  const seen = new Set<string>();
  for (const [index, { name, value = '', valueFrom }] of (container.env ?? []).entries()) {
    const reference = `$(${name})`;
    if (seen.has(name) && (valueFrom !== undefined || value === reference || !value.includes(reference))) {
      const here = at.child('env').index(index);
      warnings.push(
        `${here.toString()}: hides previous definition of ${quote(name)}, which may be dropped when using apply`,
      );
    }
    seen.add(name);
  }
  return warnings;
}

function portWarnings(spec: PodSpec, at: Path): string[] {
  const warnings: string[] = [];
  const ports = containersOf(spec, at).flatMap(([container, here]) =>
    (container.ports ?? []).map((port, index) => ({ ...port, place: here.child('ports').index(index) })),
  );
  for (const [index, port] of ports.entries()) {
    const { hostIP = '', hostPort = 0 } = port;
    for (const other of ports.slice(0, index)) {
      if (other.containerPort !== port.containerPort || other.protocol !== port.protocol) continue;
      const { hostIP: otherIP = '', hostPort: otherPort = 0 } = other;
      if (hostIP === otherIP && hostPort === otherPort)
        warnings.push(`${port.place.toString()}: duplicate port definition with ${other.place.toString()}`);
      else if (hostPort === 0 || otherPort === 0)
        warnings.push(`${port.place.toString()}: overlapping port definition with ${other.place.toString()}`);
      else if (hostPort === otherPort && (hostIP === '') !== (otherIP === ''))
        warnings.push(`${port.place.toString()}: dangerously ambiguous port definition with ${other.place.toString()}`);
    }
  }
  const names = new Map<string, Path>();
  for (const { name, place } of ports) {
    if (!name) continue;
    const other = names.get(name);
    if (other === undefined) names.set(name, place);
    else {
      const use = `services and probes that select ports by name will use ${other.toString()}`;
      warnings.push(`${place.toString()}: duplicate port name ${quote(name)} with ${other.toString()}, ${use}`);
    }
  }
  return warnings;
}
