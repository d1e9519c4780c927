import { type FeatureGate, parseFeatureGates } from '../../apiserver/feature-gates.ts';
import type { AdmissionDependencies } from '../dependencies.ts';

const byDefault = parseFeatureGates('');

export function isEnabled({ featureGates = byDefault }: AdmissionDependencies, gate: FeatureGate): boolean {
  return featureGates.enabled(gate);
}
