import type {
  Container,
  ContainerPort,
  EphemeralContainer,
  Lifecycle,
  LifecycleHandler,
  Probe,
  ResourceRequirements,
  Volume,
  VolumeDevice,
  VolumeMount,
} from '@typernetes/openapi/types/core/v1';
import type { FieldError, Path } from '../../validation/index.ts';
import {
  checked,
  compareQuantities,
  dns1123Label,
  duplicate,
  forbiddenField,
  httpHeaderName,
  invalidValue,
  isHugePages,
  isOvercommitAllowed,
  nonNegativeFields,
  notFoundField,
  notSupported,
  oneOf,
  optionalOneOf,
  portName,
  portNumber,
  required,
  tooMany,
  validateContainerResourceName,
  validatePort,
  validateResourceQuantity,
} from '../../validation/index.ts';
import { validateEnvironment, validateEnvironmentSources } from './validate-environment.ts';
import { validateNoBacksteps, validateRelativePath } from './validate-paths.ts';
import { validateSecurityContext } from './validate-security.ts';

/** What rules about one container need to know of its pod. */
export interface ContainerScope {
  volumes: ReadonlyMap<string, Volume>;
  claims: ReadonlySet<string>;
  gracePeriodSeconds: number | undefined;
  restartPolicy: string | undefined;
  /** The pod runs in the host's user namespace. */
  hostUsers: boolean;
}

export const PROTOCOLS = ['SCTP', 'TCP', 'UDP'];

export function validateContainers(
  containers: readonly Container[] | undefined,
  scope: ContainerScope,
  at: Path,
): FieldError[] {
  if (!containers || containers.length === 0) return [required(at, '')];
  const names = new Set<string>();
  const errors: FieldError[] = [];
  for (const [index, container] of containers.entries()) {
    const here = at.index(index);
    errors.push(...validateCommon(container, scope, here));
    if (names.has(container.name)) errors.push(duplicate(here.child('name'), container.name));
    names.add(container.name);
    errors.push(...validateRunning(container, scope, here), ...validateRestartRules(container, here));
  }
  errors.push(...validateUniqueHostPorts(containers, at));
  return errors;
}

export function validateInitContainers(
  containers: readonly Container[] | undefined,
  regular: readonly Container[] | undefined,
  scope: ContainerScope,
  at: Path,
): FieldError[] {
  const names = new Set((regular ?? []).map((container) => container.name));
  const errors: FieldError[] = [];
  for (const [index, container] of (containers ?? []).entries()) {
    const here = at.index(index);
    errors.push(...validateCommon(container, scope, here));
    errors.push(...validateInitRestartRules(container, here));
    if (names.has(container.name)) errors.push(duplicate(here.child('name'), container.name));
    else if (container.name) names.add(container.name);
    errors.push(...validateUniqueHostPorts([container], at));
    if (container.restartPolicy === 'Always') {
      errors.push(...validateRunning(container, scope, here));
      continue;
    }
    for (const field of ['lifecycle', 'livenessProbe', 'readinessProbe', 'startupProbe'] as const) {
      if (container[field]) {
        errors.push(
          forbiddenField(here.child(field), 'may not be set for init containers without restartPolicy=Always'),
        );
      }
    }
    for (const [position, policy] of (container.resizePolicy ?? []).entries()) {
      if (policy.restartPolicy !== 'RestartContainer') continue;
      const place = here.child('resizePolicy').index(position).child('restartPolicy');
      errors.push(
        invalidValue(
          place,
          policy.restartPolicy,
          "must not be set to 'RestartContainer' for non-sidecar initContainers",
        ),
      );
    }
  }
  return errors;
}

/** Rules need a policy to make exceptions from; without one they are not looked at. */
function validateInitRestartRules(container: Container, at: Path): FieldError[] {
  const errors = validateRestartRules(container, at);
  return container.restartPolicy === undefined ? errors.slice(0, 1) : errors;
}

/** The fields of a container that mean nothing in one started later for debugging. */
const NOT_EPHEMERAL = [
  'ports',
  'resources',
  'resizePolicy',
  'restartPolicy',
  'restartPolicyRules',
  'livenessProbe',
  'readinessProbe',
  'startupProbe',
  'lifecycle',
] as const;

export function validateEphemeralContainers(
  containers: readonly EphemeralContainer[] | undefined,
  others: readonly Container[],
  initContainers: readonly Container[],
  scope: ContainerScope,
  at: Path,
): FieldError[] {
  const names = new Set([...others, ...initContainers].map((container) => container.name));
  const errors: FieldError[] = [];
  for (const [index, container] of (containers ?? []).entries()) {
    const here = at.index(index);
    errors.push(...validateCommon(container, scope, here));
    if (names.has(container.name)) errors.push(duplicate(here.child('name'), container.name));
    names.add(container.name);
    const target = container.targetContainerName;
    if (target && ![...others, ...initContainers].some((other) => other.name === target)) {
      errors.push(notFoundField(here.child('targetContainerName'), target));
    }
    for (const field of NOT_EPHEMERAL) {
      const value: unknown = container[field];
      if (value === undefined || value === null || (field === 'resources' && Object.keys(value).length === 0)) continue;
      errors.push(forbiddenField(here.child(field), 'cannot be set for an Ephemeral Container'));
    }
    for (const [position, mount] of (container.volumeMounts ?? []).entries()) {
      const place = here.child('volumeMounts').index(position);
      if (mount.subPath)
        errors.push(forbiddenField(place.child('subPath'), 'cannot be set for an Ephemeral Container'));
      if (mount.subPathExpr)
        errors.push(forbiddenField(place.child('subPathExpr'), 'cannot be set for an Ephemeral Container'));
    }
  }
  return errors;
}

function validateCommon(container: Container | EphemeralContainer, scope: ContainerScope, at: Path): FieldError[] {
  const errors: FieldError[] = [];
  if (!container.name) errors.push(required(at.child('name'), ''));
  else errors.push(...checked(at.child('name'), container.name, dns1123Label(container.name)));
  if (!container.image) errors.push(required(at.child('image'), ''));
  errors.push(
    ...oneOf(at.child('terminationMessagePolicy'), container.terminationMessagePolicy, [
      'File',
      'FallbackToLogsOnError',
    ]),
    ...validatePorts(container.ports ?? [], at.child('ports')),
    ...validateEnvironment(container.env ?? [], at.child('env')),
    ...validateEnvironmentSources(container.envFrom ?? [], at.child('envFrom')),
    ...validateMounts(container, scope, at.child('volumeMounts')),
    ...validateDevices(container, scope, at.child('volumeDevices')),
    ...oneOf(at.child('imagePullPolicy'), container.imagePullPolicy, ['Always', 'IfNotPresent', 'Never']),
    ...validateResources(container.resources, scope.claims, at.child('resources')),
    ...validateResizePolicy(container, scope, at.child('resizePolicy')),
    ...validateSecurityContext(container.securityContext, scope.hostUsers, at.child('securityContext')),
  );
  return errors;
}

function validatePorts(ports: readonly ContainerPort[], at: Path): FieldError[] {
  const names = new Set<string>();
  return ports.flatMap((port, index) => {
    const here = at.index(index);
    const errors: FieldError[] = [];
    if (port.name) {
      const messages = portName(port.name);
      if (messages.length > 0) errors.push(...checked(here.child('name'), port.name, messages));
      else if (names.has(port.name)) errors.push(duplicate(here.child('name'), port.name));
      names.add(port.name);
    }
    if (!port.containerPort) errors.push(required(here.child('containerPort'), ''));
    else errors.push(...checked(here.child('containerPort'), port.containerPort, portNumber(port.containerPort)));
    if (port.hostPort) errors.push(...checked(here.child('hostPort'), port.hostPort, portNumber(port.hostPort)));
    errors.push(...oneOf(here.child('protocol'), port.protocol, PROTOCOLS));
    return errors;
  });
}

function validateUniqueHostPorts(containers: readonly Container[], at: Path): FieldError[] {
  const seen = new Set<string>();
  return containers.flatMap((container, index) =>
    (container.ports ?? []).flatMap((port, position) => {
      if (!port.hostPort) return [];
      const key = `${port.protocol}/${port.hostIP ?? ''}/${port.hostPort}`;
      if (seen.has(key)) return [duplicate(at.index(index).child('ports').index(position).child('hostPort'), key)];
      seen.add(key);
      return [];
    }),
  );
}

function validateMounts(container: Container | EphemeralContainer, scope: ContainerScope, at: Path): FieldError[] {
  const devices: readonly VolumeDevice[] = container.volumeDevices ?? [];
  const paths = new Set<string>();
  return (container.volumeMounts ?? []).flatMap((mount: VolumeMount, index) => {
    const here = at.index(index);
    const errors: FieldError[] = [];
    if (!mount.name) errors.push(required(here.child('name'), ''));
    if (!scope.volumes.has(mount.name)) errors.push(notFoundField(here.child('name'), mount.name ?? ''));
    if (!mount.mountPath) errors.push(required(here.child('mountPath'), ''));
    if (paths.has(mount.mountPath))
      errors.push(invalidValue(here.child('mountPath'), mount.mountPath, 'must be unique'));
    paths.add(mount.mountPath);
    if (devices.some((device) => device.name === mount.name)) {
      errors.push(invalidValue(here.child('name'), mount.name, 'must not already exist in volumeDevices'));
    }
    if (devices.some((device) => device.devicePath === mount.mountPath)) {
      errors.push(
        invalidValue(here.child('mountPath'), mount.mountPath, 'must not already exist as a path in volumeDevices'),
      );
    }
    if (mount.subPath) errors.push(...validateRelativePath(mount.subPath, at.child('subPath')));
    if (mount.subPathExpr) {
      if (mount.subPath) {
        errors.push(
          invalidValue(here.child('subPathExpr'), mount.subPathExpr, 'subPathExpr and subPath are mutually exclusive'),
        );
      }
      errors.push(...validateRelativePath(mount.subPathExpr, at.child('subPathExpr')));
    }
    errors.push(
      ...validateMountPropagation(mount, container, at.child('mountPropagation')),
      ...validateRecursiveReadOnly(mount, here.child('recursiveReadOnly')),
    );
    return errors;
  });
}

function validateMountPropagation(
  mount: VolumeMount,
  container: Container | EphemeralContainer,
  at: Path,
): FieldError[] {
  if (mount.mountPropagation === undefined) return [];
  const supported = ['Bidirectional', 'HostToContainer', 'None'];
  if (!supported.includes(mount.mountPropagation)) return [notSupported(at, mount.mountPropagation, supported)];
  if (mount.mountPropagation === 'Bidirectional' && container.securityContext?.privileged !== true) {
    return [forbiddenField(at, 'Bidirectional mount propagation is available only to privileged containers')];
  }
  return [];
}

function validateRecursiveReadOnly(mount: VolumeMount, at: Path): FieldError[] {
  const mode = mount.recursiveReadOnly;
  if (mode === undefined || mode === 'Disabled') return [];
  if (mode !== 'Enabled' && mode !== 'IfPossible')
    return [notSupported(at, mode, ['Disabled', 'Enabled', 'IfPossible'])];
  const errors: FieldError[] = [];
  if (!mount.readOnly) errors.push(forbiddenField(at, 'may only be specified when readOnly is true'));
  const propagation = mount.mountPropagation;
  if (propagation !== undefined && propagation !== 'None')
    errors.push(forbiddenField(at, 'may only be specified when mountPropagation is None or not specified'));
  return errors;
}

function validateDevices(container: Container | EphemeralContainer, scope: ContainerScope, at: Path): FieldError[] {
  const mounts: readonly VolumeMount[] = container.volumeMounts ?? [];
  const paths = new Set<string>();
  const names = new Set<string>();
  return (container.volumeDevices ?? []).flatMap((device, index) => {
    const here = at.index(index);
    const errors: FieldError[] = [];
    const volume = scope.volumes.get(device.name);
    if (!device.name) errors.push(required(here.child('name'), ''));
    if (names.has(device.name)) errors.push(invalidValue(here.child('name'), device.name, 'must be unique'));
    if (volume && !volume.persistentVolumeClaim && !volume.ephemeral) {
      const message = 'can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode';
      errors.push(invalidValue(here.child('name'), device.name, message));
    }
    if (!volume) errors.push(notFoundField(here.child('name'), device.name ?? ''));
    if (!device.devicePath) errors.push(required(here.child('devicePath'), ''));
    if (paths.has(device.devicePath))
      errors.push(invalidValue(here.child('devicePath'), device.devicePath, 'must be unique'));
    if (device.devicePath && validateNoBacksteps(device.devicePath, here).length > 0) {
      errors.push(invalidValue(here.child('devicePath'), device.devicePath, "can not contain backsteps ('..')"));
    } else {
      paths.add(device.devicePath);
    }
    if (mounts.some((mount) => mount.name === device.name)) {
      errors.push(invalidValue(here.child('name'), device.name, 'must not already exist in volumeMounts'));
    }
    if (mounts.some((mount) => mount.mountPath === device.devicePath)) {
      errors.push(
        invalidValue(here.child('devicePath'), device.devicePath, 'must not already exist as a path in volumeMounts'),
      );
    }
    names.add(device.name);
    return errors;
  });
}

export function validateResources(
  resources: ResourceRequirements | undefined,
  claims: ReadonlySet<string>,
  at: Path,
  validateName = validateContainerResourceName,
): FieldError[] {
  const limits = resources?.limits ?? {};
  const requests = resources?.requests ?? {};
  const errors: FieldError[] = [];
  for (const [resource, quantity] of Object.entries(limits)) {
    const here = at.child('limits').key(resource);
    errors.push(...validateName(resource, here), ...validateResourceQuantity(resource, quantity, here));
  }
  for (const [resource, quantity] of Object.entries(requests)) {
    const here = at.child('requests').key(resource);
    errors.push(...validateName(resource, here), ...validateResourceQuantity(resource, quantity, here));
    const limit = limits[resource];
    if (limit === undefined) {
      if (!isOvercommitAllowed(resource)) {
        errors.push(required(at.child('limits'), 'Limit must be set for non overcommitable resources'));
      }
      continue;
    }
    const order = compareQuantities(quantity, limit);
    if (order !== 0 && !isOvercommitAllowed(resource)) {
      errors.push(invalidValue(at.child('requests'), quantity, `must be equal to ${resource} limit of ${limit}`));
    } else if (order > 0) {
      errors.push(
        invalidValue(at.child('requests'), quantity, `must be less than or equal to ${resource} limit of ${limit}`),
      );
    }
  }
  const named = [...Object.keys(limits), ...Object.keys(requests)];
  if (named.some(isHugePages) && !named.some((resource) => resource === 'cpu' || resource === 'memory')) {
    errors.push(forbiddenField(at, 'HugePages require cpu or memory'));
  }
  return [...errors, ...validateClaims(resources?.claims, claims, at.child('claims'))];
}

/** Claims of devices name those of the pod. */
function validateClaims(given: ResourceRequirements['claims'], known: ReadonlySet<string>, at: Path): FieldError[] {
  const names = new Set<string>();
  const among = known.size === 0 ? ' which is empty' : `: ${[...known].sort().join(', ')}`;
  return (given ?? []).flatMap(({ name, request }, index) => {
    const here = at.index(index);
    if (!name) return [required(here, '')];
    const errors: FieldError[] = [];
    const key = request ? `${name}/${request}` : name;
    if (names.has(key) || names.has(name)) errors.push(duplicate(here, key));
    names.add(key);
    if (!known.has(name))
      errors.push({
        ...notFoundField(here, name),
        detail: `must be one of the names in pod.spec.resourceClaims${among}`,
      });
    return errors;
  });
}

function validateResizePolicy(
  container: Container | EphemeralContainer,
  scope: ContainerScope,
  at: Path,
): FieldError[] {
  const seen = new Set<string>();
  return (container.resizePolicy ?? []).flatMap((policy, index) => {
    const errors: FieldError[] = [];
    if (seen.has(policy.resourceName)) errors.push(duplicate(at.index(index), policy.resourceName));
    seen.add(policy.resourceName);
    errors.push(
      ...oneOf(at, policy.resourceName, ['cpu', 'memory']),
      ...oneOf(at, policy.restartPolicy, ['NotRequired', 'RestartContainer']),
    );
    if (scope.restartPolicy === 'Never' && policy.restartPolicy !== 'NotRequired') {
      errors.push(invalidValue(at, policy.restartPolicy, "must be 'NotRequired' when pod `restartPolicy` is 'Never'"));
    }
    return errors;
  });
}

/** A container's own restart policy and its rules by exit code (KEP-5307). */
function validateRestartRules(container: Container, at: Path): FieldError[] {
  const rules = container.restartPolicyRules ?? [];
  const errors: FieldError[] = [];
  if (container.restartPolicy === undefined) {
    if (rules.length === 0) return [];
    errors.push(required(at.child('restartPolicy'), 'must specify restartPolicy when restart rules are used'));
  } else {
    errors.push(...optionalOneOf(at.child('restartPolicy'), container.restartPolicy, ['Always', 'Never', 'OnFailure']));
  }
  if (rules.length > 20) errors.push(tooMany(at.child('restartPolicyRules'), rules.length, 20));
  for (const [index, rule] of rules.entries()) {
    const here = at.child('restartPolicyRules').index(index);
    const actions = ['Restart', 'RestartAllContainers'];
    if (!actions.includes(rule.action)) errors.push(notSupported(here.child('action'), rule.action ?? '', actions));
    if (!rule.exitCodes) {
      errors.push(required(here.child('exitCodes'), 'must be specified'));
      continue;
    }
    const operators = ['In', 'NotIn'];
    if (!operators.includes(rule.exitCodes.operator)) {
      errors.push(notSupported(here.child('exitCodes', 'operator'), rule.exitCodes.operator ?? '', operators));
    }
    const values = rule.exitCodes.values ?? [];
    if (values.length > 255) errors.push(tooMany(here.child('exitCodes', 'values'), values.length, 255));
  }
  return errors;
}

/** What only a container that keeps running may have. */
function validateRunning(container: Container, scope: ContainerScope, at: Path): FieldError[] {
  return [
    ...validateLifecycle(container.lifecycle, scope, at.child('lifecycle')),
    ...validateProbe(container.livenessProbe, scope, at.child('livenessProbe'), 'liveness'),
    ...validateProbe(container.readinessProbe, scope, at.child('readinessProbe'), 'readiness'),
    ...validateProbe(container.startupProbe, scope, at.child('startupProbe'), 'startup'),
  ];
}

function validateProbe(
  probe: Probe | undefined,
  scope: ContainerScope,
  at: Path,
  kind: 'liveness' | 'readiness' | 'startup',
): FieldError[] {
  if (!probe) return [];
  const errors = validateHandler(probe, scope, at);
  const numbers = ['initialDelaySeconds', 'timeoutSeconds', 'periodSeconds', 'successThreshold', 'failureThreshold'];
  errors.push(...nonNegativeFields(at, probe, numbers));
  const grace = probe.terminationGracePeriodSeconds;
  if (grace != null && grace <= 0) {
    errors.push(invalidValue(at.child('terminationGracePeriodSeconds'), grace, 'must be greater than 0'));
  }
  if (kind === 'readiness') {
    if (grace != null) {
      errors.push(
        invalidValue(at.child('terminationGracePeriodSeconds'), grace, 'must not be set for readinessProbes'),
      );
    }
  } else if (probe.successThreshold !== 1) {
    errors.push(invalidValue(at.child('successThreshold'), probe.successThreshold ?? 0, 'must be 1'));
  }
  return errors;
}

function validateLifecycle(lifecycle: Lifecycle | undefined, scope: ContainerScope, at: Path): FieldError[] {
  const errors: FieldError[] = [];
  if (lifecycle?.postStart) errors.push(...validateHandler(lifecycle.postStart, scope, at.child('postStart')));
  if (lifecycle?.preStop) errors.push(...validateHandler(lifecycle.preStop, scope, at.child('preStop')));
  return errors;
}

/** Exactly one way to act on (or look at) a container. */
function validateHandler(handler: Probe | LifecycleHandler, scope: ContainerScope, at: Path): FieldError[] {
  const grpc = 'grpc' in handler ? handler.grpc : undefined;
  const sleep = 'sleep' in handler ? handler.sleep : undefined;
  const errors: FieldError[] = [];
  let found = false;
  const one = (field: string, present: boolean, rule: () => FieldError[]): void => {
    if (!present) return;
    if (found) errors.push(forbiddenField(at.child(field), 'may not specify more than 1 handler type'));
    else errors.push(...rule());
    found = true;
  };
  const { exec, httpGet, tcpSocket } = handler;
  one('exec', exec != null, () =>
    (exec?.command ?? []).length === 0 ? [required(at.child('exec', 'command'), '')] : [],
  );
  one('httpGet', httpGet != null, () => {
    const here = at.child('httpGet');
    const found: FieldError[] = httpGet?.path ? [] : [required(here.child('path'), '')];
    found.push(...validatePort(httpGet?.port, here.child('port')));
    const schemes = ['HTTP', 'HTTPS'];
    if (!schemes.includes(httpGet?.scheme ?? ''))
      found.push(notSupported(here.child('scheme'), httpGet?.scheme ?? '', schemes));
    for (const header of httpGet?.httpHeaders ?? []) {
      found.push(...checked(here.child('httpHeaders'), header.name, httpHeaderName(header.name)));
    }
    return found;
  });
  one('tcpSocket', tcpSocket != null, () => validatePort(tcpSocket?.port, at.child('tcpSocket', 'port')));
  one('grpc', grpc != null, () => validatePort(grpc?.port, at.child('grpc', 'port')));
  one('sleep', sleep != null, () => validateSleep(sleep?.seconds ?? 0, scope, at.child('sleep')));
  if (!found) errors.push(required(at, 'must specify a handler type'));
  return errors;
}

function validateSleep(seconds: number, scope: ContainerScope, at: Path): FieldError[] {
  const grace = scope.gracePeriodSeconds;
  if (grace === undefined || (seconds >= 0 && seconds <= grace)) return [];
  return [invalidValue(at, seconds, `must be non-negative and less than terminationGracePeriodSeconds (${grace})`)];
}
