/** Pod Security Standards by namespace label: enforce refuses pods, warn and audit tell; also on what makes pods. */

import { invalid, type KubernetesObject } from '@typernetes/openapi/meta';
import { deepEqual } from '@typernetes/openapi/schema';
import type { Namespace, Pod, PodTemplateSpec } from '@typernetes/openapi/types/core/v1';
import type { AdmissionAttributes, AdmissionPlugin } from '../../admission.ts';
import type { AdmissionDependencies } from '../../dependencies.ts';
import { concerns, refuse } from '../../refusal.ts';
import { allContainers } from '../pods.ts';
import type { PodTemplate } from './check.ts';
import { evaluate, printReasons, printViolations } from './evaluate.ts';
import type { Mode, PodSecurityMetrics } from './metrics.ts';
import { compareLevels, type LevelVersion, type Policy, policyOf, printLevel } from './policy.ts';

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
/** A stricter namespace label is tried on this many of the pods that are there. */
const maxPodsToCheck = 3000;

export function podSecurity({ registry, metrics }: AdmissionDependencies): AdmissionPlugin {
  const counted = metrics?.podSecurity;
  const policyFor = async (attributes: AdmissionAttributes): Promise<Policy> => {
    const namespace = await registry.get<Namespace>({ group: '', resource: 'namespaces' }, '', attributes.namespace);
    const { policy, errors } = policyOf(namespace?.metadata?.labels);
    if (errors.length > 0) counted?.failed(false, attributes);
    return policy;
  };
  return {
    name: 'PodSecurity',
    handles: (operation) => operation === 'CREATE' || operation === 'UPDATE',
    async validate(attributes) {
      const { group, resource } = attributes.resource;
      const full = group === '' ? resource : `${resource}.${group}`;
      if (full === 'namespaces') {
        if (attributes.subresource === '') await validateNamespace(attributes, registry);
      } else if (full === 'pods') {
        if (ignoredSubresources.has(attributes.subresource)) return;
        const pod = attributes.object as Pod;
        if (attributes.operation === 'UPDATE' && !isSignificant(pod, attributes.oldObject as Pod)) return;
        const policy = await policyFor(attributes);
        const template = { metadata: pod.metadata ?? {}, spec: pod.spec ?? { containers: [] } };
        evaluatePod(attributes, policy, template, true, counted);
      } else if (podMakers.has(full) && concerns(attributes, full)) {
        const template = templateOf(attributes.object);
        if (template === undefined) return;
        evaluatePod(attributes, await policyFor(attributes), template, false, counted);
      }
    },
  };
}

function evaluatePod(
  attributes: AdmissionAttributes,
  policy: Policy,
  pod: PodTemplate,
  enforce: boolean,
  metrics: PodSecurityMetrics | undefined,
): void {
  const violates = (mode: Mode): string | undefined => {
    const violations = evaluate(policy[mode], pod);
    const allowed = violations.length === 0;
    if (!allowed || mode === 'enforce') metrics?.evaluated(allowed, policy[mode], mode, attributes);
    return allowed ? undefined : `PodSecurity "${printLevel(policy[mode])}": ${printViolations(violations)}`;
  };
  if (enforce) attributes.annotate('pod-security.kubernetes.io/enforce-policy', printLevel(policy.enforce));
  const refused = enforce ? violates('enforce') : undefined;
  const audit = violates('audit');
  if (audit !== undefined) attributes.annotate('pod-security.kubernetes.io/audit-violations', `would violate ${audit}`);
  if (refused !== undefined) throw refuse(attributes, `violates ${refused}`);
  const warning = violates('warn');
  if (warning !== undefined) attributes.warn(`would violate ${warning}`);
}

async function validateNamespace(
  attributes: AdmissionAttributes,
  registry: AdmissionDependencies['registry'],
): Promise<void> {
  const name = attributes.object?.metadata?.name ?? attributes.name;
  const { policy, errors } = policyOf(attributes.object?.metadata?.labels);
  const old = attributes.operation === 'UPDATE' ? policyOf(attributes.oldObject?.metadata?.labels) : undefined;
  if (errors.length > 0 && (old === undefined || old.errors.length === 0 || !deepEqual(errors, old.errors))) {
    throw invalid({ group: '', kind: 'Namespace' }, name, errors);
  }
  if (old === undefined || deepEqual(policy.enforce, old.policy.enforce) || policy.enforce.level === 'privileged')
    return;
  if (
    policy.enforce.minor === old.policy.enforce.minor &&
    compareLevels(policy.enforce.level, old.policy.enforce.level) < 1
  )
    return;
  const pods = await registry.list<Pod>({ group: '', resource: 'pods' }, name);
  for (const warning of warningsFor(name, policy.enforce, pods)) attributes.warn(warning);
}

function warningsFor(namespace: string, level: LevelVersion, pods: readonly Pod[]): string[] {
  const checked = pods.slice(0, maxPodsToCheck);
  const podsByReason = new Map<string, string[]>();
  for (const pod of checked) {
    const violations = evaluate(level, { metadata: pod.metadata ?? {}, spec: pod.spec ?? { containers: [] } });
    if (violations.length === 0) continue;
    const reasons = printReasons(violations);
    podsByReason.set(reasons, [...(podsByReason.get(reasons) ?? []), pod.metadata?.name ?? '']);
  }
  const details = [...podsByReason].map(([reasons, names]) => {
    const [first = '', ...others] = names.sort();
    const more =
      others.length === 0 ? '' : others.length === 1 ? ' (and 1 other pod)' : ` (and ${others.length} other pods)`;
    return `${first}${more}: ${reasons}`;
  });
  return [
    ...(checked.length < pods.length
      ? [
          `new PodSecurity enforce level only checked against the first ${checked.length} of ${pods.length} existing pods`,
        ]
      : []),
    ...(details.length === 0
      ? []
      : [`existing pods in namespace "${namespace}" violate the new PodSecurity enforce level "${printLevel(level)}"`]),
    ...details.sort(),
  ];
}

/** Only images and new containers can change after creation. */
function isSignificant(pod: Pod, old: Pod): boolean {
  const images = new Map(allContainers(old.spec).map((container) => [container.name, container.image]));
  return allContainers(pod.spec).some(
    (container) => !images.has(container.name) || images.get(container.name) !== container.image,
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
