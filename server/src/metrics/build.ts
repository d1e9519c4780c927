import { versionInfo } from '../version-info.ts';
import type { MetricsRegistry } from './registry.ts';

/** kubernetes_build_info: which Kubernetes this is, as labels. */
export function showBuild(registry: MetricsRegistry): void {
  const version = versionInfo();
  const labels = {
    major: version['major'],
    minor: version['minor'],
    git_version: version['gitVersion'],
    git_commit: version['gitCommit'],
    git_tree_state: version['gitTreeState'],
    build_date: version['buildDate'],
    go_version: version['goVersion'],
    compiler: version['compiler'],
    platform: version['platform'],
  };
  const help =
    "A metric with a constant '1' value labeled by major, minor, git version, git commit, git tree state, build date, Go version, and compiler from which Kubernetes was built, and platform on which it is running.";
  registry
    .gauge('kubernetes_build_info', 'BETA', help, Object.keys(labels))
    .with(...Object.values(labels).map((value) => value ?? ''))
    .set(1);
}
