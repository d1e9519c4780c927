/**
 * A promise is one behaviour of Kubernetes that a user relies on, checked from outside: through kubectl, raw HTTP, or
 * both. A promise must hold on any Kubernetes cluster of the version; one that real Kubernetes breaks is a wrong promise.
 */
import type { PromiseContext } from './context.ts';

export interface PromiseDefinition {
  /** Unique and readable: "[area] what holds". */
  name: string;
  area: string;
  /** Upstream's conformance code name where this checks the same behaviour. */
  codename: string | undefined;
  /** What the cluster must have; the promise is skipped, saying so, where it has not. */
  needs: readonly Need[];
  /** The whole promise must be done by then. Milliseconds. */
  deadlineMs: number;
  check(context: PromiseContext): Promise<void>;
}

/** `containers`: nodes run real containers. `image`: an image that pods can run was named or found. */
export type Need = 'containers' | 'nodes' | 'kubectl';

export interface PromiseOptions {
  codename?: string;
  needs?: readonly Need[];
  deadlineMs?: number;
}

const definitions: PromiseDefinition[] = [];

/** Declares the promises of one area; called at import time by the files under promises/. */
export function area(
  name: string,
): (what: string, check: PromiseDefinition['check'], options?: PromiseOptions) => void {
  return (what, check, options = {}) => {
    const full = `[${name}] ${what}`;
    if (definitions.some((definition) => definition.name === full)) throw new Error(`two promises are named ${full}`);
    definitions.push({
      name: full,
      area: name,
      codename: options.codename,
      needs: options.needs ?? [],
      deadlineMs: options.deadlineMs ?? 120_000,
      check,
    });
  };
}

export function declaredPromises(): readonly PromiseDefinition[] {
  return definitions;
}
