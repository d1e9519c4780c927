/** The restricted level: what a hardened workload states about itself, on top of the baseline. */
import type { Container, Volume } from '@typernetes/openapi/types/core/v1';
import { allContainers } from '../pods.ts';
import { procMount, seccompProfile } from './baseline.ts';
import {
  badContainers,
  type Check,
  type CheckPod,
  exceptUserNamespaces,
  exceptWindows,
  named,
  quoted,
  setters,
  sortedSet,
} from './check.ts';

const allowPrivilegeEscalation: CheckPod = (pod) => {
  const bad = badContainers(pod, (container) => container.securityContext?.allowPrivilegeEscalation !== false);
  if (bad.length === 0) return undefined;
  return {
    reason: 'allowPrivilegeEscalation != false',
    detail: `${named('container', bad)} must set securityContext.allowPrivilegeEscalation=false`,
  };
};

const capabilities: CheckPod = (pod) => {
  const added = (container: Container): string[] =>
    (container.securityContext?.capabilities?.add ?? []).filter((capability) => capability !== 'NET_BIND_SERVICE');
  const keeping = badContainers(pod, (container) => !container.securityContext?.capabilities?.drop?.includes('ALL'));
  const adding = badContainers(pod, (container) => added(container).length > 0);
  const details = [
    ...(keeping.length === 0
      ? []
      : [`${named('container', keeping)} must set securityContext.capabilities.drop=["ALL"]`]),
    ...(adding.length === 0
      ? []
      : [
          `${named('container', adding)} must not include ${quoted(sortedSet(allContainers(pod.spec).flatMap(added)))} in securityContext.capabilities.add`,
        ]),
  ];
  return details.length === 0 ? undefined : { reason: 'unrestricted capabilities', detail: details.join('; ') };
};

const allowedVolumes = [
  'configMap',
  'csi',
  'downwardAPI',
  'emptyDir',
  'ephemeral',
  'image',
  'persistentVolumeClaim',
  'projected',
  'secret',
] as const;
const otherVolumes = [
  'hostPath',
  'gcePersistentDisk',
  'awsElasticBlockStore',
  'gitRepo',
  'nfs',
  'iscsi',
  'glusterfs',
  'rbd',
  'flexVolume',
  'cinder',
  'cephfs',
  'flocker',
  'fc',
  'azureFile',
  'vsphereVolume',
  'quobyte',
  'azureDisk',
  'photonPersistentDisk',
  'portworxVolume',
  'scaleIO',
  'storageos',
] as const;

const restrictedVolumes: CheckPod = ({ spec }) => {
  const bad = (spec.volumes ?? []).filter((volume) => !allowedVolumes.some((type) => volume[type] !== undefined));
  if (bad.length === 0) return undefined;
  const typeOf = (volume: Volume): string => otherVolumes.find((type) => volume[type] !== undefined) ?? 'unknown';
  const verb = bad.length === 1 ? 'uses' : 'use';
  const types = named('restricted volume type', sortedSet(bad.map(typeOf)));
  return {
    reason: 'restricted volume types',
    detail: `${named(
      'volume',
      bad.map((volume) => volume.name),
    )} ${verb} ${types}`,
  };
};

const runAsNonRoot: CheckPod = (pod) => {
  const own = pod.spec.securityContext?.runAsNonRoot;
  const explicit = badContainers(pod, (container) => container.securityContext?.runAsNonRoot === false);
  const who = setters(own === false, explicit);
  if (who.length > 0) {
    return {
      reason: 'runAsNonRoot != true',
      detail: `${who.join(' and ')} must not set securityContext.runAsNonRoot=false`,
    };
  }
  const silent =
    own === true ? [] : badContainers(pod, (container) => container.securityContext?.runAsNonRoot === undefined);
  if (silent.length === 0) return undefined;
  return {
    reason: 'runAsNonRoot != true',
    detail: `pod or ${named('container', silent)} must set securityContext.runAsNonRoot=true`,
  };
};

const runAsUser: CheckPod = (pod) => {
  const who = setters(
    pod.spec.securityContext?.runAsUser === 0,
    badContainers(pod, (container) => container.securityContext?.runAsUser === 0),
  );
  return who.length === 0
    ? undefined
    : { reason: 'runAsUser=0', detail: `${who.join(' and ')} must not set runAsUser=0` };
};

const seccompRequired: CheckPod = (pod) => {
  const wrong = seccompProfile(pod);
  if (wrong !== undefined || pod.spec.securityContext?.seccompProfile !== undefined) return wrong;
  const silent = badContainers(pod, (container) => container.securityContext?.seccompProfile === undefined);
  if (silent.length === 0) return undefined;
  return {
    reason: 'seccompProfile',
    detail: `pod or ${named('container', silent)} must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost"`,
  };
};

export const restrictedChecks: readonly Check[] = [
  {
    id: 'allowPrivilegeEscalation',
    versions: [
      { minor: 8, check: allowPrivilegeEscalation },
      { minor: 25, check: exceptWindows(allowPrivilegeEscalation) },
    ],
  },
  {
    id: 'capabilities_restricted',
    versions: [
      { minor: 22, check: capabilities },
      { minor: 25, check: exceptWindows(capabilities) },
    ],
    overrides: ['capabilities_baseline'],
  },
  { id: 'procMount_restricted', versions: [{ minor: 35, check: procMount }], overrides: ['procMount'] },
  { id: 'restrictedVolumes', versions: [{ minor: 0, check: restrictedVolumes }], overrides: ['hostPathVolumes'] },
  {
    id: 'runAsNonRoot',
    versions: [
      { minor: 0, check: runAsNonRoot },
      { minor: 35, check: exceptUserNamespaces(runAsNonRoot) },
    ],
  },
  {
    id: 'runAsUser',
    versions: [
      { minor: 23, check: runAsUser },
      { minor: 35, check: exceptUserNamespaces(runAsUser) },
    ],
  },
  {
    id: 'seccompProfile_restricted',
    versions: [
      { minor: 19, check: seccompRequired },
      { minor: 25, check: exceptWindows(seccompRequired) },
    ],
    overrides: ['seccompProfile_baseline'],
  },
];
