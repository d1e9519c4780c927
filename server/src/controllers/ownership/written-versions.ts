/**
 * The versions that a controller wrote last, so that it does not act on a cache that has not seen its own write yet. Its
 * write comes back as an event, which wakes it again.
 */
import type { KubernetesObject } from '@typernetes/openapi/meta';

export class WrittenVersions {
  readonly #written = new Map<string, { uid: string | undefined; version: bigint }>();

  wrote(key: string, object: Readonly<KubernetesObject>): void {
    const version = versionOf(object);
    if (version !== undefined) this.#written.set(key, { uid: object.metadata?.uid, version });
  }

  /** Whether the cached object is at least as new as what was written. */
  seen(key: string, cached: Readonly<KubernetesObject>): boolean {
    const written = this.#written.get(key);
    if (!written || written.uid !== cached.metadata?.uid) return true;
    const version = versionOf(cached);
    return version === undefined || version >= written.version;
  }

  delete(key: string): void {
    this.#written.delete(key);
  }
}

function versionOf(object: Readonly<KubernetesObject>): bigint | undefined {
  const text = object.metadata?.resourceVersion ?? '';
  return /^\d+$/.test(text) ? BigInt(text) : undefined;
}
