/**
 * Pod Security Standards by namespace label, or by configuration: enforce refuses pods, warn and audit tell; also on
 * what makes pods.
 */
import {
  aggregateFieldErrors,
  type FieldError,
  formatGroupResource,
  internalError,
  type KubernetesObject,
  quote,
  type StatusError,
} from '@typernetes/openapi/meta';
import type { Container, Namespace, Pod, PodTemplateSpec } from '@typernetes/openapi/types/core/v1';
import type { AdmissionAttributes, AdmissionPlugin } from '../../admission.ts';
import { type PodSecuritySettings, readPodSecurity } from '../../configuration/pod-security.ts';
import type { AdmissionDependencies } from '../../dependencies.ts';
import { concerns, refuse } from '../../refusal.ts';
import type { PodTemplate } from './check.ts';
import { evaluate, printViolations } from './evaluate.ts';
import type { PodSecurityMetrics } from './metrics.ts';
import { validateNamespace } from './namespace.ts';
import {
  isFullyPrivileged,
  type LevelVersion,
  type Mode,
  type Policy,
  policyOf,
  prefix,
  printLevel,
} from './policy.ts';

const ignoredSubresources = new Set(['exec', 'attach', 'binding', 'eviction', 'log', 'portforward', 'proxy', 'status']);
const podMakers = new Set([
  'podtemplates',
  'replicationcontrollers',
  'replicasets.apps',
  'deployments.apps',
  'statefulsets.apps',
  'daemonsets.apps',
  'jobs.batch',
  'cronjobs.batch',
]);

export function podSecurity(dependencies: AdmissionDependencies, configuration?: string): AdmissionPlugin {
  const { registry, metrics } = dependencies;
  const settings = readPodSecurity(configuration);
  const evaluation = new Evaluation(settings, metrics?.podSecurity);
  const policyFor = async (attributes: AdmissionAttributes) => {
    const namespace = await registry.get<Namespace>({ group: '', resource: 'namespaces' }, '', attributes.namespace);
    return namespace && policyOf(namespace.metadata?.labels, settings.defaults);
  };
  const validatePod = async (attributes: AdmissionAttributes): Promise<void> => {
    if (evaluation.isExempt(attributes)) return;
    const found = await policyFor(attributes);
    // Whose labels are not known is not let in.
    if (found === undefined) throw evaluation.lost(attributes, true);
    const { policy, errors } = found;
    if (errors.length === 0 && isFullyPrivileged(policy)) return evaluation.skip(policy.enforce, attributes);
    const pod = attributes.object as Pod;
    if (attributes.operation === 'UPDATE' && !isSignificant(pod, attributes.oldObject as Pod)) return;
    const template = { metadata: pod.metadata ?? {}, spec: pod.spec ?? { containers: [] } };
    evaluation.run(attributes, policy, errors, template, true);
  };
  const validatePodMaker = async (attributes: AdmissionAttributes): Promise<void> => {
    if (evaluation.isExempt(attributes)) return;
    const found = await policyFor(attributes);
    if (found === undefined) return void evaluation.lost(attributes, false);
    const { policy, errors } = found;
    if (errors.length === 0 && policy.warn.level === 'privileged' && policy.audit.level === 'privileged') return;
    const template = templateOf(attributes.object);
    if (template !== undefined) evaluation.run(attributes, policy, errors, template, false);
  };
  return {
    name: 'PodSecurity',
    handles: (operation) => operation === 'CREATE' || operation === 'UPDATE',
    validate(attributes) {
      const full = formatGroupResource(attributes.resource);
      if (full === 'namespaces')
        return attributes.subresource === '' ? validateNamespace(attributes, settings, registry) : undefined;
      if (full === 'pods') return ignoredSubresources.has(attributes.subresource) ? undefined : validatePod(attributes);
      return podMakers.has(full) && concerns(attributes, full) ? validatePodMaker(attributes) : undefined;
    },
  };
}

class Evaluation {
  readonly #settings: PodSecuritySettings;
  readonly #metrics: PodSecurityMetrics | undefined;

  constructor(settings: PodSecuritySettings, metrics: PodSecurityMetrics | undefined) {
    this.#settings = settings;
    this.#metrics = metrics;
  }

  isExempt(attributes: AdmissionAttributes): boolean {
    const { namespaces, usernames } = this.#settings.exemptions;
    if (namespaces.has(attributes.namespace)) return this.#exempt(attributes, 'namespace');
    return usernames.has(attributes.user.name) && this.#exempt(attributes, 'user');
  }

  #exempt(attributes: AdmissionAttributes, by: string): true {
    attributes.annotate(`${prefix}exempt`, by);
    this.#metrics?.exempted(attributes);
    return true;
  }

  /** There is no namespace, so no policy either. */
  lost(attributes: AdmissionAttributes, isFatal: boolean): StatusError {
    const namespace = quote(attributes.namespace);
    const error = internalError(`failed to lookup namespace ${namespace}`);
    const what = isFatal ? error.message : `failed to lookup namespace ${namespace}`;
    attributes.annotate(`${prefix}error`, `${what}: namespaces ${namespace} not found`);
    this.#metrics?.failed(true, attributes);
    return error;
  }

  /** What is privileged forbids nothing. */
  skip(enforce: LevelVersion, attributes: AdmissionAttributes): void {
    attributes.annotate(`${prefix}enforce-policy`, 'privileged:latest');
    this.#metrics?.evaluated('allow', enforce, 'enforce', attributes);
  }

  /** Throws where the pod is forbidden; only pods themselves are. */
  run(
    attributes: AdmissionAttributes,
    policy: Policy,
    errors: readonly FieldError[],
    pod: PodTemplate,
    enforce: boolean,
  ): void {
    if (this.#settings.exemptions.runtimeClasses.has(pod.spec.runtimeClassName ?? '')) {
      this.#exempt(attributes, 'runtimeClass');
      return;
    }
    const error = aggregateFieldErrors(errors);
    if (error !== undefined) {
      attributes.annotate(`${prefix}error`, `Failed to parse policy: ${error}`);
      this.#metrics?.failed(false, attributes);
    }
    const violations = (mode: Mode): string | undefined => {
      const level = policy[mode];
      const found = evaluate(level, pod);
      if (found.length > 0 || mode === 'enforce')
        this.#metrics?.evaluated(found.length > 0 ? 'deny' : 'allow', level, mode, attributes);
      return found.length === 0 ? undefined : `violate PodSecurity "${printLevel(level)}": ${printViolations(found)}`;
    };
    let refusal: string | undefined;
    if (enforce) {
      attributes.annotate(`${prefix}enforce-policy`, printLevel(policy.enforce));
      refusal = violations('enforce')?.replace(/^violate/, 'violates');
    }
    const audit = violations('audit');
    if (audit !== undefined) attributes.annotate(`${prefix}audit-violations`, `would ${audit}`);
    if (refusal !== undefined) throw refuse(attributes, refusal);
    const warning = violations('warn');
    if (warning !== undefined) attributes.warn(`would ${warning}`);
  }
}

/** Only images and new containers can change after creation. */
function isSignificant({ spec }: Pod, { spec: old }: Pod): boolean {
  for (const field of ['containers', 'initContainers'] as const) {
    const [own, before] = [spec?.[field] ?? [], old?.[field] ?? []];
    if (own.length !== before.length || own.some(({ image }, index) => image !== before[index]?.image)) return true;
  }
  const images = new Map((old?.ephemeralContainers ?? []).map(({ name, image }) => [name, image] as const));
  return ((spec?.ephemeralContainers ?? []) as Container[]).some(
    ({ name, image }) => !images.has(name) || images.get(name) !== image,
  );
}

/** The pod template inside whatever makes pods; metadata alone is no template. */
function templateOf(object: KubernetesObject | undefined): PodTemplate | undefined {
  const holder = object as
    | {
        template?: PodTemplateSpec;
        spec?: { template?: PodTemplateSpec; jobTemplate?: { spec?: { template?: PodTemplateSpec } } };
      }
    | undefined;
  const template = holder?.template ?? holder?.spec?.template ?? holder?.spec?.jobTemplate?.spec?.template;
  return template?.spec === undefined ? undefined : { metadata: template.metadata ?? {}, spec: template.spec };
}
