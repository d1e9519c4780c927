/** The sandbox image as an OCI archive, made in memory, and its way into containerd. */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import type { ImageService } from 'cri-client';
import { type Architecture, pauseExecutable } from './program.ts';
import { type TarEntry, tar } from './tar.ts';

export const sandboxImageName = 'typernetes.dev/pause:1';

const goNames: Record<Architecture, string> = { x64: 'amd64', arm64: 'arm64' };
const digestOf = (data: Buffer): string => `sha256:${createHash('sha256').update(data).digest('hex')}`;
const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));

/** An OCI image layout in a tar, as `ctr images import` and `skopeo` read it. */
export function imageArchive(
  architecture: Architecture,
  name: string,
  files: readonly TarEntry[],
  runs: object,
): Buffer {
  const layer = tar(files);
  const config = json({
    architecture: goNames[architecture],
    os: 'linux',
    config: runs,
    rootfs: { type: 'layers', diff_ids: [digestOf(layer)] },
  });
  const descriptor = (mediaType: string, data: Buffer) => ({ mediaType, digest: digestOf(data), size: data.length });
  const manifest = json({
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    config: descriptor('application/vnd.oci.image.config.v1+json', config),
    layers: [descriptor('application/vnd.oci.image.layer.v1.tar', layer)],
  });
  const index = json({
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.index.v1+json',
    manifests: [
      {
        ...descriptor('application/vnd.oci.image.manifest.v1+json', manifest),
        platform: { architecture: goNames[architecture], os: 'linux' },
        annotations: {
          'io.containerd.image.name': name,
          'org.opencontainers.image.ref.name': name.slice(name.lastIndexOf(':') + 1),
        },
      },
    ],
  });
  const blob = (data: Buffer): TarEntry => ({ path: `blobs/sha256/${digestOf(data).slice(7)}`, data });
  const layout = { path: 'oci-layout', data: json({ imageLayoutVersion: '1.0.0' }) };
  return tar([layout, { path: 'index.json', data: index }, blob(manifest), blob(config), blob(layer)]);
}

const sandboxImageArchive = (architecture: Architecture, name = sandboxImageName): Buffer =>
  imageArchive(architecture, name, [{ path: 'pause', data: pauseExecutable(architecture), mode: 0o755 }], {
    Entrypoint: ['/pause'],
    User: '65535:65535',
  });

export class SandboxImageError extends Error {
  override readonly name = 'SandboxImageError';
}

/** Pipes an archive into `ctr images import`; CRI itself has no call for it. `socket`: containerd's, without a scheme. */
export function importImage(
  socket: string,
  archive: Buffer,
  options: { ctr?: string; namespace?: string } = {},
): Promise<void> {
  const { ctr = 'ctr', namespace = 'k8s.io' } = options;
  return new Promise((resolve, reject) => {
    const child = spawn(ctr, ['--address', socket, '--namespace', namespace, 'images', 'import', '-'], {
      stdio: ['pipe', 'ignore', 'pipe'],
    });
    let errors = '';
    child.stderr.on('data', (chunk: Buffer) => {
      errors += chunk.toString('utf8');
    });
    child.on('error', (error) => reject(new SandboxImageError(`${ctr} cannot be run: ${error.message}`)));
    child.on('close', (code) =>
      code === 0
        ? resolve()
        : reject(new SandboxImageError(`${ctr} images import: ${errors.trim() || `exit code ${code}`}`)),
    );
    // A ctr that ends early closes the pipe; its exit code says why.
    child.stdin.on('error', () => undefined);
    child.stdin.end(archive);
  });
}

/** Makes and imports the sandbox image unless the runtime has it. */
export async function ensureSandboxImage(
  images: Pick<ImageService, 'imageStatus'>,
  socket: string,
  options: { ctr?: string; namespace?: string; name?: string } = {},
): Promise<void> {
  const { name = sandboxImageName } = options;
  const architecture = process.arch;
  if (architecture !== 'x64' && architecture !== 'arm64')
    throw new SandboxImageError(`there is no sandbox image for ${architecture}`);
  const { image } = await images.imageStatus({ image: { image: name } });
  if (image === undefined) await importImage(socket, sandboxImageArchive(architecture, name), options);
}
