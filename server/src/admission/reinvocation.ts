/** What the second round of mutation has to know of the first. */
import type { KubernetesObject } from '@typernetes/openapi/meta';
import { deepCopy, deepEqual } from '@typernetes/openapi/schema';

export class ReinvocationState {
  #output: KubernetesObject | undefined;
  #invoked = new Set<string>();
  readonly #again = new Set<string>();

  /** Whether others have changed the object since we were last done with it. */
  isChanged(object: KubernetesObject | undefined): boolean {
    return !deepEqual(this.#output, object);
  }

  remember(object: KubernetesObject | undefined): void {
    this.#output = deepCopy(object);
  }

  /** `id` was called and may be called again if something changes after it. */
  addInvoked(id: string): void {
    this.#invoked.add(id);
  }

  /** Something has changed: those that were called before it are to see it. */
  requireAgain(): void {
    for (const id of this.#invoked) this.#again.add(id);
    this.#invoked = new Set();
  }

  isRequired(id: string): boolean {
    return this.#again.has(id);
  }
}
