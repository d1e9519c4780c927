/** Health checks in the order in which upstream shows them, so that reports of both can be laid side by side. */
import type { HealthCheck } from '../endpoints/health.ts';

const order = `
  start-apiserver-admission-initializer generic-apiserver-start-informers
  priority-and-fairness-config-consumer priority-and-fairness-filter storage-object-count-tracker-hook
  start-apiextensions-informers start-apiextensions-controllers crd-informer-synced
  start-system-namespaces-controller peer-endpoint-reconciler-controller start-cluster-authentication-info-controller
  start-kube-apiserver-identity-lease-controller start-kube-apiserver-identity-lease-garbage-collector
  storage-readiness start-legacy-token-tracking-controller start-service-ip-repair-controllers
  rbac/bootstrap-roles scheduling/bootstrap-system-priority-classes priority-and-fairness-config-producer
  bootstrap-controller start-kubernetes-service-cidr-controller
  start-kube-aggregator-informers apiservice-status-local-available-controller
  apiservice-status-remote-available-controller apiservice-registration-controller apiservice-wait-for-first-sync
  apiservice-discovery-controller kube-apiserver-autoregistration autoregister-completion
  apiservice-openapi-controller apiservice-openapiv3-controller
`
  .trim()
  .split(/\s+/);

/** What upstream does not know comes last. */
export function inUpstreamOrder(checks: readonly HealthCheck[]): HealthCheck[] {
  const place = ({ name }: HealthCheck): number => {
    const index = order.indexOf(name.replace(/^poststarthook\//, ''));
    return index < 0 ? order.length : index;
  };
  return [...checks].sort((a, b) => place(a) - place(b));
}
