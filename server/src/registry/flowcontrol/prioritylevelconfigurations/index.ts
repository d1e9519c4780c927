import type { PriorityLevelConfiguration } from '@typernetes/openapi/types/flowcontrol/v1';
import type { ResourceRegistration } from '../../generic/strategy.ts';
import { age, ageColumn, nameColumn, text } from '../../printing/index.ts';
import { keepAllButStatus, validateConditions } from '../conditions.ts';
import { validatePriorityLevel } from './validation.ts';

export const prioritylevelconfigurations: ResourceRegistration<PriorityLevelConfiguration> = {
  resource: { group: 'flowcontrol.apiserver.k8s.io', resource: 'prioritylevelconfigurations' },
  strategy: {
    default(level) {
      const { exempt, limited } = level.spec ?? {};
      if (exempt) {
        exempt.nominalConcurrencyShares ??= 0;
        exempt.lendablePercent ??= 0;
      }
      if (!limited) return;
      limited.nominalConcurrencyShares ??= 30;
      limited.lendablePercent ??= 0;
      const queuing = limited.limitResponse?.queuing;
      if (!queuing) return;
      queuing.handSize ||= 8;
      queuing.queues ||= 64;
      queuing.queueLengthLimit ||= 50;
    },
    prepareForCreate(level) {
      level.status = {};
    },
    prepareForStatusUpdate: keepAllButStatus,
    prepareForUpdate(level, old) {
      level.status = structuredClone(old.status ?? {});
    },
    validate: validatePriorityLevel,
    validateUpdate: validatePriorityLevel,
    validateStatusUpdate: ({ status }) => validateConditions(status?.conditions),
  },
  table: {
    columns: [
      nameColumn,
      text('Type'),
      text('NominalConcurrencyShares'),
      text('Queues'),
      text('HandSize'),
      text('QueueLengthLimit'),
      ageColumn,
    ],
    cells(level, now) {
      const { type = '', limited } = level.spec ?? {};
      const queuing = limited?.limitResponse?.queuing;
      const none = '<none>';
      return [
        level.metadata?.name ?? '',
        type,
        limited?.nominalConcurrencyShares ?? none,
        queuing?.queues ?? none,
        queuing?.handSize ?? none,
        queuing?.queueLengthLimit ?? none,
        age(level, now),
      ];
    },
  },
};
