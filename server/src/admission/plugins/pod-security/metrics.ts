/** How pods and what makes them fare under the Pod Security Standards. */
import { kubernetesVersion } from '@typernetes/openapi/catalogue';
import type { Counter, MetricsRegistry } from '../../../metrics/index.ts';
import type { AdmissionAttributes } from '../../admission.ts';
import type { LevelVersion } from './policy.ts';

export type Mode = 'enforce' | 'audit' | 'warn';

const request = ['request_operation', 'resource', 'subresource'];

export class PodSecurityMetrics {
  readonly #evaluations: Counter;
  readonly #errors: Counter;

  constructor(registry: MetricsRegistry) {
    this.#evaluations = registry.counter(
      'pod_security_evaluations_total',
      'ALPHA',
      'Number of policy evaluations that occurred, not counting ignored or exempt requests.',
      ['decision', 'policy_level', 'policy_version', 'mode', ...request],
    );
    this.#errors = registry.counter(
      'pod_security_errors_total',
      'ALPHA',
      'Number of errors preventing normal evaluation. Non-fatal errors may result in the latest restricted profile being used for evaluation.',
      ['fatal', ...request],
    );
    const exemptions = registry.counter(
      'pod_security_exemptions_total',
      'ALPHA',
      'Number of exempt requests, not counting ignored or out of scope requests.',
      request,
    );
    // Nobody is exempt here; who watches for it is to see so.
    for (const operation of ['create', 'update']) {
      for (const resource of ['pod', 'controller']) exemptions.with(operation, resource, '');
      this.#evaluations.with('allow', 'privileged', 'latest', 'enforce', operation, 'pod', '');
    }
  }

  evaluated(allowed: boolean, { level, minor }: LevelVersion, mode: Mode, attributes: AdmissionAttributes): void {
    const version =
      minor === undefined || level === 'privileged' ? 'latest' : minor > newest ? 'future' : `v1.${minor}`;
    this.#evaluations.with(allowed ? 'allow' : 'deny', level, version, mode, ...requestOf(attributes)).inc();
  }

  /** `fatal`: nothing could be evaluated. */
  failed(fatal: boolean, attributes: AdmissionAttributes): void {
    this.#errors.with(String(fatal), ...requestOf(attributes)).inc();
  }
}

const newest = Number(kubernetesVersion.minor);

function requestOf({ operation, resource, subresource }: AdmissionAttributes): string[] {
  const kinds: Record<string, string> = { pods: 'pod', namespaces: 'namespace' };
  const kind = resource.group === '' ? kinds[resource.resource] : undefined;
  return [operation.toLowerCase(), kind ?? 'controller', subresource];
}
