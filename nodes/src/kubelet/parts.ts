/** Parts of a kubelet that follow from its options alone. */
import type { PodConfiguration } from './configuration/pod-configuration.ts';
import type { Allocatable } from './environment/field-ref.ts';
import type { HousekeepingOptions } from './housekeeping.ts';
import { ImageGarbageCollector } from './images/image-garbage-collection.ts';
import type { KubeletOptions } from './kubelet.ts';
import { LogRotation } from './logs/rotation.ts';
import type { NodeFacts } from './node/node-status.ts';
import { claimedPath } from './volumes/persistent-volumes.ts';
import { DiskVolumeManager } from './volumes/volume-manager.ts';

export function nodeFacts({ settings, machine, port, kubeletVersion }: KubeletOptions): NodeFacts {
  return {
    name: settings.nodeName,
    addresses: settings.nodeIps,
    machine,
    kubeletPort: port,
    kubeletVersion,
    maxPods: settings.maxPods,
    reserved: settings.reserved,
    labels: settings.labels,
    taints: settings.taints,
  };
}

export function diskVolumes(
  { settings, client, logger }: KubeletOptions,
  configuration: PodConfiguration,
  allocatable: () => Allocatable,
): DiskVolumeManager {
  return new DiskVolumeManager({
    rootDirectory: settings.rootDirectory,
    logger,
    claim: (namespace, name) => claimedPath(client, namespace, name),
    sources: {
      configuration,
      token: (pod, audience, seconds) => configuration.tokens.get(pod, audience, seconds),
      facts: () => ({ podIPs: [], hostIPs: settings.nodeIps, nodeName: settings.nodeName }),
      get allocatable() {
        return allocatable();
      },
    },
  });
}

export function diskKeepers({ cri, clock, logger, settings }: KubeletOptions): HousekeepingOptions['disk'] {
  return {
    images: new ImageGarbageCollector({
      runtime: cri.runtime,
      images: cri.images,
      clock,
      logger,
      highThresholdPercent: settings.imageGcHighThresholdPercent,
      lowThresholdPercent: settings.imageGcLowThresholdPercent,
      minimumAgeMs: settings.imageMinimumGcAgeMs,
    }),
    logs: new LogRotation({
      runtime: cri.runtime,
      clock,
      maximumBytes: settings.containerLogMaxBytes,
      maximumFiles: settings.containerLogMaxFiles,
    }),
  };
}
