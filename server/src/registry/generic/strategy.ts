/**
 * A strategy is what one resource adds to the generic RegistryStore. Each resource is a small folder
 * `registry/<group>/<resource>/` whose `index.ts` exports a `ResourceRegistration`; `registry/resources.ts` lists them.
 * A resource of the catalogue without a folder gets the generic strategy: schema defaults and structural checks only.
 */
import type { FieldError, GroupResource, GroupVersionKind, KubernetesObject } from '@typernetes/openapi/meta';
import type { UserInfo } from '../../authentication/authenticator.ts';
import type { DeleteOptions } from './options.ts';
import type { RestContext } from './rest.ts';
import type { TableDefinition } from './table.ts';

export interface StrategyContext {
  readonly user: UserInfo;
  readonly now: Date;
  readonly dryRun: boolean;
  readonly subresource: string;
  /** For `Warning` headers, which a refusal has too. */
  readonly warn?: (message: string) => void;
}

/** All functions may change `object` in place where they say prepare or default; `old` is never changed. */
export interface Strategy<T extends KubernetesObject = KubernetesObject> {
  /** Upstream's Go defaulting of this version, run on every decoded object (create, update, patch results). */
  default?(object: T): void;
  /** Before create: clear what clients must not set (status), set what the server owns (generation is generic). */
  prepareForCreate?(object: T, context: StrategyContext): void;
  /** Before update: keep status on spec writes. Generic code bumps metadata.generation when anything but metadata and status changes. */
  prepareForUpdate?(object: T, old: Readonly<T>, context: StrategyContext): void;
  /** Before a write to /status: keep spec from `old`. The generic default keeps everything but status and metadata. */
  prepareForStatusUpdate?(object: T, old: Readonly<T>, context: StrategyContext): void;
  /** A write to /status leaves labels, annotations, finalizers and owners as they are (upstream: the newer kinds). */
  statusKeepsMetadata?: boolean;
  validate?(object: T, context: StrategyContext): FieldError[];
  validateUpdate?(object: T, old: Readonly<T>, context: StrategyContext): FieldError[];
  validateStatusUpdate?(object: T, old: Readonly<T>, context: StrategyContext): FieldError[];
  /** Texts for `Warning` headers. */
  warningsOnCreate?(object: T): string[];
  warningsOnUpdate?(object: T, old: Readonly<T>): string[];
  /** Of a write to /status, which gives none of the others. */
  warningsOnStatusUpdate?(object: T): string[];
  canonicalize?(object: T): void;
  /** PUT of a name that is not there creates it (upstream: few kinds). Default false. */
  allowCreateOnUpdate?: boolean;
  /** An apply of its status creates it too. */
  allowCreateByStatus?: boolean;
  /** PUT without a resourceVersion overwrites. Default true, as for most kinds upstream. */
  allowUnconditionalUpdate?: boolean;
  /** Upstream's name check for this kind; the default is a DNS-1123 subdomain. Returns messages. */
  validateName?(name: string, prefix: boolean, object: T): string[];
  /** The name for metadata.generateName; the default appends five random letters. */
  generateName?: (this: void, prefix: string) => string;
  /** Whether metadata.generation is kept at all (upstream: pods, configmaps … have none). Default: kinds with a spec. */
  hasGeneration?: boolean;
}

/** Selectable fields beyond metadata.name and metadata.namespace: label of the field selector → value in the object. */
export type SelectableFields<T extends KubernetesObject = KubernetesObject> = Record<string, (object: T) => string>;

export interface DeleteStrategy<T extends KubernetesObject = KubernetesObject> {
  /** Seconds of graceful deletion for this object, undefined where the kind is deleted at once (all but pods). */
  gracePeriodSeconds?(object: T, requested: number | undefined): number | undefined;
  /** What happens to dependents when the caller says nothing: upstream's per-kind default. */
  defaultGarbageCollection?: 'Background' | 'Orphan' | 'Unsupported';
  /** Finalizers kept outside metadata (a Namespace's spec.finalizers): the object stays until they are gone too. */
  otherFinalizers?(object: Readonly<T>): readonly string[];
  /** Changes made together with the first deletionTimestamp of an object that stays (a Namespace's phase). */
  markDeleted?(object: T): void;
  /** The first delete only marks the object, even without finalizers (Namespaces). */
  alwaysMarkFirst?: boolean;
  /** Texts for `Warning` headers. */
  warningsOnDelete?(options: DeleteOptions): string[];
  /** A delete answers with the deleted object rather than a Status. Default: upstream's set of kinds. */
  returnsDeletedObject?: boolean;
}

export interface ResourceRegistration<T extends KubernetesObject = KubernetesObject> {
  resource: GroupResource;
  strategy?: Strategy<T>;
  /** What differs where a group version other than the stored one is written, by apiVersion. */
  strategyIn?: Readonly<Record<string, Strategy<T>>>;
  deleteStrategy?: DeleteStrategy<T>;
  selectableFields?: SelectableFields<T>;
  /** Columns and cells for kubectl get. */
  table?: TableDefinition<T>;
  /** Storage folder under /registry where upstream's differs from the resource name (`minions`, `services/specs`). */
  storagePrefix?: string;
  /** Seconds after which an object expires (events). */
  ttlSeconds?(object: T): number | undefined;
  /**
   * Hooks around the store for kinds with side effects (Services allocate addresses). `begin` runs after admission's
   * mutation and before validation; the function it returns is called with the outcome.
   */
  beginCreate?(object: T, context: RestContext): Promise<((succeeded: boolean) => Promise<void>) | undefined>;
  beginUpdate?(
    object: T,
    old: Readonly<T>,
    context: RestContext,
  ): Promise<((succeeded: boolean) => Promise<void>) | undefined>;
  afterDelete?(object: T, context: RestContext): Promise<void>;
  /** Extra endpoints: pods/log, pods/binding, serviceaccounts/token, … by subresource name. */
  subresources?: Record<string, SubresourceRegistration<T>>;
  /** Kinds that are made up when someone looks (ComponentStatus): all there are. */
  virtualList?(context: RestContext): Promise<T[]>;
  /** What these are called where there is none of a name; absent: as the resource. */
  missingName?: string;
  /** Kinds that are answered and never stored (SubjectAccessReview, TokenReview): the whole create. */
  virtualCreate?(object: T, context: RestContext): Promise<KubernetesObject>;
}

/** A subresource that is not plain status: exactly the verbs it names. */
export interface SubresourceRegistration<T extends KubernetesObject = KubernetesObject> {
  kind?: GroupVersionKind;
  /** What a new one has if nothing is said of it, in place: before its fields are tracked and admission sees it. */
  defaults?(object: KubernetesObject): void;
  create?(parentName: string, object: KubernetesObject, context: RestContext): Promise<KubernetesObject>;
  get?(parentName: string, context: RestContext): Promise<KubernetesObject>;
  /** Update and patch: read the subresource's view of the parent, and write a changed view back into the parent. */
  view?(parent: Readonly<T>): KubernetesObject;
  /** What an update starts from where the view cannot be shown yet. */
  updateView?(parent: Readonly<T>): KubernetesObject;
  apply?(view: KubernetesObject, parent: T): void;
  /** A view without resourceVersion is one of whatever is there. */
  keepsVersion?: boolean;
  /** Of the view. */
  table?: TableDefinition;
  /** Streams (log, exec, attach, portforward, proxy) take the connection over. */
  connect?: ConnectHandler;
}

export type ConnectHandler = (parentName: string, path: string, context: RestContext) => Promise<void>;
