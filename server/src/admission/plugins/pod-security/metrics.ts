/** How pods and what makes them fare under the Pod Security Standards. */
import { kubernetesVersion } from '@typernetes/openapi/catalogue';
import type { Counter, MetricsRegistry } from '../../../metrics/index.ts';
import type { AdmissionAttributes } from '../../admission.ts';
import type { LevelVersion, Mode } from './policy.ts';

const request = ['request_operation', 'resource', 'subresource'];

export class PodSecurityMetrics {
  readonly #evaluations: Counter;
  readonly #exemptions: Counter;
  readonly #errors: Counter;

  constructor(registry: MetricsRegistry) {
    this.#evaluations = registry.counter(
      'pod_security_evaluations_total',
      'ALPHA',
      'Number of policy evaluations that occurred, not counting ignored or exempt requests.',
      ['decision', 'policy_level', 'policy_version', 'mode', ...request],
    );
    this.#exemptions = registry.counter(
      'pod_security_exemptions_total',
      'ALPHA',
      'Number of exempt requests, not counting ignored or out of scope requests.',
      request,
    );
    this.#errors = registry.counter(
      'pod_security_errors_total',
      'ALPHA',
      'Number of errors preventing normal evaluation. Non-fatal errors may result in the latest restricted profile being used for evaluation.',
      ['fatal', ...request],
    );
    for (const operation of ['create', 'update']) {
      for (const resource of ['pod', 'controller']) this.#exemptions.with(operation, resource, '');
      this.#evaluations.with('allow', 'privileged', 'latest', 'enforce', operation, 'pod', '');
    }
  }

  evaluated(decision: 'allow' | 'deny', { level, minor }: LevelVersion, mode: Mode, attributes: AdmissionAttributes) {
    const isLatest = minor === undefined || level === 'privileged';
    const version = isLatest ? 'latest' : minor > Number(kubernetesVersion.minor) ? 'future' : `v1.${minor}`;
    this.#evaluations.with(decision, level, version, mode, ...labels(attributes)).inc();
  }

  exempted(attributes: AdmissionAttributes): void {
    this.#exemptions.with(...labels(attributes)).inc();
  }

  failed(isFatal: boolean, attributes: AdmissionAttributes): void {
    this.#errors.with(String(isFatal), ...labels(attributes)).inc();
  }
}

function labels({ operation, resource: { group, resource }, subresource }: AdmissionAttributes): string[] {
  const what = group !== '' ? 'controller' : { pods: 'pod', namespaces: 'namespace' }[resource];
  return [operation.toLowerCase(), what ?? 'controller', subresource];
}
