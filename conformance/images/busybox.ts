/**
 * A small image with a shell and the usual commands, made from the machine's statically linked busybox, as an archive
 * that `ctr images import` takes: where no registry can be reached, tests bring their own image.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { type TarEntry, tar } from './tar.ts';

export const busyboxImage = 'conformance.typernetes.dev/busybox:1';

const digest = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

/** A program that is linked statically to glibc still loads these when it looks up a host name. */
function resolverLibraries(): TarEntry[] {
  const triplet = process.arch === 'arm64' ? 'aarch64-linux-gnu' : 'x86_64-linux-gnu';
  const loader = process.arch === 'arm64' ? 'lib/ld-linux-aarch64.so.1' : 'lib64/ld-linux-x86-64.so.2';
  const names = ['libc.so.6', 'libresolv.so.2', 'libnss_files.so.2', 'libnss_dns.so.2'];
  return [loader, ...names.map((name) => `lib/${triplet}/${name}`)]
    .filter((name) => existsSync(`/${name}`))
    .map((name) => ({ name, type: 'file', mode: 0o755, content: readFileSync(realpathSync(`/${name}`)) }));
}

/** @param program a static busybox. @param destination where the archive goes. */
export function writeBusyboxArchive(program: string, destination: string): void {
  const applets = execFileSync(program, ['--list'], { encoding: 'utf8' }).trim().split('\n');
  const layer = tar([
    ...['bin', 'etc', 'lib', 'lib64', 'root', 'tmp', 'var', 'www'].map(
      (name): TarEntry => ({ name: `${name}/`, type: 'directory', mode: name === 'tmp' ? 0o1777 : 0o755 }),
    ),
    ...resolverLibraries(),
    { name: 'bin/busybox', type: 'file', mode: 0o755, content: readFileSync(program) },
    ...applets
      .filter((applet) => applet !== 'busybox')
      .map((applet): TarEntry => ({ name: `bin/${applet}`, type: 'symlink', mode: 0o777, target: 'busybox' })),
    { name: 'etc/nsswitch.conf', type: 'file', mode: 0o644, content: Buffer.from('hosts: files dns\n') },
    {
      name: 'etc/passwd',
      type: 'file',
      mode: 0o644,
      content: Buffer.from('root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n'),
    },
    { name: 'etc/group', type: 'file', mode: 0o644, content: Buffer.from('root:x:0:\nnobody:x:65534:\n') },
  ]);
  const config = Buffer.from(
    JSON.stringify({
      architecture: process.arch === 'x64' ? 'amd64' : process.arch,
      os: 'linux',
      config: { Env: ['PATH=/bin'], Cmd: ['sh'] },
      rootfs: { type: 'layers', diff_ids: [`sha256:${digest(layer)}`] },
      history: [{ created: '1970-01-01T00:00:00Z', created_by: 'typernetes conformance' }],
    }),
  );
  const compressed = gzipSync(layer, { level: 1 });
  const blob = (bytes: Buffer): TarEntry => ({
    name: `blobs/sha256/${digest(bytes)}`,
    type: 'file',
    mode: 0o644,
    content: bytes,
  });
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      config: {
        mediaType: 'application/vnd.oci.image.config.v1+json',
        digest: `sha256:${digest(config)}`,
        size: config.length,
      },
      layers: [
        {
          mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip',
          digest: `sha256:${digest(compressed)}`,
          size: compressed.length,
        },
      ],
    }),
  );
  const index = {
    schemaVersion: 2,
    manifests: [
      {
        mediaType: 'application/vnd.oci.image.manifest.v1+json',
        digest: `sha256:${digest(manifest)}`,
        size: manifest.length,
        annotations: { 'io.containerd.image.name': busyboxImage, 'org.opencontainers.image.ref.name': '1' },
      },
    ],
  };
  writeFileSync(
    destination,
    tar([
      { name: 'oci-layout', type: 'file', mode: 0o644, content: Buffer.from('{"imageLayoutVersion":"1.0.0"}') },
      { name: 'index.json', type: 'file', mode: 0o644, content: Buffer.from(JSON.stringify(index)) },
      { name: 'blobs/', type: 'directory', mode: 0o755 },
      { name: 'blobs/sha256/', type: 'directory', mode: 0o755 },
      blob(config),
      blob(compressed),
      blob(manifest),
    ]),
  );
}
