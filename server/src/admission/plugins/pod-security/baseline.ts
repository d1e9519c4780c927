/** The baseline level: nothing that is a known way out of a container. Sorted by id, as violations are reported. */
import { quote } from '@typernetes/openapi/meta';
import type { Container } from '@typernetes/openapi/types/core/v1';
import { allContainers } from '../pods.ts';
import {
  badContainers,
  type Check,
  type CheckPod,
  exceptUserNamespaces,
  named,
  plural,
  quoted,
  setters,
  sortedSet,
} from './check.ts';

const appArmorAnnotation = 'container.apparmor.security.beta.kubernetes.io/';
const seccompPodAnnotation = 'seccomp.security.alpha.kubernetes.io/pod';
const seccompContainerAnnotation = 'container.seccomp.security.alpha.kubernetes.io/';

const defaultCapabilities = new Set(
  'AUDIT_WRITE CHOWN DAC_OVERRIDE FOWNER FSETID KILL MKNOD NET_BIND_SERVICE SETFCAP SETGID SETPCAP SETUID SYS_CHROOT'.split(
    ' ',
  ),
);

const isProfile = (type: string | undefined): boolean => type === 'RuntimeDefault' || type === 'Localhost';

const appArmorProfile: CheckPod = (pod) => {
  const own = pod.spec.securityContext?.appArmorProfile;
  const podIsBad = own !== undefined && !isProfile(own.type);
  const isBad = ({ securityContext }: Container): boolean =>
    securityContext?.appArmorProfile !== undefined && !isProfile(securityContext.appArmorProfile.type);
  const annotations = Object.entries(pod.metadata.annotations ?? {})
    .filter(
      ([key, value]) =>
        key.startsWith(appArmorAnnotation) &&
        !(value === '' || value === 'runtime/default' || value.startsWith('localhost/')),
    )
    .map(([key, value]) => `${key}=${quote(value)}`)
    .sort();
  const values = [
    ...sortedSet([
      ...(podIsBad ? [own.type] : []),
      ...allContainers(pod.spec)
        .filter(isBad)
        .map((container) => container.securityContext?.appArmorProfile?.type ?? ''),
    ]),
    ...annotations,
  ];
  const who = [
    ...setters(podIsBad, badContainers(pod, isBad)),
    ...(annotations.length === 0 ? [] : [plural('annotation', annotations.length)]),
  ];
  if (who.length === 0) return undefined;
  return {
    reason: plural('forbidden AppArmor profile', values.length),
    detail: `${who.join(' and ')} must not set AppArmor profile type to ${quoted(values)}`,
  };
};

const capabilities: CheckPod = (pod) => {
  const added = (container: Container): string[] =>
    (container.securityContext?.capabilities?.add ?? []).filter((capability) => !defaultCapabilities.has(capability));
  const bad = badContainers(pod, (container) => added(container).length > 0);
  if (bad.length === 0) return undefined;
  const list = sortedSet(allContainers(pod.spec).flatMap(added));
  return {
    reason: 'non-default capabilities',
    detail: `${named('container', bad)} must not include ${quoted(list)} in securityContext.capabilities.add`,
  };
};

const hostNamespaces: CheckPod = ({ spec }) => {
  const used = (['hostNetwork', 'hostPID', 'hostIPC'] as const).filter((field) => spec[field] === true);
  return used.length === 0
    ? undefined
    : { reason: 'host namespaces', detail: used.map((field) => `${field}=true`).join(', ') };
};

const hostPathVolumes: CheckPod = ({ spec }) => {
  const volumes = (spec.volumes ?? []).filter((volume) => volume.hostPath !== undefined).map((volume) => volume.name);
  return volumes.length === 0 ? undefined : { reason: 'hostPath volumes', detail: named('volume', volumes) };
};

const hostPorts: CheckPod = (pod) => {
  const ports = (container: Container): string[] =>
    (container.ports ?? []).flatMap(({ hostPort }) => (hostPort ? [String(hostPort)] : []));
  const bad = badContainers(pod, (container) => ports(container).length > 0);
  if (bad.length === 0) return undefined;
  const list = sortedSet(allContainers(pod.spec).flatMap(ports));
  const verb = bad.length === 1 ? 'uses' : 'use';
  return {
    reason: 'hostPort',
    detail: `${named('container', bad)} ${verb} ${plural('hostPort', list.length)} ${list.join(', ')}`,
  };
};

const hostProbes: CheckPod = (pod) => {
  const hosts = ({ livenessProbe, readinessProbe, startupProbe, lifecycle }: Container): string[] =>
    [livenessProbe, readinessProbe, startupProbe, lifecycle?.postStart, lifecycle?.preStop].flatMap((handler) =>
      [handler?.httpGet?.host, handler?.tcpSocket?.host].flatMap((host) => host || []),
    );
  const bad = sortedSet(badContainers(pod, (container) => hosts(container).length > 0));
  if (bad.length === 0) return undefined;
  const list = sortedSet(allContainers(pod.spec).flatMap(hosts));
  const verb = bad.length === 1 ? 'uses' : 'use';
  return {
    reason: 'probe or lifecycle host',
    detail: `${named('container', bad)} ${verb} ${named('probe or lifecycle host', list)}`,
  };
};

const privileged: CheckPod = (pod) => {
  const bad = badContainers(pod, (container) => container.securityContext?.privileged === true);
  if (bad.length === 0) return undefined;
  return { reason: 'privileged', detail: `${named('container', bad)} must not set securityContext.privileged=true` };
};

export const procMount: CheckPod = (pod) => {
  const mount = (container: Container): string => container.securityContext?.procMount ?? 'Default';
  const bad = badContainers(pod, (container) => mount(container) !== 'Default');
  if (bad.length === 0) return undefined;
  const types = sortedSet(allContainers(pod.spec).map(mount)).filter((type) => type !== 'Default');
  return {
    reason: 'procMount',
    detail: `${named('container', bad)} must not set securityContext.procMount to ${quoted(types)}`,
  };
};

function seLinuxOptions(allowed: readonly string[]): CheckPod {
  return (pod) => {
    const types = new Set<string>();
    let user = false;
    let role = false;
    const isBad = (options: { type?: string; user?: string; role?: string } | undefined): boolean => {
      if (options === undefined) return false;
      const type = options.type ?? '';
      if (!allowed.includes(type)) types.add(type);
      user ||= Boolean(options.user);
      role ||= Boolean(options.role);
      return !allowed.includes(type) || Boolean(options.user) || Boolean(options.role);
    };
    const podIsBad = isBad(pod.spec.securityContext?.seLinuxOptions);
    const who = setters(
      podIsBad,
      badContainers(pod, (container) => isBad(container.securityContext?.seLinuxOptions)),
    );
    if (who.length === 0) return undefined;
    const what = [
      ...(types.size === 0 ? [] : [named('type', sortedSet(types))]),
      ...(user ? ['user may not be set'] : []),
      ...(role ? ['role may not be set'] : []),
    ];
    return {
      reason: 'seLinuxOptions',
      detail: `${who.join(' and ')} set forbidden securityContext.seLinuxOptions: ${what.join('; ')}`,
    };
  };
}

const seccompAnnotations: CheckPod = ({ metadata, spec }) => {
  const keys = [
    seccompPodAnnotation,
    ...allContainers(spec).map((container) => seccompContainerAnnotation + container.name),
  ];
  const bad = keys.flatMap((key) => {
    const value = metadata.annotations?.[key];
    const allowed =
      value === undefined ||
      value === 'runtime/default' ||
      value === 'docker/default' ||
      value.startsWith('localhost/');
    return allowed ? [] : [`${key}=${quote(value)}`];
  });
  if (bad.length === 0) return undefined;
  return {
    reason: 'seccompProfile',
    detail: `forbidden ${plural('annotation', bad.length)} ${sortedSet(bad).join(', ')}`,
  };
};

/** A profile that is set must confine; restricted adds that one is set. */
export const seccompProfile: CheckPod = (pod) => {
  const own = pod.spec.securityContext?.seccompProfile;
  const podIsBad = own !== undefined && !isProfile(own.type);
  const isBad = ({ securityContext }: Container): boolean =>
    securityContext?.seccompProfile !== undefined && !isProfile(securityContext.seccompProfile.type);
  const who = setters(podIsBad, badContainers(pod, isBad));
  if (who.length === 0) return undefined;
  const values = sortedSet([
    ...(podIsBad ? [own.type] : []),
    ...allContainers(pod.spec)
      .filter(isBad)
      .map((container) => container.securityContext?.seccompProfile?.type ?? ''),
  ]);
  return {
    reason: 'seccompProfile',
    detail: `${who.join(' and ')} must not set securityContext.seccompProfile.type to ${quoted(values)}`,
  };
};

function sysctls(allowed: readonly string[]): CheckPod {
  return ({ spec }) => {
    const bad = (spec.securityContext?.sysctls ?? [])
      .map((sysctl) => sysctl.name)
      .filter((name) => !allowed.includes(name));
    return bad.length === 0 ? undefined : { reason: 'forbidden sysctls', detail: bad.join(', ') };
  };
}

const sysctls0 = [
  'kernel.shm_rmid_forced',
  'net.ipv4.ip_local_port_range',
  'net.ipv4.tcp_syncookies',
  'net.ipv4.ping_group_range',
  'net.ipv4.ip_unprivileged_port_start',
];
const sysctls27 = [...sysctls0, 'net.ipv4.ip_local_reserved_ports'];
const sysctls29 = [
  ...sysctls27,
  'net.ipv4.tcp_keepalive_time',
  'net.ipv4.tcp_fin_timeout',
  'net.ipv4.tcp_keepalive_intvl',
  'net.ipv4.tcp_keepalive_probes',
];
const sysctls32 = [...sysctls29, 'net.ipv4.tcp_rmem', 'net.ipv4.tcp_wmem'];

const windowsHostProcess: CheckPod = (pod) => {
  const isSet = (context: { windowsOptions?: { hostProcess?: boolean } } | undefined): boolean =>
    context?.windowsOptions?.hostProcess === true;
  const who = setters(
    isSet(pod.spec.securityContext),
    badContainers(pod, (container) => isSet(container.securityContext)),
  );
  if (who.length === 0) return undefined;
  return {
    reason: 'hostProcess',
    detail: `${who.join(' and ')} must not set securityContext.windowsOptions.hostProcess=true`,
  };
};

const seLinuxTypes = ['', 'container_t', 'container_init_t', 'container_kvm_t'];

export const baselineChecks: readonly Check[] = [
  { id: 'appArmorProfile', versions: [{ minor: 0, check: appArmorProfile }] },
  { id: 'capabilities_baseline', versions: [{ minor: 0, check: capabilities }] },
  { id: 'hostNamespaces', versions: [{ minor: 0, check: hostNamespaces }] },
  { id: 'hostPathVolumes', versions: [{ minor: 0, check: hostPathVolumes }] },
  { id: 'hostPorts', versions: [{ minor: 0, check: hostPorts }] },
  { id: 'hostProbesAndHostLifecycle', versions: [{ minor: 34, check: hostProbes }] },
  { id: 'privileged', versions: [{ minor: 0, check: privileged }] },
  {
    id: 'procMount',
    versions: [
      { minor: 0, check: procMount },
      { minor: 35, check: exceptUserNamespaces(procMount) },
    ],
  },
  {
    id: 'seLinuxOptions',
    versions: [
      { minor: 0, check: seLinuxOptions(seLinuxTypes) },
      { minor: 31, check: seLinuxOptions([...seLinuxTypes, 'container_engine_t']) },
    ],
  },
  {
    id: 'seccompProfile_baseline',
    versions: [
      { minor: 0, check: seccompAnnotations },
      { minor: 19, check: seccompProfile },
    ],
  },
  {
    id: 'sysctls',
    versions: [
      { minor: 0, check: sysctls(sysctls0) },
      { minor: 27, check: sysctls(sysctls27) },
      { minor: 29, check: sysctls(sysctls29) },
      { minor: 32, check: sysctls(sysctls32) },
    ],
  },
  { id: 'windowsHostProcess', versions: [{ minor: 0, check: windowsHostProcess }] },
];
