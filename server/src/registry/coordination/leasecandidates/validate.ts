import type { LeaseCandidate, LeaseCandidateSpec } from '@typernetes/openapi/types/coordination/v1beta1';
import { SemverValue } from '../../../cel/index.ts';
import {
  checked,
  type FieldError,
  invalidValue,
  notSupported,
  type Path,
  path,
  qualifiedName,
  required,
} from '../../validation/index.ts';

const oldestEmulationVersion = 'OldestEmulationVersion';
const at = path('spec');

/** Clients may leave out whatever the types promise. */
export function validateCandidate({ spec }: LeaseCandidate): FieldError[] {
  const given: Partial<LeaseCandidateSpec> = spec ?? {};
  const { leaseName, binaryVersion = '', emulationVersion = '', strategy = '' } = given;
  const [binary, emulation] = [parse(binaryVersion), parse(emulationVersion)];
  const errors: FieldError[] = [];
  const malformed = (field: string, version: string): void =>
    void errors.push(invalidValue(at.child(field), version, 'must be a valid semantic version'));
  if (!leaseName) errors.push(required(at.child('leaseName'), ''));
  if (emulationVersion !== '' && emulation === undefined) malformed('emulationVersion', emulationVersion);
  if (binaryVersion === '') errors.push(required(at.child('binaryVersion'), ''));
  else if (binary === undefined) malformed('binaryVersion', binaryVersion);
  if (binaryVersion !== '' && emulationVersion !== '' && (binary ?? none).compare(emulation ?? none) < 0)
    errors.push(
      invalidValue(at.child('binaryVersion'), binaryVersion, 'must be greater than or equal to `emulationVersion`'),
    );
  if (strategy === '') return [...errors, required(at.child('strategy'), '')];
  if (strategy === oldestEmulationVersion && (emulation ?? none).compare(none) === 0)
    errors.push(
      required(at.child('emulationVersion'), `must be specified when \`strategy\` is '${oldestEmulationVersion}'`),
    );
  return [...errors, ...validateStrategy(strategy, at.child('strategy', 'strategy'))];
}

/** What is not Kubernetes' own has a domain before it. */
function validateStrategy(strategy: string, here: Path): FieldError[] {
  if (strategy.includes('/')) return checked(here, strategy, qualifiedName(strategy));
  return strategy === oldestEmulationVersion ? [] : [notSupported(here, strategy, [oldestEmulationVersion])];
}

const none = new SemverValue('0.0.0');

function parse(version: string): SemverValue | undefined {
  try {
    return new SemverValue(version);
  } catch {
    return undefined;
  }
}
