import type { GroupVersionKind, GroupVersionResource, KubernetesObject } from '@typernetes/openapi/meta';
import type { UserInfo } from '../authentication/authenticator.ts';

export type Operation = 'CREATE' | 'UPDATE' | 'DELETE' | 'CONNECT';

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
  /** Adds a `Warning` header to the response. */
  warn(message: string): void;
  annotate(key: string, value: string): void;
}

/** Refusals are thrown StatusErrors (`forbidden(...)`); anything else thrown is an internal error. */
export interface AdmissionPlugin {
  /** Upstream's name, as in --enable-admission-plugins. */
  readonly name: string;
  handles(operation: Operation): boolean;
  /** Mutating phase. */
  admit?(attributes: AdmissionAttributes): Promise<void>;
  /** Validating phase; must not change anything. */
  validate?(attributes: AdmissionAttributes): Promise<void>;
}
