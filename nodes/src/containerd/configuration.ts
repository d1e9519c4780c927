/** The configuration of a containerd that serves this cluster alone; its schema differs between containerd 1 and 2. */
import path from 'node:path';

export interface ContainerdSettings {
  /** `containerd --version` major. */
  major: number;
  root: string;
  state: string;
  socket: string;
  cniConfDir: string;
  cniBinDirs: readonly string[];
  sandboxImage: string;
  snapshotter: 'overlayfs' | 'native';
  /** Where scores cannot be lowered (no CAP_SYS_RESOURCE) runc fails unless containerd leaves them as they are. */
  restrictOomScoreAdj: boolean;
  systemdCgroup: boolean;
}

/** TOML. All values are paths and names of ours; strings are quoted as TOML basic strings, which JSON's are. */
export function containerdConfiguration(settings: ContainerdSettings): string {
  const lines = [
    `version = ${settings.major >= 2 ? 3 : 2}`,
    `root = ${quote(settings.root)}`,
    `state = ${quote(settings.state)}`,
    '[grpc]',
    `  address = ${quote(settings.socket)}`,
    '[ttrpc]',
    `  address = ${quote(`${settings.socket}.ttrpc`)}`,
  ];
  if (settings.major >= 2) {
    const images = 'plugins."io.containerd.cri.v1.images"';
    const runtime = 'plugins."io.containerd.cri.v1.runtime"';
    lines.push(
      `[${images}]`,
      `  snapshotter = ${quote(settings.snapshotter)}`,
      `[${images}.pinned_images]`,
      `  sandbox = ${quote(settings.sandboxImage)}`,
      `[${runtime}]`,
      `  restrict_oom_score_adj = ${settings.restrictOomScoreAdj}`,
      `[${runtime}.cni]`,
      `  bin_dirs = ${JSON.stringify(settings.cniBinDirs)}`,
      `  conf_dir = ${quote(settings.cniConfDir)}`,
      ...runtimes(runtime, settings),
    );
  } else {
    const cri = 'plugins."io.containerd.grpc.v1.cri"';
    lines.push(
      `[${cri}]`,
      `  sandbox_image = ${quote(settings.sandboxImage)}`,
      `  restrict_oom_score_adj = ${settings.restrictOomScoreAdj}`,
      // Port 0: a free port; several containerds live on one machine.
      '  stream_server_address = "127.0.0.1"',
      '  stream_server_port = "0"',
      `[${cri}.cni]`,
      `  bin_dir = ${quote(settings.cniBinDirs[0] ?? '/opt/cni/bin')}`,
      `  conf_dir = ${quote(settings.cniConfDir)}`,
      `[${cri}.containerd]`,
      `  snapshotter = ${quote(settings.snapshotter)}`,
      ...runtimes(cri, settings),
    );
  }
  return `${lines.join('\n')}\n`;
}

function runtimes(section: string, settings: ContainerdSettings): string[] {
  return [
    `[${section}.containerd.runtimes.runc]`,
    '  runtime_type = "io.containerd.runc.v2"',
    `[${section}.containerd.runtimes.runc.options]`,
    `  SystemdCgroup = ${settings.systemdCgroup}`,
    // runc's own state would else lie beside that of the machine's other runtimes.
    `  Root = ${quote(path.join(settings.state, 'runc'))}`,
  ];
}

function quote(text: string): string {
  return JSON.stringify(text);
}
