/** One request's objects in the versions that webhooks and policies ask for. */
import { formatApiVersion, type GroupVersionKind, type KubernetesObject } from '@typernetes/openapi/meta';
import type { AdmissionAttributes } from './admission.ts';
import type { AdmissionObjects } from './objects.ts';

export interface VersionedObjects {
  readonly kind: GroupVersionKind;
  readonly object: KubernetesObject | undefined;
  readonly oldObject: Readonly<KubernetesObject> | undefined;
}

const textOf = (kind: GroupVersionKind): string => `${formatApiVersion(kind)}/${kind.kind}`;

export class Versions {
  readonly #attributes: AdmissionAttributes;
  readonly #objects: AdmissionObjects;
  readonly #known = new Map<string, Promise<VersionedObjects>>();
  #current: { kind: GroupVersionKind; object: KubernetesObject } | undefined;

  constructor(attributes: AdmissionAttributes, objects: AdmissionObjects) {
    this.#attributes = attributes;
    this.#objects = objects;
  }

  /** The object as it is now: what mutations have made of it, or the request's. */
  get object(): KubernetesObject | undefined {
    return this.#current?.object ?? this.#attributes.object;
  }

  get isMutated(): boolean {
    return this.#current !== undefined;
  }

  as(kind: GroupVersionKind): Promise<VersionedObjects> {
    const key = textOf(kind);
    let found = this.#known.get(key);
    if (found === undefined) this.#known.set(key, (found = this.#make(kind)));
    return found;
  }

  async #make(kind: GroupVersionKind): Promise<VersionedObjects> {
    const { oldObject } = this.#attributes;
    const { object } = this;
    return {
      kind,
      object: object && (await this.#objects.convert(object, kind)),
      oldObject: oldObject && (await this.#objects.convert(oldObject, kind)),
    };
  }

  /** A mutation's result, of the version that it was asked for in. */
  replace(object: KubernetesObject, kind: GroupVersionKind): void {
    this.#current = { kind, object };
    const before = this.#known.get(textOf(kind));
    this.#known.clear();
    if (before !== undefined) {
      this.#known.set(
        textOf(kind),
        before.then((versioned) => ({ ...versioned, object })),
      );
    }
  }

  /** Writes what mutations have made into the request's object. */
  async finish(): Promise<void> {
    const { object, resource } = this.#attributes;
    if (this.#current === undefined || object === undefined) return;
    const restored = await this.#objects.restore(this.#current.object, object, resource);
    // Nothing may have come of the mutations but what was there.
    if (restored !== object) replaceContents(object, restored);
    this.#current = undefined;
    this.#known.clear();
  }
}

function replaceContents(object: KubernetesObject, by: KubernetesObject): void {
  for (const name of Object.keys(object)) delete (object as Record<string, unknown>)[name];
  Object.assign(object, by);
}
