/** The pods that this node should run, from all sources; and the mirrors that show static pods in the API. */
import type { Pod } from '@typernetes/openapi/types/core/v1';
import { configMirrorAnnotation, identityOf, isMirror } from '../pod/pod.ts';

const fullName = (pod: Pod): string => `${identityOf(pod).name}_${identityOf(pod).namespace}`;

export class PodManager {
  readonly #pods = new Map<string, Pod>();
  readonly #mirrors = new Map<string, Pod>();

  /** Returns whether the pod is to be run (a mirror is not). */
  put(pod: Pod): boolean {
    if (isMirror(pod)) {
      this.#mirrors.set(fullName(pod), pod);
      return false;
    }
    this.#pods.set(identityOf(pod).uid, pod);
    return true;
  }

  remove(pod: Pod): void {
    if (isMirror(pod)) this.#mirrors.delete(fullName(pod));
    else this.#pods.delete(identityOf(pod).uid);
  }

  get(uid: string): Pod | undefined {
    return this.#pods.get(uid);
  }

  byName(namespace: string, name: string): Pod | undefined {
    for (const pod of this.#pods.values()) {
      if (pod.metadata?.name === name && pod.metadata.namespace === namespace) return pod;
    }
    return undefined;
  }

  list(): Pod[] {
    return [...this.#pods.values()];
  }

  mirrorOf(pod: Pod): Pod | undefined {
    return this.#mirrors.get(fullName(pod));
  }

  /** Mirrors whose static pod is gone, or is another one. */
  orphanedMirrors(): Pod[] {
    return [...this.#mirrors.values()].filter((mirror) => {
      const { name, namespace } = identityOf(mirror);
      const pod = this.byName(namespace, name);
      return (
        pod === undefined ||
        mirror.metadata?.annotations?.[configMirrorAnnotation] !==
          pod.metadata?.annotations?.['kubernetes.io/config.hash']
      );
    });
  }

  uids(): Set<string> {
    return new Set(this.#pods.keys());
  }
}
