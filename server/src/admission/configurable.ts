import type { ObjectSource } from '../authorization/object-source.ts';
import type { WebhookClients } from '../webhooks/index.ts';
import type { AdmissionDependencies } from './dependencies.ts';
import type { AdmissionObjects } from './objects.ts';

export interface ConfigurableDependencies extends AdmissionDependencies {
  source: ObjectSource;
  clients: WebhookClients;
  objects: AdmissionObjects;
}
