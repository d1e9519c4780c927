import type { FlowSchema } from '@typernetes/openapi/types/flowcontrol/v1';
import type { ResourceRegistration } from '../../generic/strategy.ts';
import { age, ageColumn, nameColumn, text } from '../../printing/index.ts';
import { keepAllButStatus, validateConditions } from '../conditions.ts';
import { validateFlowSchema } from './validation.ts';

export const flowschemas: ResourceRegistration<FlowSchema> = {
  resource: { group: 'flowcontrol.apiserver.k8s.io', resource: 'flowschemas' },
  strategy: {
    default(schema) {
      if (schema.spec) schema.spec.matchingPrecedence ||= 1000;
    },
    prepareForCreate(schema) {
      schema.status = {};
    },
    prepareForStatusUpdate: keepAllButStatus,
    prepareForUpdate(schema, old) {
      schema.status = structuredClone(old.status ?? {});
    },
    validate: validateFlowSchema,
    validateUpdate: validateFlowSchema,
    validateStatusUpdate: ({ status }) => validateConditions(status?.conditions),
  },
  table: {
    columns: [
      nameColumn,
      text('PriorityLevel'),
      text('MatchingPrecedence'),
      text('DistinguisherMethod'),
      ageColumn,
      text('MissingPL'),
    ],
    order(a, b) {
      const difference = (a.spec?.matchingPrecedence ?? 0) - (b.spec?.matchingPrecedence ?? 0);
      return difference !== 0 ? difference : (a.metadata?.name ?? '') < (b.metadata?.name ?? '') ? -1 : 1;
    },
    cells: (schema, now) => [
      schema.metadata?.name ?? '',
      schema.spec?.priorityLevelConfiguration?.name ?? '',
      schema.spec?.matchingPrecedence ?? 0,
      schema.spec?.distinguisherMethod?.type ?? '<none>',
      age(schema, now),
      (schema.status?.conditions ?? []).find(({ type }) => type === 'Dangling')?.status ?? '?',
    ],
  },
};
