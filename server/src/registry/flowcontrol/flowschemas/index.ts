import type { FlowSchema } from '@typernetes/openapi/types/flowcontrol/v1';
import type { ResourceRegistration } from '../../generic/strategy.ts';
import { age, ageColumn, nameColumn, text } from '../../printing/index.ts';
import type { FieldError } from '../../validation/index.ts';
import { invalidValue, optionalOneOf, path, required } from '../../validation/index.ts';

const spec = path('spec');

function validateSchema(schema: FlowSchema): FieldError[] {
  const { matchingPrecedence = 0, distinguisherMethod, priorityLevelConfiguration } = schema.spec ?? {};
  const errors: FieldError[] = [];
  const at = spec.child('matchingPrecedence');
  if (matchingPrecedence <= 0) errors.push(invalidValue(at, matchingPrecedence, 'must be a positive value'));
  if (matchingPrecedence > 10000) errors.push(invalidValue(at, matchingPrecedence, 'must not be greater than 10000'));
  if (matchingPrecedence === 1 && schema.metadata?.name !== 'exempt') {
    errors.push(invalidValue(at, matchingPrecedence, "only the schema named 'exempt' may have matchingPrecedence 1"));
  }
  if (distinguisherMethod) {
    errors.push(
      ...optionalOneOf(spec.child('distinguisherMethod', 'type'), distinguisherMethod.type, ['ByNamespace', 'ByUser']),
    );
  }
  if (!priorityLevelConfiguration?.name) {
    errors.push(required(spec.child('priorityLevelConfiguration').child('name'), 'must reference a priority level'));
  }
  return errors;
}

export const flowschemas: ResourceRegistration<FlowSchema> = {
  resource: { group: 'flowcontrol.apiserver.k8s.io', resource: 'flowschemas' },
  strategy: {
    default(schema) {
      if (schema.spec) schema.spec.matchingPrecedence ||= 1000;
    },
    prepareForCreate(schema) {
      schema.status = {};
    },
    prepareForUpdate(schema, old) {
      schema.status = structuredClone(old.status ?? {});
    },
    validate: validateSchema,
    validateUpdate: validateSchema,
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
