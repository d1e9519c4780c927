/** Which level of the Pod Security Standards a namespace's labels ask for, for each of the three modes. */
import { type FieldError, invalidValue, parseInt64, path } from '@typernetes/openapi/meta';

export type Level = 'privileged' | 'baseline' | 'restricted';
const levels: readonly Level[] = ['privileged', 'baseline', 'restricted'];

/** `minor` of v1.minor; undefined is `latest`. */
export interface LevelVersion {
  level: Level;
  minor: number | undefined;
}

export interface Policy {
  enforce: LevelVersion;
  audit: LevelVersion;
  warn: LevelVersion;
}

export const prefix = 'pod-security.kubernetes.io/';
export const modes = ['enforce', 'audit', 'warn'] as const;
export type Mode = (typeof modes)[number];

const open: LevelVersion = { level: 'privileged', minor: undefined };
export const openPolicy: Policy = { enforce: open, audit: open, warn: open };

/** What is wrong with a level or a version, in upstream's words. */
export const levelProblem = `must be one of ${levels.join(', ')}`;
export const versionProblem = 'must be "latest" or "v1.x"';

export function parseLevel(text: string): Level | undefined {
  return levels.find((level) => level === text);
}

/** Null where it is neither `latest` nor a version. */
export function parseMinor(text: string): number | undefined | null {
  if (text === 'latest') return undefined;
  const minor = /^v1\.(0|[1-9]\d*)$/.exec(text)?.[1];
  return minor === undefined || parseInt64(minor) === undefined ? null : Number(minor);
}

/** Always a policy, also where labels are wrong: enforcement then falls shut, audit and warnings fall open. */
export function policyOf(
  labels: Readonly<Record<string, string>> = {},
  defaults: Policy = openPolicy,
): { policy: Policy; errors: FieldError[] } {
  const policy: Policy = {
    enforce: { ...defaults.enforce },
    audit: { ...defaults.audit },
    warn: { ...defaults.warn },
  };
  const errors: FieldError[] = [];
  const wrong = (name: string, value: string, problem: string): void =>
    void errors.push(invalidValue(path('metadata', 'labels').key(prefix + name), value, problem));
  let enforceIsValid = false;
  for (const mode of modes) {
    const level = labels[prefix + mode];
    if (level !== undefined) {
      const valid = parseLevel(level);
      if (valid === undefined) wrong(mode, level, levelProblem);
      if (mode === 'enforce') enforceIsValid = valid !== undefined;
      policy[mode].level = valid ?? (mode === 'enforce' ? 'restricted' : 'privileged');
    }
    const version = labels[`${prefix}${mode}-version`];
    if (version !== undefined) {
      const minor = parseMinor(version);
      if (minor === null) wrong(`${mode}-version`, version, versionProblem);
      policy[mode].minor = minor ?? undefined;
    }
  }
  if (
    labels[`${prefix}warn`] === undefined &&
    enforceIsValid &&
    compareLevels(policy.enforce.level, policy.warn.level) > 0
  ) {
    policy.warn.level = policy.enforce.level;
    if (labels[`${prefix}warn-version`] === undefined) policy.warn.minor = policy.enforce.minor;
  }
  return { policy, errors };
}

export function isFullyPrivileged(policy: Policy): boolean {
  return modes.every((mode) => policy[mode].level === 'privileged');
}

/** Whether they come to the same: what is privileged has no versions. */
export function isEquivalent(left: Policy, right: Policy): boolean {
  return modes.every(
    (mode) =>
      left[mode].level === right[mode].level &&
      (left[mode].level === 'privileged' || left[mode].minor === right[mode].minor),
  );
}

export function compareLevels(left: Level, right: Level): number {
  return levels.indexOf(left) - levels.indexOf(right);
}

/** `restricted:latest` */
export function printLevel({ level, minor }: LevelVersion): string {
  return `${level}:${minor === undefined ? 'latest' : `v1.${minor}`}`;
}
