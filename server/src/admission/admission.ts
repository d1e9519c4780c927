import type { GroupVersionKind, GroupVersionResource, KubernetesObject } from '@typernetes/openapi/meta';
import type { UserInfo } from '../authentication/authenticator.ts';

export type Operation = 'CREATE' | 'UPDATE' | 'DELETE' | 'CONNECT';

/**
 * The mutating phase runs twice where a webhook or policy changed the object: in the second round the built-in plugins
 * all run again, webhooks and policies as their reinvocationPolicy says.
 */
export class Reinvocation {
  isReinvoke = false;
  shouldReinvoke = false;
  readonly #states = new Map<string, unknown>();

  /** What a plugin remembers between the rounds. */
  state<T>(plugin: string, make: () => T): T {
    if (!this.#states.has(plugin)) this.#states.set(plugin, make());
    return this.#states.get(plugin) as T;
  }
}

/** One write (or connect) on its way through admission. Mutating plugins change `object` in place. */
export interface AdmissionAttributes {
  readonly operation: Operation;
  readonly kind: GroupVersionKind;
  readonly resource: GroupVersionResource;
  readonly subresource: string;
  readonly namespace: string;
  /** Empty on create with generateName until the name is made. */
  readonly name: string;
  /** The object to be stored; undefined on DELETE. On CONNECT the options object. */
  object: KubernetesObject | undefined;
  /** The stored object on UPDATE and DELETE; never to be changed. */
  readonly oldObject: Readonly<KubernetesObject> | undefined;
  /** CreateOptions, UpdateOptions, PatchOptions or DeleteOptions. */
  readonly options: Readonly<Record<string, unknown>>;
  readonly dryRun: boolean;
  readonly user: UserInfo;
  readonly signal: AbortSignal;
  /** Shared by the rounds of the mutating phase. */
  readonly reinvocation: Reinvocation;
  /** Adds a `Warning` header to the response. */
  warn(message: string): void;
  /** Of the audit event; the first value of a key counts. `level`: from which level on; Metadata. */
  annotate(key: string, value: string, level?: 'Metadata' | 'Request'): void;
}

/** Refusals are thrown StatusErrors (`forbidden(...)`); anything else thrown is an internal error. */
export interface AdmissionPlugin {
  /** Upstream's name, as in --enable-admission-plugins. */
  readonly name: string;
  handles(operation: Operation): boolean;
  /** All that it has to do with: `pods`, `pods/status`, `leases.coordination.k8s.io`. Absent: everything. */
  readonly resources?: readonly string[];
  /** Mutating phase. What has nothing to wait for returns nothing: most requests concern few of the plugins. */
  admit?(attributes: AdmissionAttributes): Promise<void> | undefined;
  /** Validating phase; must not change anything. */
  validate?(attributes: AdmissionAttributes): Promise<void> | undefined;
  /** Ends what it follows. */
  stop?(): void;
}
