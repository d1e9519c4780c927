import type { PriorityLevelConfiguration } from '@typernetes/openapi/types/flowcontrol/v1';
import type { ResourceRegistration } from '../../generic/strategy.ts';
import { age, ageColumn, nameColumn, text } from '../../printing/index.ts';
import type { FieldError } from '../../validation/index.ts';
import { forbiddenField, invalidValue, notSupported, path, required } from '../../validation/index.ts';

const spec = path('spec');

function validateLevel(level: PriorityLevelConfiguration): FieldError[] {
  const { type, limited, exempt } = level.spec ?? {};
  const errors: FieldError[] = [];
  switch (type) {
    case 'Exempt':
      if (limited) errors.push(forbiddenField(spec.child('limited'), 'must be nil if the type is not Limited'));
      break;
    case 'Limited': {
      if (exempt) errors.push(forbiddenField(spec.child('exempt'), 'must be nil if the type is Limited'));
      if (!limited) return [...errors, required(spec.child('limited'), 'must not be empty when type is Limited')];
      const response = limited.limitResponse;
      const at = spec.child('limited', 'limitResponse');
      if (response?.type === 'Queue' && !response.queuing) {
        errors.push(required(at.child('queuing'), 'must not be empty if limited.limitResponse.type is Limited'));
      } else if (response?.type === 'Reject' && response.queuing) {
        errors.push(forbiddenField(at.child('queuing'), 'must be nil if limited.limitResponse.type is not Limited'));
      } else if (response?.type !== 'Queue' && response?.type !== 'Reject') {
        errors.push(notSupported(at.child('type'), response?.type ?? '', ['Queue', 'Reject']));
      }
      const shares = limited.nominalConcurrencyShares;
      if (shares != null && shares < 0) {
        errors.push(
          invalidValue(spec.child('limited', 'nominalConcurrencyShares'), shares, 'must be a non-negative integer'),
        );
      }
      break;
    }
    default:
      errors.push(notSupported(spec.child('type'), type ?? '', ['Exempt', 'Limited']));
  }
  return errors;
}

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
    prepareForUpdate(level, old) {
      level.status = structuredClone(old.status ?? {});
    },
    validate: validateLevel,
    validateUpdate: validateLevel,
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
