import type { PodDNSConfig, PodSpec, ResourceRequirements, Volume } from '@typernetes/openapi/types/core/v1';
import type { FieldError, Path } from '../../validation/index.ts';
import {
  checked,
  compareQuantities,
  dns1123Label,
  dns1123Subdomain,
  dns1123SubdomainWithUnderscore,
  duplicate,
  forbiddenField,
  invalidValue,
  isHugePages,
  notFoundField,
  notSupported,
  oneOf,
  optionalOneOf,
  qualifiedName,
  required,
  tooLong,
  validateAddress,
  validateLabels,
  validateResourceName,
} from '../../validation/index.ts';
import type { ContainerScope } from './container-scope.ts';
import { aggregateResources } from './resources.ts';
import { validateContainers, validateEphemeralContainers, validateInitContainers } from './validate-container.ts';
import { validateResources } from './validate-resources.ts';
import { validateAffinity, validateSpread, validateTolerations } from './validate-scheduling.ts';
import { validateHostUsers, validatePodSecurityContext } from './validate-security.ts';
import { validateVolumes } from './validate-volumes.ts';
import { validateHostProcess, validateLinuxPod, validateWindowsPod } from './validate-windows.ts';

export interface PodSpecContext {
  /** Undefined in a template. */
  podName?: string;
  isPod: boolean;
}

export function validatePodSpec(spec: PodSpec | undefined, at: Path, context: PodSpecContext): FieldError[] {
  if (!spec) return [required(at.child('containers'), '')];
  const errors: FieldError[] = [];
  if (spec.terminationGracePeriodSeconds == null) errors.push(required(at.child('terminationGracePeriodSeconds'), ''));
  const volumes = new Map<string, Volume>();
  errors.push(...validateVolumes(spec.volumes, context.podName, at.child('volumes'), volumes));
  const scope: ContainerScope = {
    volumes,
    claims: new Set((spec.resourceClaims ?? []).map((claim) => claim.name)),
    gracePeriodSeconds: spec.terminationGracePeriodSeconds ?? undefined,
    restartPolicy: spec.restartPolicy,
    hostUsers: spec.hostUsers !== false,
  };
  errors.push(
    ...validateResourceClaims(spec, at.child('resourceClaims')),
    ...validateContainers(spec.containers, scope, at.child('containers')),
    ...validateInitContainers(spec.initContainers, spec.containers, scope, at.child('initContainers')),
    ...validateEphemeralContainers(
      spec.ephemeralContainers,
      spec.containers ?? [],
      spec.initContainers ?? [],
      scope,
      at.child('ephemeralContainers'),
    ),
    ...validatePodResources(spec, scope.claims, at.child('resources')),
    ...validateHostNetwork(spec, at.child('containers'), context.isPod),
    ...oneOf(at.child('restartPolicy'), spec.restartPolicy, ['Always', 'OnFailure', 'Never']),
    ...oneOf(at.child('dnsPolicy'), spec.dnsPolicy, ['ClusterFirstWithHostNet', 'ClusterFirst', 'Default', 'None']),
    ...validateLabels(spec.nodeSelector, at.child('nodeSelector')),
    ...validatePodSecurityContext(spec.securityContext, spec, at.child('securityContext')),
    ...validateAffinity(spec.affinity, at.child('affinity')),
    ...validateDns(spec.dnsConfig, spec.dnsPolicy, at.child('dnsConfig')),
    ...validateGates(spec, at),
    ...validateSpread(spec.topologySpreadConstraints, at.child('topologySpreadConstraints')),
    ...validateHostUsers(spec, at),
    ...validateHostProcess(spec, at),
    ...validateFileVolumes(spec, at),
    ...validateNames(spec, at),
    ...validateTolerations(spec.tolerations, at.child('tolerations')),
    ...validateHostAliases(spec, at.child('hostAliases')),
    ...optionalOneOf(at.child('preemptionPolicy'), spec.preemptionPolicy, ['PreemptLowerPriority', 'Never']),
    ...validateOs(spec, at),
  );
  if (spec.overhead) errors.push(...validateResources({ limits: spec.overhead }, new Set(), at.child('overhead')));
  return errors;
}

function validateResourceClaims(spec: PodSpec, at: Path): FieldError[] {
  const names = new Set<string>();
  return (spec.resourceClaims ?? []).flatMap((claim, index) => {
    const here = at.index(index);
    const errors: FieldError[] = [];
    if (!claim.name) errors.push(required(here.child('name'), ''));
    else if (names.has(claim.name)) errors.push(duplicate(here.child('name'), claim.name));
    else errors.push(...checked(here.child('name'), claim.name, dns1123Label(claim.name)));
    names.add(claim.name);
    const { resourceClaimName, resourceClaimTemplateName } = claim;
    // As upstream shows it: its internal PodResourceClaim.
    const shown = {
      Name: claim.name,
      ResourceClaimName: resourceClaimName ?? null,
      ResourceClaimTemplateName: resourceClaimTemplateName ?? null,
    };
    if (resourceClaimName !== undefined && resourceClaimTemplateName !== undefined) {
      const message = 'at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified';
      errors.push(invalidValue(here, shown, message));
    } else if (resourceClaimName === undefined && resourceClaimTemplateName === undefined) {
      errors.push(invalidValue(here, shown, 'must specify one of: `resourceClaimName`, `resourceClaimTemplateName`'));
    }
    for (const [field, value] of Object.entries({ resourceClaimName, resourceClaimTemplateName }))
      if (value !== undefined) errors.push(...checked(here.child(field), value, dns1123Subdomain(value)));
    return errors;
  });
}

function validatePodResources(spec: PodSpec, claims: ReadonlySet<string>, at: Path): FieldError[] {
  if (!spec.resources) return [];
  if (spec.os?.name === 'windows') return [forbiddenField(at, 'may not be set for a windows pod')];
  const errors: FieldError[] = [];
  if (spec.resources.claims)
    errors.push(forbiddenField(at.child('claims'), 'claims may not be set for Resources at pod-level'));
  const supported = ['cpu', 'hugepages-', 'memory'];
  const podLevelName = (resource: string, here: Path): FieldError[] => {
    const wrong = validateResourceName(resource, here);
    if (wrong.length > 0) return wrong;
    return supported.some((name) => resource === name || (name.endsWith('-') && resource.startsWith(name)))
      ? []
      : [notSupported(here, resource, supported)];
  };
  return [
    ...errors,
    ...validateResources(spec.resources, claims, at, podLevelName),
    ...validateWithinPodResources(spec, spec.resources, at),
  ];
}

/** What a pod asks for as a whole is enough for its containers. */
function validateWithinPodResources(spec: PodSpec, resources: ResourceRequirements, at: Path): FieldError[] {
  const errors: FieldError[] = [];
  for (const kind of ['requests', 'limits'] as const) {
    for (const [resource, needed] of Object.entries(aggregateResources(spec, kind))) {
      const given = resources[kind]?.[resource];
      if (given === undefined || compareQuantities(needed, given) <= 0) continue;
      if (kind === 'limits' && !isHugePages(resource)) continue;
      const message = `must be greater than or equal to aggregate container ${kind} of ${needed}`;
      errors.push(invalidValue(at.child(kind).key(resource), given, message));
    }
  }
  for (const [index, container] of (spec.containers ?? []).entries()) {
    for (const [resource, limit] of Object.entries(container.resources?.limits ?? {})) {
      const given = resources.limits?.[resource];
      if (given === undefined || compareQuantities(limit, given) <= 0) continue;
      const here = at.child('containers').index(index).key(resource).child('limits');
      errors.push(invalidValue(here, limit, `must be less than or equal to pod limits of ${given}`));
    }
  }
  return errors;
}

function validateHostNetwork(spec: PodSpec, at: Path, isPod: boolean): FieldError[] {
  if (!spec.hostNetwork) return [];
  return (spec.containers ?? []).flatMap((container, index) =>
    (container.ports ?? []).flatMap((port, position) => {
      const hostPort = port.hostPort ?? 0;
      if ((!isPod && hostPort === 0) || hostPort === port.containerPort) return [];
      const here = at.index(index).child('ports').index(position).child('hostPort');
      return [invalidValue(here, hostPort, 'must match `containerPort` when `hostNetwork` is true')];
    }),
  );
}

function validateDns(config: PodDNSConfig | undefined, policy: string | undefined, at: Path): FieldError[] {
  if (policy === 'None') {
    if (!config) return [required(at, 'must provide `dnsConfig` when `dnsPolicy` is None')];
    if ((config.nameservers ?? []).length === 0) {
      return [required(at.child('nameservers'), 'must provide at least one DNS nameserver when `dnsPolicy` is None')];
    }
  }
  const { nameservers = [], searches = [], options = [] } = config ?? {};
  const errors: FieldError[] = [];
  if (nameservers.length > 3)
    errors.push(invalidValue(at.child('nameservers'), nameservers, 'must not have more than 3 nameservers'));
  for (const [index, server] of nameservers.entries())
    errors.push(...validateAddress(server, at.child('nameservers').index(index)));
  if (searches.length > 32)
    errors.push(invalidValue(at.child('searches'), searches, 'must not have more than 32 search paths'));
  if (searches.join(' ').length > 2048) {
    const message = 'must not have more than 2048 characters (including spaces) in the search list';
    errors.push(invalidValue(at.child('searches'), searches, message));
  }
  for (const [index, search] of searches.entries()) {
    if (search === '.') continue;
    const name = search.replace(/\.$/, '');
    errors.push(...checked(at.child('searches').index(index), name, dns1123SubdomainWithUnderscore(name)));
  }
  for (const [index, option] of options.entries()) {
    if (!option.name) errors.push(required(at.child('options').index(index), 'must not be empty'));
  }
  return errors;
}

function validateGates(spec: PodSpec, at: Path): FieldError[] {
  const errors = (spec.readinessGates ?? []).flatMap(({ conditionType }, index) =>
    checked(
      at.child('readinessGates').index(index).child('conditionType'),
      conditionType,
      qualifiedName(conditionType ?? ''),
    ),
  );
  const seen = new Set<string>();
  for (const [index, gate] of (spec.schedulingGates ?? []).entries()) {
    const here = at.child('schedulingGates').index(index);
    errors.push(...checked(here, gate.name, qualifiedName(gate.name ?? '')));
    if (seen.has(gate.name)) errors.push(duplicate(here, gate.name));
    seen.add(gate.name);
  }
  return errors;
}

function validateNames(spec: PodSpec, at: Path): FieldError[] {
  const errors: FieldError[] = [];
  const name = (field: keyof PodSpec, rule: (value: string) => string[]): void => {
    const value: unknown = spec[field];
    if (typeof value === 'string' && value !== '') errors.push(...checked(at.child(field), value, rule(value)));
  };
  if (spec.hostnameOverride != null) {
    const here = at.child('hostnameOverride');
    if (spec.setHostnameAsFQDN)
      errors.push(forbiddenField(here, 'may not be specified when setHostnameAsFQDN is true'));
    if (spec.hostNetwork) errors.push(forbiddenField(here, 'may not be specified when hostNetwork is true'));
    if (spec.hostnameOverride.length > 64) errors.push(tooLong(here, '', 64));
    errors.push(...checked(here, spec.hostnameOverride, dns1123Subdomain(spec.hostnameOverride)));
  }
  name('serviceAccountName', dns1123Subdomain);
  name('nodeName', dns1123Subdomain);
  const deadline = spec.activeDeadlineSeconds;
  if (deadline != null && (deadline < 1 || deadline > 2147483647)) {
    errors.push(
      invalidValue(at.child('activeDeadlineSeconds'), deadline, 'must be between 1 and 2147483647, inclusive'),
    );
  }
  name('hostname', dns1123Label);
  name('subdomain', dns1123Label);
  name('priorityClassName', dns1123Subdomain);
  if (spec.runtimeClassName != null) {
    errors.push(
      ...checked(at.child('runtimeClassName'), spec.runtimeClassName, dns1123Subdomain(spec.runtimeClassName)),
    );
  }
  return errors;
}

function validateHostAliases(spec: PodSpec, at: Path): FieldError[] {
  return (spec.hostAliases ?? []).flatMap((alias, index) => [
    ...validateAddress(alias.ip ?? '', at.index(index).child('ip')),
    ...(alias.hostnames ?? []).flatMap((hostname, position) =>
      checked(at.index(index).child('hostnames').index(position), hostname, dns1123Subdomain(hostname)),
    ),
  ]);
}

/** Environment variables come from files of an emptyDir only (KEP-3721). */
function validateFileVolumes(spec: PodSpec, at: Path): FieldError[] {
  const volumes = new Map((spec.volumes ?? []).map((volume) => [volume.name, volume]));
  return (['initContainers', 'containers', 'ephemeralContainers'] as const).flatMap((field) =>
    (spec[field] ?? []).flatMap((container, index) =>
      (container.env ?? []).flatMap(({ valueFrom }, position) => {
        const name = valueFrom?.fileKeyRef?.volumeName;
        if (valueFrom?.fileKeyRef === undefined) return [];
        const here = at.child(field).index(index).child('env').index(position);
        const place = here.child('valueFrom', 'fileKeyRef', 'volumeName');
        const volume = volumes.get(name ?? '');
        if (volume === undefined) return [notFoundField(place, name ?? '')];
        return volume.emptyDir ? [] : [invalidValue(place, name, 'referenced volume must be of type emptyDir')];
      }),
    ),
  );
}

function validateOs(spec: PodSpec, at: Path): FieldError[] {
  if (!spec.os) return [];
  const { name } = spec.os;
  if (!name) return [required(at.child('os', 'name'), '')];
  if (name === 'linux') return validateLinuxPod(spec, at);
  return name === 'windows' ? validateWindowsPod(spec, at) : oneOf(at.child('os'), name, ['linux', 'windows']);
}
