/**
 * Whether an etcd may be asked for watch progress. Before 3.4.31 and 3.5.13 it could tell of progress that events it
 * had yet to send contradict (etcd issues 15220 and 17507); upstream draws the same line.
 */
export function supportsProgressRequests(version: string): boolean {
  const [major = 0, minor = 0, patch = 0] = version.split(/[.+-]/).map(Number);
  if (major !== 3) return major > 3;
  if (minor === 4) return patch >= 31;
  if (minor === 5) return patch >= 13;
  return minor > 5;
}
