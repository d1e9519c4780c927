/** What one mutating plugin does with one request: the object in its versions, and who is called in the second round. */
import type { AdmissionAttributes } from './admission.ts';
import type { ConfigurableDependencies } from './configurable.ts';
import { RequestNamespace } from './matching/selectors.ts';
import { ReinvocationState } from './reinvocation.ts';
import { Versions } from './versioned.ts';

export class Mutation {
  readonly versions: Versions;
  readonly namespace: RequestNamespace;
  readonly #attributes: AdmissionAttributes;
  readonly #state: ReinvocationState;

  constructor(plugin: string, attributes: AdmissionAttributes, { objects, registry }: ConfigurableDependencies) {
    this.versions = new Versions(attributes, objects);
    this.namespace = new RequestNamespace(attributes, registry);
    this.#attributes = attributes;
    this.#state = attributes.reinvocation.state(plugin, () => new ReinvocationState());
  }

  begin(): void {
    const { reinvocation, object } = this.#attributes;
    if (reinvocation.isReinvoke && this.#state.isChanged(object)) this.#state.requireAgain();
  }

  /** In the second round nobody is called for the first time. */
  mayCall(id: string): boolean {
    return !this.#attributes.reinvocation.isReinvoke || this.#state.isRequired(id);
  }

  /** Those that were called before are to see what has changed. */
  changed(): void {
    this.#state.requireAgain();
    this.#attributes.reinvocation.shouldReinvoke = true;
  }

  /** Under `reinvocationPolicy: IfNeeded`, who was called may be called again. */
  called(id: string, reinvocationPolicy: string | undefined): void {
    if (reinvocationPolicy === 'IfNeeded') this.#state.addInvoked(id);
  }

  async finish(): Promise<void> {
    await this.versions.finish();
    this.#state.remember(this.#attributes.object);
  }
}
