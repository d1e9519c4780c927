/** Files of one volume that stand in each other's way. */
import { quote } from '@typernetes/openapi/meta';
import type { KeyToPath, PodSpec, Volume, VolumeProjection } from '@typernetes/openapi/types/core/v1';

interface Source {
  path: string;
  /** Empty where the volume has but one source. */
  name: string;
}

export function overlapWarnings({ volumes = [] }: PodSpec): string[] {
  return volumes.flatMap((volume) => {
    const { configMap, secret, downwardAPI } = volume;
    return [
      ...(configMap?.items ? found(volume, `ConfigMap ${quote(configMap.name ?? '')}`, paths(configMap.items)) : []),
      ...(secret?.items ? found(volume, `Secret ${quote(secret.secretName ?? '')}`, paths(secret.items)) : []),
      ...(downwardAPI?.items ? found(volume, 'DownwardAPI', paths(downwardAPI.items)) : []),
      ...projectedWarnings(volume),
    ];
  });
}

function projectedWarnings(volume: Volume): string[] {
  const sources = volume.projected?.sources ?? [];
  const empty = sources.filter((source) => Object.values(source).every((value) => value == null));
  return [
    ...empty.map(() => `volume ${quote(volume.name)} (Projected) has no sources provided`),
    ...found(volume, 'Projected', sources.flatMap(pathsOfSource)),
  ];
}

const paths = (items: readonly Pick<KeyToPath, 'path'>[], name = ''): Source[] =>
  items.map(({ path }) => ({ path, name }));

function pathsOfSource(source: VolumeProjection): Source[] {
  const { configMap, secret, downwardAPI, serviceAccountToken } = source;
  if (configMap?.items) return paths(configMap.items, `ConfigMap ${quote(configMap.name ?? '')}`);
  if (secret?.items) return paths(secret.items, `Secret ${quote(secret.name ?? '')}`);
  if (downwardAPI?.items) return paths(downwardAPI.items, 'DownwardAPI');
  return serviceAccountToken ? paths([serviceAccountToken], 'ServiceAccountToken') : [];
}

function found({ name }: Volume, kind: string, sources: readonly Source[]): string[] {
  const warnings: string[] = [];
  const seen: Source[] = [];
  for (const { path: given, name: source } of sources) {
    const path = given.replace(/\/+$/, '');
    for (const other of path === '' ? [] : seen) {
      if (!overlap(path, other.path)) continue;
      const texts = `${shown({ path, name: source })} with ${shown(other)}`;
      warnings.push(`volume ${quote(name)} (${kind}): overlapping paths: ${texts}`);
    }
    seen.push({ path, name: source });
  }
  return warnings;
}

const overlap = (path: string, other: string): boolean =>
  other !== '' && (`${other}/`.startsWith(`${path}/`) || `${path}/`.startsWith(`${other}/`));

const shown = ({ path, name }: Source): string => (name === '' ? quote(path) : `${quote(path)} (${name})`);
