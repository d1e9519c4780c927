/** Calls to servers that others run: their clients, addresses and checks, for admission, conversion, audit and reviews. */
export { errorOfAnswer, failureOf, unreadable } from './answer-error.ts';
export { WebhookCredentials } from './credentials.ts';
export { ReviewClient, type ReviewClientOptions } from './review-client.ts';
export { clusterIpResolver, endpointResolver, type ResolvedService, type ServiceResolver } from './service-resolver.ts';
export {
  validateCaBundle,
  validateWebhookService,
  validateWebhookUrl,
  type WebhookService,
} from './validation.ts';
export {
  type WebhookCall,
  WebhookCallError,
  type WebhookClientConfig,
  WebhookClients,
  type WebhookResponse,
} from './webhook-client.ts';
