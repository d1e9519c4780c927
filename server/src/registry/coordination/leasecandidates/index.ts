import type { LeaseCandidate } from '@typernetes/openapi/types/coordination/v1beta1';
import type { ResourceRegistration } from '../../generic/strategy.ts';
import { age, ageColumn, nameColumn, text } from '../../printing/index.ts';
import { configMapKey, immutable, path, required } from '../../validation/index.ts';

export const leasecandidates: ResourceRegistration<LeaseCandidate> = {
  resource: { group: 'coordination.k8s.io', resource: 'leasecandidates' },
  strategy: {
    allowCreateOnUpdate: true,
    allowUnconditionalUpdate: false,
    hasGeneration: false,
    validateName: (name) => configMapKey(name),
    validate: (candidate) =>
      (['leaseName', 'binaryVersion', 'strategy'] as const)
        .filter((field) => !candidate.spec?.[field])
        .map((field) => required(path('spec', field), '')),
    validateUpdate: (candidate, old) =>
      immutable(path('spec', 'leaseName'), candidate.spec?.leaseName, old.spec?.leaseName),
  },
  selectableFields: { 'spec.leaseName': (candidate) => candidate.spec?.leaseName ?? '' },
  table: {
    columns: [nameColumn, text('LeaseName'), text('BinaryVersion'), text('EmulationVersion'), ageColumn],
    cells: (candidate, now) => [
      candidate.metadata?.name ?? '',
      candidate.spec?.leaseName ?? '',
      candidate.spec?.binaryVersion ?? '',
      candidate.spec?.emulationVersion ?? '',
      age(candidate, now),
    ],
  },
};
