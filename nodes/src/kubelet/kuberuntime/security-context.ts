/** securityContext of pod and container as CRI has it; the container's word wins. */
import type { Container, Pod, SeccompProfile, SecurityContext } from '@typernetes/openapi/types/core/v1';
import type {
  Input,
  LinuxContainerSecurityContext,
  LinuxSandboxSecurityContext,
  NamespaceOption,
  SecurityProfile,
} from 'cri-client';
import { allContainers, formatPod, specOf } from '../pod/pod.ts';

const maskedPaths = [
  '/proc/asound',
  '/proc/acpi',
  '/proc/interrupts',
  '/proc/kcore',
  '/proc/keys',
  '/proc/latency_stats',
  '/proc/timer_list',
  '/proc/timer_stats',
  '/proc/sched_debug',
  '/proc/scsi',
  '/sys/firmware',
  '/sys/devices/virtual/powercap',
];
const readonlyPaths = ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger'];

export class SecurityContextError extends Error {
  override readonly name = 'SecurityContextError';
}

export function namespaceOptions(pod: Pod): Input<NamespaceOption> {
  const spec = specOf(pod);
  return {
    network: spec.hostNetwork === true ? 'NODE' : 'POD',
    ipc: spec.hostIPC === true ? 'NODE' : 'POD',
    pid: spec.hostPID === true ? 'NODE' : spec.shareProcessNamespace === true ? 'POD' : 'CONTAINER',
  };
}

function securityProfile(profile: SeccompProfile | undefined, profileRoot: string): Input<SecurityProfile> {
  switch (profile?.type) {
    case 'RuntimeDefault':
      return { profileType: 'RuntimeDefault' };
    case 'Localhost':
      return { profileType: 'Localhost', localhostRef: `${profileRoot}/${profile.localhostProfile ?? ''}` };
    default:
      return { profileType: 'Unconfined' };
  }
}

const int64 = (value: number | undefined) => (value === undefined ? undefined : { value: BigInt(value) });
const isPrivileged = (container: Container): boolean => container.securityContext?.privileged === true;

export function sandboxSecurityContext(pod: Pod): Input<LinuxSandboxSecurityContext> {
  const context = specOf(pod).securityContext;
  const groups = [...(context?.fsGroup === undefined ? [] : [context.fsGroup]), ...(context?.supplementalGroups ?? [])];
  return {
    namespaceOptions: namespaceOptions(pod),
    privileged: allContainers(pod).some(isPrivileged),
    seccomp: { profileType: 'RuntimeDefault' },
    runAsUser: int64(context?.runAsUser),
    // A group without a user is refused by runtimes.
    runAsGroup: context?.runAsUser === undefined ? undefined : int64(context.runAsGroup),
    supplementalGroups: groups.map(BigInt),
    supplementalGroupsPolicy: context?.supplementalGroupsPolicy === 'Strict' ? 'Strict' : 'Merge',
    selinuxOptions: context?.seLinuxOptions,
  };
}

export interface ImageUser {
  uid: number | undefined;
  username: string;
}

const inheritedFields = [
  'runAsUser',
  'runAsGroup',
  'runAsNonRoot',
  'seLinuxOptions',
  'seccompProfile',
  'appArmorProfile',
] as const;

/** The container's own settings over the pod's. */
export function effectiveSecurityContext(pod: Pod, container: Container): SecurityContext {
  const context = specOf(pod).securityContext ?? {};
  const inherited = Object.fromEntries(
    inheritedFields.flatMap((field) => (context[field] === undefined ? [] : [[field, context[field]]])),
  );
  const own = Object.fromEntries(
    Object.entries(container.securityContext ?? {}).filter(([, value]) => value !== undefined && value !== null),
  );
  return { ...inherited, ...own };
}

/** Throws when the container must not run as root and would, or might. */
export function verifyRunAsNonRoot(pod: Pod, container: Container, image: ImageUser): void {
  const context = effectiveSecurityContext(pod, container);
  if (context.runAsNonRoot !== true) return;
  const where = `(pod: "${formatPod(pod)}", container: ${container.name})`;
  if (context.runAsUser !== undefined) {
    if (context.runAsUser === 0)
      throw new SecurityContextError(`container's runAsUser breaks non-root policy ${where}`);
    return;
  }
  if (image.uid === 0) throw new SecurityContextError(`container has runAsNonRoot and image will run as root ${where}`);
  if (image.uid === undefined && image.username !== '') {
    throw new SecurityContextError(
      `container has runAsNonRoot and image has non-numeric user (${image.username}), cannot verify user is non-root ${where}`,
    );
  }
}

export interface SecurityOptions {
  seccompProfileRoot: string;
  seccompDefault: boolean;
}

export function containerSecurityContext(
  pod: Pod,
  container: Container,
  image: ImageUser,
  targetId: string | undefined,
  options: SecurityOptions,
): Input<LinuxContainerSecurityContext> {
  const context = effectiveSecurityContext(pod, container);
  const podContext = specOf(pod).securityContext;
  const privileged = context.privileged === true;
  const unmasked = context.procMount === 'Unmasked';
  const profile =
    context.seccompProfile ?? (options.seccompDefault && !privileged ? { type: 'RuntimeDefault' as const } : undefined);
  const addsSysAdmin = context.capabilities?.add?.includes('CAP_SYS_ADMIN') === true;
  return {
    capabilities: {
      addCapabilities: context.capabilities?.add ?? [],
      dropCapabilities: context.capabilities?.drop ?? [],
    },
    privileged,
    namespaceOptions: { ...namespaceOptions(pod), ...(targetId === undefined ? {} : { pid: 'TARGET', targetId }) },
    selinuxOptions: context.seLinuxOptions,
    runAsUser: int64(context.runAsUser ?? image.uid),
    runAsUsername: context.runAsUser === undefined && image.uid === undefined ? image.username : '',
    runAsGroup: int64(context.runAsGroup),
    readonlyRootfs: context.readOnlyRootFilesystem === true,
    supplementalGroups: [
      ...(podContext?.fsGroup === undefined ? [] : [podContext.fsGroup]),
      ...(podContext?.supplementalGroups ?? []),
    ].map(BigInt),
    supplementalGroupsPolicy: podContext?.supplementalGroupsPolicy === 'Strict' ? 'Strict' : 'Merge',
    noNewPrivs: context.allowPrivilegeEscalation === false && !privileged && !addsSysAdmin,
    maskedPaths: unmasked || privileged ? [] : maskedPaths,
    readonlyPaths: unmasked || privileged ? [] : readonlyPaths,
    seccomp: privileged ? { profileType: 'Unconfined' } : securityProfile(profile, options.seccompProfileRoot),
    apparmor:
      context.appArmorProfile === undefined
        ? undefined
        : {
            profileType: context.appArmorProfile.type as SecurityProfile['profileType'],
            localhostRef: context.appArmorProfile.localhostProfile ?? '',
          },
  };
}
