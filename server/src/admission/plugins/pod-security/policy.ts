/** Which level of the Pod Security Standards a namespace's labels ask for, for each of the three modes. */
import { type FieldError, invalidValue, path } from '@typernetes/openapi/meta';

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

const prefix = 'pod-security.kubernetes.io/';
const open: LevelVersion = { level: 'privileged', minor: undefined };

/** Always a policy, also where labels are wrong: enforcement then falls shut, audit and warnings fall open. */
export function policyOf(labels: Readonly<Record<string, string>> = {}): { policy: Policy; errors: FieldError[] } {
  const policy: Policy = { enforce: { ...open }, audit: { ...open }, warn: { ...open } };
  const errors: FieldError[] = [];
  let enforceIsValid = false;
  for (const mode of ['enforce', 'audit', 'warn'] as const) {
    const level = labels[prefix + mode];
    if (level !== undefined) {
      const valid = levels.find((candidate) => candidate === level);
      if (valid === undefined) errors.push(notSupportedLevel(mode, level));
      if (mode === 'enforce') enforceIsValid = valid !== undefined;
      policy[mode].level = valid ?? (mode === 'enforce' ? 'restricted' : 'privileged');
    }
    const version = labels[`${prefix}${mode}-version`];
    if (version !== undefined) {
      const minor = /^v1\.(0|[1-9]\d*)$/.exec(version)?.[1];
      if (minor === undefined && version !== 'latest') {
        errors.push(invalidValue(labelPath(`${mode}-version`), version, 'must be "latest" or "v1.x"'));
      }
      policy[mode].minor = minor === undefined ? undefined : Number(minor);
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

function notSupportedLevel(mode: string, level: string): FieldError {
  return invalidValue(labelPath(mode), level, `must be one of ${levels.join(', ')}`);
}

function labelPath(name: string) {
  return path('metadata', 'labels').key(prefix + name);
}

export function compareLevels(left: Level, right: Level): number {
  return levels.indexOf(left) - levels.indexOf(right);
}

/** `restricted:latest` */
export function printLevel({ level, minor }: LevelVersion): string {
  return `${level}:${minor === undefined ? 'latest' : `v1.${minor}`}`;
}
