import type { Pod } from '@typernetes/openapi/types/core/v1';

/** A node that the cache does not know may just be new. */
const quarantineMs = 40_000;

/** Nodes that pods are bound to and that nobody knows, each since when. */
export class UnknownNodes {
  readonly #since = new Map<string, number>();

  /**
   * The nodes of these pods that are gone: unknown for the whole quarantine, and `exists` denies them. One that was
   * judged begins anew, and so does one that has no pod in between: a pod that is bound to it later gets a quarantine of
   * its own.
   */
  async gone(
    pods: readonly Readonly<Pod>[],
    now: number,
    isKnown: (node: string) => boolean,
    exists: (node: string) => Promise<boolean>,
  ): Promise<Set<string>> {
    const unknown = new Set(
      pods.flatMap(({ spec }) => (spec?.nodeName && !isKnown(spec.nodeName) ? spec.nodeName : [])),
    );
    for (const node of this.#since.keys()) if (!unknown.has(node)) this.#since.delete(node);
    const gone = new Set<string>();
    for (const node of unknown) {
      const since = this.#since.get(node);
      if (since === undefined) this.#since.set(node, now);
      else if (now - since >= quarantineMs) {
        if (!(await exists(node))) gone.add(node);
        this.#since.delete(node);
      }
    }
    return gone;
  }
}
