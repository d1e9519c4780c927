import type { FeatureGates } from '../apiserver/feature-gates.ts';
import type { Authorizer } from '../authorization/authorizer.ts';
import type { ObjectSource } from '../authorization/object-source.ts';
import type { RegistryReader } from '../registry/generic/rest.ts';
import type { WebhookClients } from '../webhooks/index.ts';
import type { AdmissionMetrics } from './metrics.ts';
import type { AdmissionObjects } from './objects.ts';

/** What plugins may look at. */
export interface AdmissionDependencies {
  registry: RegistryReader;
  authorizer: Authorizer;
  /** Lets a plugin wait for an object that is about to be made; without it, what is missing is missing. */
  source?: ObjectSource;
  /** For webhooks and policies, which need `source` as well; without them there are none. */
  clients?: WebhookClients;
  objects?: AdmissionObjects;
  metrics?: AdmissionMetrics;
  /** Of a pod on a node that is not ready, or cannot be reached; 300 each where absent. */
  tolerationSeconds?: { notReady: number; unreachable: number };
  /** Absent: as they are by default. */
  featureGates?: Pick<FeatureGates, 'enabled'>;
  now?: () => Date;
  /** In [0, 1), for generated names. */
  random?: () => number;
}
