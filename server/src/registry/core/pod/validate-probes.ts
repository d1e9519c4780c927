/** What is run in or asked of a container while it lives: probes and hooks. */
import type { Container, Lifecycle, LifecycleHandler, Probe } from '@typernetes/openapi/types/core/v1';
import {
  checked,
  type FieldError,
  forbiddenField,
  httpHeaderName,
  invalidValue,
  nonNegativeFields,
  notSupported,
  type Path,
  required,
  validatePort,
} from '../../validation/index.ts';
import type { ContainerScope } from './container-scope.ts';

export function validateRunning(container: Container, scope: ContainerScope, at: Path): FieldError[] {
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
