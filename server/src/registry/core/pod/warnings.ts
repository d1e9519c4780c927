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
import { addressWarnings, labelValue, path, quantityOf, semanticEqual } from '../../validation/index.ts';
import { namedLabelWarnings, nodeLabelWarnings } from '../node/deprecated-labels.ts';
import { sizeWarnings } from '../persistentvolumeclaims/warnings.ts';
import { appArmorPrefix, appArmorProfile, seccompPod, seccompPrefix } from './annotations.ts';
import { overlapWarnings } from './path-warnings.ts';

type Metadata = { annotations?: Record<string, string> } | undefined;

const DEPRECATED_ANNOTATIONS: Readonly<Record<string, string>> = {
  'scheduler.alpha.kubernetes.io/critical-pod': 'non-functional in v1.16+; use the "priorityClassName" field instead',
  'security.alpha.kubernetes.io/sysctls': 'non-functional in v1.11+; use the "sysctls" field instead',
  'security.alpha.kubernetes.io/unsafe-sysctls': 'non-functional in v1.11+; use the "sysctls" field instead',
};

const DEPRECATED_VOLUMES = {
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

/** The spec is as it was: nothing is to be warned of again. */
export const isSameGeneration = (object: Readonly<KubernetesObject>, old: Readonly<KubernetesObject>): boolean =>
  object.metadata?.generation === old.metadata?.generation;

/** A workload's warnings: those of its template, on create and where an update changed its spec. */
export function workloadWarnings<T extends KubernetesObject>(
  templateOf: (object: Readonly<T>) => PodTemplateSpec | undefined,
  at: Path = path('spec', 'template'),
): Required<Pick<Strategy<T>, 'warningsOnCreate' | 'warningsOnUpdate'>> {
  return {
    warningsOnCreate: (object) => templateWarnings(templateOf(object), at),
    warningsOnUpdate: (object, old) => (isSameGeneration(object, old) ? [] : templateWarnings(templateOf(object), at)),
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
    ...overlapWarnings(spec),
    ...repeated(spec.hostAliases, 'ip', at.child('hostAliases')),
    ...repeated(spec.imagePullSecrets, 'name', at.child('imagePullSecrets')),
    ...(spec.imagePullSecrets ?? []).flatMap(({ name }, index) =>
      name ? [] : [`${at.child('imagePullSecrets').index(index).child('name').toString()}: invalid empty name ""`],
    ),
    ...fractions(spec.overhead, at.child('overhead')),
    ...(spec.securityContext?.seccompProfile == null ? seccompWarnings(annotations, seccompPod, metadataAt) : []),
    ...containersOf(spec, at).flatMap(([container, here]) => [
      ...profileWarnings(spec, container, annotations, metadataAt),
      ...containerWarnings(container, here),
    ]),
    ...portWarnings(spec, at),
    ...(spec.terminationGracePeriodSeconds != null && spec.terminationGracePeriodSeconds < 0
      ? [
          `${at.child('terminationGracePeriodSeconds').toString()}: must be >= 0; negative values are invalid and will be treated as 1`,
        ]
      : []),
    ...affinityWarnings(spec, at.child('affinity')),
    ...(spec.dnsConfig?.nameservers ?? []).flatMap((address, index) =>
      addressWarnings(address, at.child('dnsConfig', 'nameservers').index(index)),
    ),
    ...(spec.hostAliases ?? []).flatMap(({ ip }, index) =>
      addressWarnings(ip, at.child('hostAliases').index(index).child('ip')),
    ),
  ];
}

type Annotations = Readonly<Record<string, string>>;

function seccompWarnings(annotations: Annotations, key: string, at: Path): string[] {
  const advice = 'non-functional in v1.27+; use the "seccompProfile" field instead';
  return annotations[key] === undefined ? [] : [`${at.child('annotations').key(key).toString()}: ${advice}`];
}

/** Profiles that are named in annotations only. */
function profileWarnings(spec: PodSpec, container: Container, annotations: Annotations, at: Path): string[] {
  const { name, securityContext } = container;
  const warnings =
    securityContext?.seccompProfile == null ? seccompWarnings(annotations, `${seccompPrefix}${name}`, at) : [];
  const key = `${appArmorPrefix}${name}`;
  const annotation = annotations[key];
  // A pod's own are told where the field is filled from them.
  const isTemplate = at.toString() !== 'metadata';
  if (!isTemplate || annotation === undefined || securityContext?.appArmorProfile != null) return warnings;
  const profile = spec.securityContext?.appArmorProfile;
  if (profile != null && semanticEqual(profile, appArmorProfile(annotation))) return warnings;
  const advice = 'deprecated since v1.30; use the "appArmorProfile" field instead';
  return [...warnings, `${at.child('annotations').key(key).toString()}: ${advice}`];
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
  const terms = affinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [];
  for (const [index, term] of terms.entries()) warnings.push(...nodeSelectorTermWarnings(term, required.index(index)));
  for (const [index, { preference }] of (affinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []).entries())
    warnings.push(...nodeSelectorTermWarnings(preference, preferred.index(index).child('preference'), true));
  for (const [index, { topologyKey, labelSelector }] of (spec.topologySpreadConstraints ?? []).entries()) {
    const here = at.child('topologySpreadConstraints').index(index);
    warnings.push(...namedLabelWarnings(topologyKey, here.child('topologyKey')));
    if (labelSelector === undefined) warnings.push(`${here.child('labelSelector').toString()}: ${MATCHES_NOTHING}`);
  }
  return warnings;
}

/** Labels of nodes that have other names now; `values`: and values that no label has. */
export function nodeSelectorTermWarnings(
  { matchExpressions = [] }: NodeSelectorTerm,
  at: Path,
  values = false,
): string[] {
  return matchExpressions.flatMap((expression, index) => {
    const here = at.child('matchExpressions').index(index);
    const warnings = namedLabelWarnings(expression.key, here.child('key'));
    for (const [position, value] of (values ? (expression.values ?? []) : []).entries())
      for (const wrong of labelValue(value))
        warnings.push(`${here.child('values').index(position).toString()}: ${value} is invalid, ${wrong}`);
    return warnings;
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
  return (spec.volumes ?? []).flatMap((volume, index) => {
    const here = at.index(index);
    const deprecated = (fields: Readonly<Record<string, string>>): string[] =>
      Object.entries(fields)
        .filter(([field]) => volume[field as keyof typeof volume] != null)
        .map(([field, message]) => `${here.child(field === 'storageos' ? 'storageOS' : field).toString()}: ${message}`);
    const { cephfs, rbd, ...others } = DEPRECATED_VOLUMES;
    const claim = volume.ephemeral?.volumeClaimTemplate?.spec;
    return [
      ...deprecated(others),
      ...sizeWarnings(claim, here.child('ephemeral', 'volumeClaimTemplate', 'spec')),
      ...deprecated({ cephfs, rbd }),
    ];
  });
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
    if (hostIP !== '' && hostPort === 0) {
      const shown = `{Name:${port.name ?? ''} HostPort:0 ContainerPort:${port.containerPort} Protocol:${port.protocol} HostIP:${hostIP}}`;
      warnings.push(`${port.place.toString()}: hostIP set without hostPort: ${shown}`);
    }
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
