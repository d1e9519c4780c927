/** ContainerConfig of a container: the spec with everything looked up, expanded and mounted. */
import type { Container, Pod } from '@typernetes/openapi/types/core/v1';
import type { ContainerConfig, Input, Mount, Signal } from 'cri-client';
import { expand } from '../environment/expansion.ts';
import { containerLogPath } from '../logs/paths.ts';
import { containerAnnotations, containerLabels } from './labels.ts';
import { containerResources, type ResourceOptions } from './resources.ts';
import { containerSecurityContext, type ImageUser, type SecurityOptions } from './security-context.ts';

export interface ContainerConfigSources {
  pod: Pod;
  container: Container;
  restartCount: number;
  imageRef: string;
  imageUser: ImageUser;
  environment: ReadonlyMap<string, string>;
  mounts: readonly Input<Mount>[];
  /** The container whose processes an ephemeral container sees. */
  targetId: string | undefined;
  resources: ResourceOptions;
  security: SecurityOptions;
}

export function containerConfig(sources: ContainerConfigSources): Input<ContainerConfig> {
  const { pod, container, environment, restartCount } = sources;
  const known = (name: string): string | undefined => environment.get(name);
  const stopSignal = container.lifecycle?.stopSignal;
  return {
    metadata: { name: container.name, attempt: restartCount },
    image: { image: sources.imageRef, userSpecifiedImage: container.image ?? '' },
    command: (container.command ?? []).map((word) => expand(word, known)),
    args: (container.args ?? []).map((word) => expand(word, known)),
    workingDir: container.workingDir ?? '',
    envs: [...environment].map(([key, value]) => ({ key, value: Buffer.from(value) })),
    mounts: sources.mounts,
    labels: containerLabels(container, pod),
    annotations: containerAnnotations(container, pod, restartCount),
    logPath: containerLogPath(container.name, restartCount),
    stdin: container.stdin === true,
    stdinOnce: container.stdinOnce === true,
    tty: container.tty === true,
    ...(stopSignal === undefined ? {} : { stopSignal: stopSignal as Signal }),
    linux: {
      resources: containerResources(pod, container, sources.resources),
      securityContext: containerSecurityContext(pod, container, sources.imageUser, sources.targetId, sources.security),
    },
  };
}
