import { isValidGroupId, isValidUserId } from '@typernetes/openapi/meta';
import type {
  AppArmorProfile,
  PodSecurityContext,
  PodSpec,
  SeccompProfile,
  SecurityContext,
} from '@typernetes/openapi/types/core/v1';
import type { FieldError, Path } from '../../validation/index.ts';
import {
  checked,
  duplicate,
  forbiddenField,
  invalidValue,
  notSupported,
  optionalOneOf,
  required,
  tooLong,
} from '../../validation/index.ts';
import { internalProfile, internalSecurityContext } from './internal-shape.ts';
import { validateRelativePath } from './validate-paths.ts';
import { validateWindowsOptions } from './validate-windows.ts';

function validateIds(context: { runAsUser?: number; runAsGroup?: number }, at: Path): FieldError[] {
  const errors: FieldError[] = [];
  if (context.runAsUser != null)
    errors.push(...checked(at.child('runAsUser'), context.runAsUser, isValidUserId(context.runAsUser)));
  if (context.runAsGroup != null) {
    errors.push(...checked(at.child('runAsGroup'), context.runAsGroup, isValidGroupId(context.runAsGroup)));
  }
  return errors;
}

export function validateSecurityContext(
  context: SecurityContext | undefined,
  hostUsers: boolean,
  at: Path,
): FieldError[] {
  if (!context) return [];
  const errors = validateIds(context, at);
  const { procMount } = context;
  errors.push(...optionalOneOf(at.child('procMount'), procMount, ['Default', 'Unmasked']));
  if (hostUsers && procMount === 'Unmasked')
    errors.push(invalidValue(at.child('procMount'), procMount, '`hostUsers` must be false to use `Unmasked`'));
  errors.push(...validateSeccomp(context.seccompProfile, at.child('seccompProfile')));
  if (context.allowPrivilegeEscalation === false) {
    if (context.privileged) {
      errors.push(
        invalidValue(
          at,
          internalSecurityContext(context),
          'cannot set `allowPrivilegeEscalation` to false and `privileged` to true',
        ),
      );
    }
    if ((context.capabilities?.add ?? []).includes('CAP_SYS_ADMIN')) {
      const message = 'cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN';
      errors.push(invalidValue(at, internalSecurityContext(context), message));
    }
  }
  return [
    ...errors,
    ...validateWindowsOptions(context.windowsOptions, at.child('windowsOptions')),
    ...validateAppArmor(context.appArmorProfile, at.child('appArmorProfile')),
  ];
}

export function validatePodSecurityContext(
  context: PodSecurityContext | undefined,
  spec: PodSpec,
  at: Path,
): FieldError[] {
  if (!context) return [];
  const errors: FieldError[] = [];
  if (context.fsGroup != null)
    errors.push(...checked(at.child('fsGroup'), context.fsGroup, isValidGroupId(context.fsGroup)));
  errors.push(...validateIds(context, at));
  for (const [index, group] of (context.supplementalGroups ?? []).entries()) {
    errors.push(...checked(at.child('supplementalGroups').index(index), group, isValidGroupId(group)));
  }
  if (spec.shareProcessNamespace && spec.hostPID) {
    errors.push(
      invalidValue(at.child('shareProcessNamespace'), true, 'ShareProcessNamespace and HostPID cannot both be enabled'),
    );
  }
  errors.push(
    ...validateSysctls(context, spec, at.child('sysctls')),
    ...optionalOneOf(at.child('fsGroupChangePolicy'), context.fsGroupChangePolicy, ['Always', 'OnRootMismatch']),
    ...validateSeccomp(context.seccompProfile, at.child('seccompProfile')),
    ...validateWindowsOptions(context.windowsOptions, at.child('windowsOptions')),
    ...validateAppArmor(context.appArmorProfile, at.child('appArmorProfile')),
    ...optionalOneOf(at.child('supplementalGroupsPolicy'), context.supplementalGroupsPolicy, ['Merge', 'Strict']),
    ...optionalOneOf(at.child('seLinuxChangePolicy'), context.seLinuxChangePolicy, ['Recursive']),
  );
  return errors;
}

const SYSCTL = '^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$';
/** The same language without the nested quantifiers, which would backtrack. */
const sysctlSegment = /^[a-z0-9](?:[-_a-z0-9]*[a-z0-9])?$/;

function validateSysctls(context: PodSecurityContext, spec: PodSpec, at: Path): FieldError[] {
  const seen = new Set<string>();
  return (context.sysctls ?? []).flatMap(({ name }, index) => {
    const here = at.index(index).child('name');
    const errors: FieldError[] = [];
    if (!name) errors.push(required(here, ''));
    else if (name.length > 253 || !name.split(/[./]/).every((part) => sysctlSegment.test(part))) {
      errors.push(invalidValue(here, name, `must have at most 253 characters and match regex ${SYSCTL}`));
    } else if (seen.has(name)) errors.push(duplicate(here, name));
    seen.add(name);
    const dotted = (name ?? '').replaceAll('/', '.');
    if (spec.hostNetwork && dotted.startsWith('net.')) {
      errors.push(invalidValue(here, name, "may not be specified when 'hostNetwork' is true"));
    } else if (spec.hostIPC && /^(kernel\.(shm|msg|sem)|fs\.mqueue\.)/.test(dotted)) {
      errors.push(invalidValue(here, name, "may not be specified when 'hostIPC' is true"));
    }
    return errors;
  });
}

const PROFILE_TYPES = ['Localhost', 'RuntimeDefault', 'Unconfined'];

function validateSeccomp(profile: SeccompProfile | undefined, at: Path): FieldError[] {
  if (!profile) return [];
  const errors: FieldError[] = [];
  if (!profile.type) errors.push(required(at.child('type'), 'type is required when seccompProfile is set'));
  else if (!PROFILE_TYPES.includes(profile.type))
    errors.push(notSupported(at.child('type'), profile.type, PROFILE_TYPES));
  const here = at.child('localhostProfile');
  if (profile.type === 'Localhost') {
    if (profile.localhostProfile == null) errors.push(required(here, 'must be set when seccomp type is Localhost'));
    else errors.push(...validateRelativePath(profile.localhostProfile, here));
  } else if (profile.localhostProfile != null) {
    errors.push(invalidValue(here, internalProfile(profile), 'can only be set when seccomp type is Localhost'));
  }
  return errors;
}

export function validateAppArmor(profile: AppArmorProfile | undefined, at: Path): FieldError[] {
  if (!profile) return [];
  const here = at.child('localhostProfile');
  const path = profile.localhostProfile;
  switch (profile.type) {
    case 'Localhost': {
      if (path == null || path.trim() === '') return [required(here, 'must be set when AppArmor type is Localhost')];
      const errors = path.trim() === path ? [] : [invalidValue(here, path, 'must not be padded with whitespace')];
      if (path.length > 4095) errors.push(tooLong(here, '', 4095));
      return errors;
    }
    case 'RuntimeDefault':
    case 'Unconfined':
      return path == null ? [] : [invalidValue(here, path, 'can only be set when AppArmor type is Localhost')];
    default:
      if (!profile.type) return [required(at.child('type'), 'type is required when appArmorProfile is set')];
      return [notSupported(at.child('type'), profile.type, PROFILE_TYPES)];
  }
}

/** In a user namespace of its own a pod cannot also use the host's other namespaces. */
export function validateHostUsers(spec: PodSpec, at: Path): FieldError[] {
  if (spec.hostUsers !== false) return [];
  const errors: FieldError[] = [];
  if (spec.hostNetwork) errors.push(forbiddenField(at.child('hostNetwork'), 'when `hostUsers` is false'));
  if (spec.hostPID) errors.push(forbiddenField(at.child('HostPID'), 'when `hostUsers` is false'));
  if (spec.hostIPC) errors.push(forbiddenField(at.child('HostIPC'), 'when `hostUsers` is false'));
  // Devices cannot be mounted with other owners.
  for (const list of ['initContainers', 'containers', 'ephemeralContainers'] as const)
    for (const [index, { volumeDevices = [] }] of (spec[list] ?? []).entries()) {
      const here = at.child(list).index(index).child('volumeDevices');
      if (volumeDevices.length > 0) errors.push(forbiddenField(here, 'when `hostUsers` is false'));
    }
  return errors;
}
