import type { Container, Pod } from '@typernetes/openapi/types/core/v1';

export const mirrorPodAnnotation = 'kubernetes.io/config.mirror';

/** Init, regular and ephemeral containers, in upstream's order of checking. */
export function allContainers(spec: Pod['spec']): Container[] {
  return [
    ...(spec?.initContainers ?? []),
    ...(spec?.containers ?? []),
    ...((spec?.ephemeralContainers ?? []) as Container[]),
  ];
}
