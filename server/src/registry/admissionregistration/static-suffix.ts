import type { KubernetesObject } from '@typernetes/openapi/meta';

const suffix = '.static.k8s.io';

/** Names that configurations from files will have. */
export function staticSuffixWarnings({ metadata }: Readonly<KubernetesObject>): string[] {
  if (!(metadata?.name ?? '').endsWith(suffix)) return [];
  return [
    `metadata.name: names ending with "${suffix}" are reserved for static manifest-based configurations and cannot be managed via the API`,
  ];
}
