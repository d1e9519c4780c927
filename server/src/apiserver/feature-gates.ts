/** `--feature-gates=NAME=true,…`: upstream's names and errors. Few of them change anything here; the others are told. */
import { parseBool } from '@typernetes/openapi/meta';
import { knownFeatureGates } from './known-feature-gates.ts';

interface Gate {
  stage: string;
  on: boolean;
  locked: boolean;
}

/** Gates that this server acts on. */
const effectiveGates = [
  'APIServerIdentity',
  'CBORServingAndStorage',
  'ClusterTrustBundle',
  'GenericWorkload',
  'NodeDeclaredFeatures',
  'PodCertificateRequest',
  'PodTopologyLabelsAdmission',
  'StorageVersionMigrator',
  'UnknownVersionInteroperabilityProxy',
  'WorkloadWithJob',
] as const;
export type FeatureGate = (typeof effectiveGates)[number];
const effective: ReadonlySet<string> = new Set(effectiveGates);

const known: ReadonlyMap<string, Gate> = new Map(
  knownFeatureGates.flatMap(({ names, ...gate }) =>
    names
      .trim()
      .split(/\s+/)
      .map((name) => [name, gate] as const),
  ),
);

const stages: Record<string, string> = { AllAlpha: 'Alpha', AllBeta: 'Beta' };

export interface FeatureGates {
  /** Every gate there is. */
  all(): { name: string; stage: string; on: boolean }[];
  enabled(name: FeatureGate): boolean;
  /** Gates that were set to something else than their default, and change nothing here. */
  readonly ineffective: readonly string[];
}

/** Throws an Error in upstream's words. */
export function parseFeatureGates(text: string): FeatureGates {
  const given = new Map<string, boolean>();
  for (const setting of text.split(',')) {
    if (setting === '') continue;
    const equals = setting.indexOf('=');
    // A gate may name its component, of which there is one.
    const name = (equals < 0 ? setting : setting.slice(0, equals)).trim().replace(/^kube:/, '');
    if (equals < 0) throw new Error(`missing bool value for ${name}`);
    const value = setting.slice(equals + 1).trim();
    const on = parseBool(value);
    if (on === undefined)
      throw new Error(
        `invalid value of ${name}=${value}, err: strconv.ParseBool: parsing ${JSON.stringify(value)}: invalid syntax`,
      );
    given.set(name, on);
  }
  const errors: string[] = [];
  for (const [name, on] of given) {
    if (Object.hasOwn(stages, name)) continue;
    const gate = known.get(name);
    if (gate === undefined) errors.push(`unrecognized feature gate: ${name}`);
    else if (gate.locked && gate.on !== on)
      errors.push(`cannot set feature gate ${name} to ${on}, feature is locked to ${gate.on}`);
  }
  if (errors.length > 0) throw new Error(errors.length === 1 ? errors[0] : `[${errors.join(', ')}]`);
  const isOn = (name: string): boolean => {
    const gate = known.get(name)!;
    const stage = Object.keys(stages).find((each) => stages[each] === gate.stage);
    return given.get(name) ?? (stage === undefined || gate.locked ? undefined : given.get(stage)) ?? gate.on;
  };
  return {
    all: () => [...known].map(([name, { stage }]) => ({ name, stage, on: isOn(name) })),
    enabled: isOn,
    ineffective: [...given.keys()].filter(
      (name) => known.has(name) && !effective.has(name) && isOn(name) !== known.get(name)!.on,
    ),
  };
}
