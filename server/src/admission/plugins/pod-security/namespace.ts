/** What PodSecurity does with namespaces, whose labels say the policy. */
import { invalid } from '@typernetes/openapi/meta';
import { deepEqual } from '@typernetes/openapi/schema';
import type { Pod } from '@typernetes/openapi/types/core/v1';
import type { AdmissionAttributes } from '../../admission.ts';
import type { PodSecuritySettings } from '../../configuration/pod-security.ts';
import type { AdmissionDependencies } from '../../dependencies.ts';
import { evaluate, printReasons } from './evaluate.ts';
import {
  compareLevels,
  isEquivalent,
  isFullyPrivileged,
  type LevelVersion,
  modes,
  type Policy,
  policyOf,
  prefix,
  printLevel,
} from './policy.ts';

/** A stricter namespace label is tried on this many of the pods that are there. */
const maxPodsToCheck = 3000;

/** Labels must be right; who makes a policy stricter is told which pods it would forbid. */
export async function validateNamespace(
  attributes: AdmissionAttributes,
  { defaults, exemptions }: PodSecuritySettings,
  registry: AdmissionDependencies['registry'],
): Promise<void> {
  const name = attributes.object?.metadata?.name ?? attributes.name;
  const labels = attributes.object?.metadata?.labels ?? {};
  const { policy, errors } = policyOf(labels, defaults);
  const old =
    attributes.operation === 'UPDATE' ? policyOf(attributes.oldObject?.metadata?.labels, defaults) : undefined;
  if (errors.length > 0 && (old === undefined || old.errors.length === 0 || !deepEqual(errors, old.errors))) {
    throw invalid({ group: '', kind: 'Namespace' }, name, errors);
  }
  const isExempt = exemptions.namespaces.has(name);
  if (old === undefined) {
    if (isExempt) warnOfExemption(attributes, name, policy, defaults, labels);
    return;
  }
  if (deepEqual(policy.enforce, old.policy.enforce) || policy.enforce.level === 'privileged') return;
  if (
    policy.enforce.minor === old.policy.enforce.minor &&
    compareLevels(policy.enforce.level, old.policy.enforce.level) < 1
  )
    return;
  if (isExempt) return warnOfExemption(attributes, name, policy, defaults, labels);
  let all: Pod[];
  try {
    all = await registry.list<Pod>({ group: '', resource: 'pods' }, name);
  } catch {
    return attributes.warn('failed to list pods while checking new PodSecurity enforce level');
  }
  const pods = all.filter(({ spec }) => !exemptions.runtimeClasses.has(spec?.runtimeClassName ?? ''));
  for (const warning of warningsFor(name, policy.enforce, oneOfEachFirst(pods))) attributes.warn(warning);
}

function warnOfExemption(
  attributes: AdmissionAttributes,
  namespace: string,
  policy: Policy,
  defaults: Policy,
  labels: Readonly<Record<string, string>>,
): void {
  if (isFullyPrivileged(policy) || isEquivalent(policy, defaults)) return;
  const ignored = modes.filter(
    (mode) =>
      policy[mode].level !== 'privileged' &&
      [mode, `${mode}-version`].some((label) => Object.hasOwn(labels, prefix + label)),
  );
  const text = ignored.map((mode) => `${mode}=${printLevel(policy[mode])}`).join(', ');
  attributes.warn(`namespace "${namespace}" is exempt from Pod Security, and the policy (${text}) will be ignored`);
}

/** Replicas are alike: where not all can be looked at, rather one of each controller. */
function oneOfEachFirst(pods: readonly Pod[]): Pod[] {
  const controllers = new Set<string>();
  const replicas: Pod[] = [];
  const first = pods.filter((pod) => {
    const uid = pod.metadata?.ownerReferences?.find((owner) => owner.controller)?.uid;
    if (uid === undefined || !controllers.has(uid)) return uid === undefined || controllers.add(uid);
    replicas.push(pod);
    return false;
  });
  return [...first, ...replicas];
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
