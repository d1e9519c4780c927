/** Mounts of one container: its volume mounts, /etc/hosts, and the file for its termination message. */

import { randomBytes } from 'node:crypto';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Container } from '@typernetes/openapi/types/core/v1';
import type { Input, Mount, MountPropagation } from 'cri-client';
import { expand } from '../environment/expansion.ts';
import { resolveSubPath } from './sub-path.ts';
import { VolumeError } from './volume-error.ts';
import type { MountedVolume } from './volume-manager.ts';

const propagations: Record<string, MountPropagation> = {
  None: 'PROPAGATION_PRIVATE',
  HostToContainer: 'PROPAGATION_HOST_TO_CONTAINER',
  Bidirectional: 'PROPAGATION_BIDIRECTIONAL',
};

/** `$(NAME)` in subPathExpr must be known: a path with the words in it would be another path. */
function expandStrictly(text: string, environment: ReadonlyMap<string, string>): string {
  const unknown: string[] = [];
  const expanded = expand(text, (name) => {
    const value = environment.get(name);
    if (value === undefined) unknown.push(name);
    return value;
  });
  if (unknown.length > 0) throw new VolumeError(`missing value for "${unknown[0]}"`);
  return expanded;
}

export async function volumeMounts(
  container: Container,
  volumes: ReadonlyMap<string, MountedVolume>,
  environment: ReadonlyMap<string, string>,
): Promise<Input<Mount>[]> {
  const mounts: Input<Mount>[] = [];
  for (const mount of container.volumeMounts ?? []) {
    const volume = volumes.get(mount.name);
    if (volume === undefined)
      throw new VolumeError(`cannot find volume "${mount.name}" to mount into container "${container.name}"`);
    const subPath = mount.subPathExpr ? expandStrictly(mount.subPathExpr, environment) : (mount.subPath ?? '');
    mounts.push({
      containerPath: mount.mountPath.startsWith('/') ? mount.mountPath : `/${mount.mountPath}`,
      hostPath: subPath === '' ? volume.path : await resolveSubPath(volume.path, subPath),
      readonly: mount.readOnly === true || volume.readOnly,
      recursiveReadOnly: mount.recursiveReadOnly === 'Enabled',
      propagation: propagations[mount.mountPropagation ?? 'None'] ?? 'PROPAGATION_PRIVATE',
    });
  }
  return mounts;
}

export const hasMountAt = (container: Container, path: string): boolean =>
  (container.volumeMounts ?? []).some(({ mountPath }) => mountPath === path);

/** One file for all containers of the pod, written anew for each: addresses may have changed. */
export async function etcHostsMount(podDirectory: string, content: string): Promise<Input<Mount>> {
  const path = join(podDirectory, 'etc-hosts');
  await mkdir(podDirectory, { recursive: true, mode: 0o750 });
  await writeFile(path, content, { mode: 0o644 });
  await chmod(path, 0o644);
  return { containerPath: '/etc/hosts', hostPath: path, readonly: false };
}

/** A new file for each start: the last container's words stay readable. */
export async function terminationMessageMount(podDirectory: string, container: Container): Promise<Input<Mount>> {
  const folder = join(podDirectory, 'containers', container.name);
  await mkdir(folder, { recursive: true, mode: 0o750 });
  const path = join(folder, randomBytes(4).toString('hex'));
  await writeFile(path, '');
  await chmod(path, 0o666);
  return { containerPath: container.terminationMessagePath ?? '/dev/termination-log', hostPath: path, readonly: false };
}
