/** The client library: from a kubeconfig to controllers. */
export { Backoff, type Clock, delay, jitter, systemClock, type Timer } from './clock.ts';
export type { ClientConfig } from './config.ts';
export {
  Controller,
  type ControllerOptions,
  type ReconcileResult,
  type Reconciler,
  type Running,
  TerminalError,
} from './controller.ts';
export {
  EventRecorder,
  type EventRecorderOptions,
  type EventSubject,
  type EventType,
  referenceTo,
} from './event-recorder.ts';
export { Expectations } from './expectations.ts';
export {
  Indexer,
  type IndexFunction,
  keyOf,
  type LabelMatcher,
  type Lister,
  namespaceIndex,
  splitKey,
} from './indexer.ts';
export { type InformerFactoryOptions, SharedInformerFactory } from './informer-factory.ts';
export {
  inClusterConfig,
  KubeconfigError,
  type KubeconfigIdentity,
  type KubeconfigUsers,
  loadKubeconfig,
  loadKubeconfigUsers,
} from './kubeconfig.ts';
export { LeaderElector, type LeaderElectorOptions } from './leader-elector.ts';
export { type Logger, silentLogger } from './logger.ts';
export { LruMap } from './lru-map.ts';
export { Reflector, type ReflectorOptions, type ReflectorTarget } from './reflector.ts';
export {
  type DeleteOptions,
  type DeletionPropagation,
  type GetOptions,
  type ListOptions,
  type PatchOptions,
  type PatchType,
  ResourceClient,
  type WatchOptions,
  type WriteOptions,
} from './resource-client.ts';
export { apiVersionOf, type ResourceType, resourcePath } from './resource-type.ts';
export type { KnownResource } from './resources.ts';
export * as resources from './resources.ts';
export {
  RestClient,
  type RestClientObserver,
  type RestClientOptions,
  type RestRequest,
  type RestResponse,
} from './rest-client.ts';
export {
  type EventHandler,
  type HandlerRegistration,
  SharedInformer,
  type SharedInformerOptions,
} from './shared-informer.ts';
export { TokenBucket } from './token-bucket.ts';
export { ConnectionError, type Query, type RawRequest } from './transport.ts';
export { type Trust, trust } from './trust.ts';
export type { WatchEvent } from './watch-stream.ts';
export { observeWorkQueues, WorkQueue, type WorkQueueObserver, type WorkQueueOptions } from './work-queue.ts';
