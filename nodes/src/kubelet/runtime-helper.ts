/** What containers get from their node: names, resolvers, environment, mounts. */
import { mkdir, readFile } from 'node:fs/promises';
import type { Container, Pod, Service } from '@typernetes/openapi/types/core/v1';
import type { CgroupManager } from './cgroups/cgroup-manager.ts';
import type { PodConfigurationSource } from './configuration/no-configuration.ts';
import { containerEnvironment } from './environment/environment.ts';
import type { Allocatable } from './environment/field-ref.ts';
import { PodSyncError } from './kubelet-error.ts';
import type { ContainerSettings, RuntimeHelper } from './kuberuntime/pod-runtime.ts';
import type { SandboxSettings } from './kuberuntime/sandbox-config.ts';
import { podLogDirectory } from './logs/paths.ts';
import { hostNetworkHosts, podHosts } from './network/etc-hosts.ts';
import { podHostname } from './network/hostname.ts';
import { parseResolvConf, podDns } from './network/resolv-conf.ts';
import { identityOf, isHostNetwork, isStatic, specOf } from './pod/pod.ts';
import type { KubeletSettings } from './settings.ts';
import { etcHostsMount, hasMountAt, terminationMessageMount, volumeMounts } from './volumes/container-mounts.ts';
import type { MountedVolume, VolumeManager } from './volumes/volume-manager.ts';

/** Services that the environment links to. */
export interface ServiceSource {
  readonly hasSynced: boolean;
  list(): readonly Service[];
}

export interface NodeHelperOptions {
  settings: KubeletSettings;
  configuration: PodConfigurationSource;
  services: ServiceSource;
  volumes: VolumeManager;
  mountedVolumes: (uid: string) => ReadonlyMap<string, MountedVolume>;
  cgroups: CgroupManager;
  allocatable: () => Allocatable;
}

export class NodeRuntimeHelper implements RuntimeHelper {
  readonly #options: NodeHelperOptions;

  constructor(options: NodeHelperOptions) {
    this.#options = options;
  }

  async sandboxSettings(pod: Pod): Promise<SandboxSettings> {
    const { settings, cgroups } = this.#options;
    const logDirectory = podLogDirectory(settings.logsDirectory, identityOf(pod));
    const [cgroupParent, hostResolv] = await Promise.all([
      cgroups.ensure(pod),
      readFile(settings.resolvConf, 'utf8').catch(() => ''),
      mkdir(logDirectory, { recursive: true, mode: 0o755 }),
    ]);
    const cluster = { servers: settings.clusterDns, domain: settings.clusterDomain };
    return {
      hostname: podHostname(pod, settings.nodeName, settings.clusterDomain).hostname,
      dns: podDns(pod, cluster, parseResolvConf(hostResolv)),
      logDirectory,
      cgroupParent,
    };
  }

  async containerSettings(pod: Pod, container: Container, podIPs: readonly string[]): Promise<ContainerSettings> {
    const { settings, configuration, services, volumes, mountedVolumes, allocatable } = this.#options;
    const { uid } = identityOf(pod);
    if (!isStatic(pod) && !services.hasSynced)
      throw new PodSyncError('services have not yet been read at least once, cannot construct envvars', 100);
    const hostNetwork = isHostNetwork(pod);
    const ips = hostNetwork ? settings.nodeIps : podIPs;
    const environment = await containerEnvironment(pod, container, {
      configuration,
      services: services.list(),
      allocatable: allocatable(),
      podIPs: ips,
      hostIPs: settings.nodeIps,
      nodeName: settings.nodeName,
    });
    const mounts = await volumeMounts(container, mountedVolumes(uid), environment);
    const podDirectory = volumes.podDirectory(uid);
    if (!hasMountAt(container, '/etc/hosts') && (hostNetwork || podIPs.length > 0)) {
      const { hostname, domain } = podHostname(pod, settings.nodeName, settings.clusterDomain);
      const aliases = specOf(pod).hostAliases ?? [];
      const content = hostNetwork
        ? hostNetworkHosts(await readFile('/etc/hosts', 'utf8').catch(() => ''), aliases)
        : podHosts(podIPs, hostname, domain, aliases);
      mounts.push(await etcHostsMount(podDirectory, content));
    }
    if ((container.terminationMessagePath ?? '/dev/termination-log') !== '')
      mounts.push(await terminationMessageMount(podDirectory, container));
    return { environment, mounts };
  }
}

/** For runtimes without containers: names and logs only. */
export function bareRuntimeHelper(settings: KubeletSettings): RuntimeHelper {
  return {
    sandboxSettings: async (pod) => ({
      hostname: podHostname(pod, settings.nodeName, settings.clusterDomain).hostname,
      dns: { servers: [], searches: [], options: [] },
      logDirectory: podLogDirectory(settings.logsDirectory, identityOf(pod)),
      cgroupParent: '',
    }),
    containerSettings: async () => ({ environment: new Map(), mounts: [] }),
  };
}
