import { baselineChecks } from './baseline.ts';
import type { Check, CheckPod, PodTemplate, Violation } from './check.ts';
import type { LevelVersion } from './policy.ts';
import { restrictedChecks } from './restricted.ts';

/** Every rule of the level that the pod breaks: baseline rules first, each group by id. */
export function evaluate(level: LevelVersion, pod: PodTemplate): Violation[] {
  return checksOf(level).flatMap((check) => check(pod) ?? []);
}

function checksOf({ level, minor = Number.POSITIVE_INFINITY }: LevelVersion): CheckPod[] {
  if (level === 'privileged') return [];
  const active = (check: Check): CheckPod | undefined =>
    check.versions.filter((version) => version.minor <= minor).at(-1)?.check;
  const restricted = level === 'restricted' ? restrictedChecks.filter((check) => active(check) !== undefined) : [];
  const overridden = new Set(restricted.flatMap((check) => check.overrides ?? []));
  const baseline = baselineChecks.filter((check) => !overridden.has(check.id));
  return [...baseline, ...restricted].flatMap((check) => active(check) ?? []);
}

/** `host namespaces (hostNetwork=true), privileged (…)` */
export function printViolations(violations: readonly Violation[]): string {
  return violations.map(({ reason, detail }) => (detail === '' ? reason : `${reason} (${detail})`)).join(', ');
}

export function printReasons(violations: readonly Violation[]): string {
  return violations.map(({ reason }) => reason).join(', ');
}
