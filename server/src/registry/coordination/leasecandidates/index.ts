import type { LeaseCandidate } from '@typernetes/openapi/types/coordination/v1beta1';
import type { ResourceRegistration } from '../../generic/strategy.ts';
import { age, ageColumn, nameColumn, text } from '../../printing/index.ts';
import { configMapKey, immutable, path } from '../../validation/index.ts';
import { validateCandidate } from './validate.ts';

export const leasecandidates: ResourceRegistration<LeaseCandidate> = {
  resource: { group: 'coordination.k8s.io', resource: 'leasecandidates' },
  strategy: {
    allowCreateOnUpdate: true,
    allowUnconditionalUpdate: false,
    hasGeneration: false,
    validateName: (name) => configMapKey(name),
    validate: validateCandidate,
    validateUpdate: (candidate, old) => [
      ...validateCandidate(candidate),
      ...immutable(path('spec', 'leaseName'), candidate.spec?.leaseName, old.spec?.leaseName),
    ],
  },
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
