import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { GroupResource, KubernetesObject } from '@typernetes/openapi/meta';
import type { UserInfo } from '../../authentication/authenticator.ts';

/** Everything a resource's code may ask of the server while it handles one request. */
export interface RestContext {
  readonly user: UserInfo;
  readonly namespace: string;
  /** What the request is, in the words of authorization. */
  readonly asked: { readonly verb: string; readonly subresource: string; readonly apiVersion: string };
  readonly now: Date;
  readonly dryRun: boolean;
  readonly signal: AbortSignal;
  readonly query: URLSearchParams;
  /** Only for connect handlers. `socket`/`head` are there when the client asked for an upgrade. */
  readonly http?: { request: IncomingMessage; response?: ServerResponse; socket?: Duplex; head?: Buffer };
  warn(message: string): void;
  /** The other resources, without admission or authorization: the server's own loopback. */
  readonly registry: RegistryReader;
}

export interface LoopbackUpdateOptions {
  subresource?: string;
  dryRun?: boolean;
  /** Upstream writes this through a client of its own: managedFields tell of it. */
  client?: boolean;
}

/** In-process access to stored objects; results are parsed copies that the caller owns. */
export interface RegistryReader {
  get<T extends KubernetesObject>(resource: GroupResource, namespace: string, name: string): Promise<T | undefined>;
  list<T extends KubernetesObject>(resource: GroupResource, namespace?: string): Promise<T[]>;
  /** Read, change, compare-and-swap, again on conflict; `change` may throw a StatusError to give up. Runs strategy and validation. */
  update<T extends KubernetesObject>(
    resource: GroupResource,
    namespace: string,
    name: string,
    change: (object: T) => T | Promise<T>,
    options?: LoopbackUpdateOptions,
  ): Promise<T>;
  /** Server-side apply, by force, of what exists already. */
  apply<T extends KubernetesObject>(
    resource: GroupResource,
    configuration: T,
    options: { subresource?: string; fieldManager: string },
  ): Promise<T>;
  create<T extends KubernetesObject>(
    resource: GroupResource,
    namespace: string,
    object: T,
    /** `fieldManager` is who its managedFields name; the API server itself unless told. */
    options?: { dryRun?: boolean; fieldManager?: string },
  ): Promise<T>;
  /** Through the resource's full delete path (grace period, finalizers, propagation). */
  delete(
    resource: GroupResource,
    namespace: string,
    name: string,
    options?: { uid?: string; resourceVersion?: string; gracePeriodSeconds?: number; dryRun?: boolean },
  ): Promise<void>;
}
