import type { Container, ContainerPort, EphemeralContainer } from '@typernetes/openapi/types/core/v1';
import {
  checked,
  dns1123Label,
  duplicate,
  type FieldError,
  forbiddenField,
  invalidValue,
  notFoundField,
  notSupported,
  oneOf,
  optionalOneOf,
  type Path,
  portName,
  portNumber,
  required,
  tooMany,
} from '../../validation/index.ts';
import type { ContainerScope } from './container-scope.ts';
import { validateEnvironment, validateEnvironmentSources } from './validate-environment.ts';
import { validateDevices, validateMounts } from './validate-mounts.ts';
import { validateRunning } from './validate-probes.ts';
import { validateResizePolicy, validateResources } from './validate-resources.ts';
import { validateSecurityContext } from './validate-security.ts';

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
