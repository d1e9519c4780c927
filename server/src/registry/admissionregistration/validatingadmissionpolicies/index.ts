import type {
  AuditAnnotation,
  ExpressionWarning,
  ValidatingAdmissionPolicyStatus,
  Validation,
} from '@typernetes/openapi/types/admissionregistration/v1';
import type { RegistryDependencies } from '../../dependencies.ts';
import type { FieldError, Path } from '../../validation/index.ts';
import {
  checked,
  duplicate,
  invalidValue,
  optionalOneOf,
  path,
  qualifiedName,
  required,
  validateConditions,
} from '../../validation/index.ts';
import { type Policy, type PolicySpec, policyRegistration, validateVariables } from '../policies.ts';

interface Spec extends PolicySpec {
  validations?: Validation[];
  auditAnnotations?: AuditAnnotation[];
}

type Status = { status?: ValidatingAdmissionPolicyStatus };

const maxAuditAnnotations = 20;
const maxValueExpressionBytes = 5 * 1024;

export const validatingadmissionpolicies = (dependencies: RegistryDependencies) =>
  policyRegistration<Spec>(
    {
      kind: 'ValidatingAdmissionPolicy',
      resource: 'validatingadmissionpolicies',
      counted: { title: 'Validations', count: ({ validations = [] }) => validations.length },
      expressions: (spec) => spec,
      validateSpec,
      strategy: {
        prepareForCreate(policy) {
          (policy as Status).status = {};
        },
        prepareForUpdate(policy, old) {
          (policy as Status).status = structuredClone((old as Status).status ?? {});
        },
        allowCreateByStatus: true,
        statusKeepsMetadata: true,
        validateStatusUpdate: (policy) => validateStatus(policy),
      },
    },
    dependencies,
  );

function validateSpec(
  { variables, validations = [], auditAnnotations = [] }: Spec,
  name: string,
  compileErrors: ReadonlyMap<string, string>,
  at: Path,
): FieldError[] {
  const errors = validateVariables(variables, compileErrors, at.child('variables'));
  if (validations.length === 0 && auditAnnotations.length === 0) {
    const message = 'validations or auditAnnotations must contain at least one item';
    return [...errors, required(at.child('validations'), message), required(at.child('auditAnnotations'), message)];
  }
  for (const [index, validation] of validations.entries())
    errors.push(...validateValidation(validation, index, compileErrors, at.child('validations').index(index)));
  const annotationsAt = at.child('auditAnnotations');
  if (auditAnnotations.length > maxAuditAnnotations) {
    const message = `must not have more than ${maxAuditAnnotations} auditAnnotations`;
    // Shown as Go's structs, which have no JSON names here.
    const shown = auditAnnotations.map(({ key: Key, valueExpression: ValueExpression }) => ({ Key, ValueExpression }));
    errors.push(invalidValue(annotationsAt, shown, message));
  }
  const keys = new Set<string>();
  for (const [index, annotation] of auditAnnotations.entries()) {
    const here = annotationsAt.index(index);
    const failure = compileErrors.get(`auditAnnotations[${index}].valueExpression`);
    errors.push(...validateAuditAnnotation(annotation, name, failure, here));
    if (keys.has(annotation.key)) errors.push(duplicate(here.child('key'), annotation.key));
    keys.add(annotation.key);
  }
  return errors;
}

function validateValidation(
  { expression = '', message = '', messageExpression = '', reason }: Partial<Validation>,
  index: number,
  compileErrors: ReadonlyMap<string, string>,
  at: Path,
): FieldError[] {
  const errors: FieldError[] = [];
  const failure = compileErrors.get(`validations[${index}].expression`);
  if (expression.trim() === '') errors.push(required(at.child('expression'), 'expression is not specified'));
  else if (failure !== undefined) errors.push(invalidValue(at.child('expression'), expression, failure));
  const messageFailure = compileErrors.get(`validations[${index}].messageExpression`);
  const empty = 'must be non-empty if specified';
  if (messageExpression !== '' && messageExpression.trim() === '')
    errors.push(invalidValue(at.child('messageExpression'), messageExpression, empty));
  else if (messageFailure !== undefined)
    errors.push(invalidValue(at.child('messageExpression'), messageExpression, messageFailure));
  if (message !== '' && message.trim() === '') errors.push(invalidValue(at.child('message'), message, empty));
  else if (/[\n\r]/.test(message.trim()))
    errors.push(invalidValue(at.child('message'), message, 'must not contain line breaks'));
  return [...errors, ...optionalOneOf(at.child('reason'), reason, ['Forbidden', 'Invalid', 'RequestEntityTooLarge'])];
}

function validateAuditAnnotation(
  { key = '', valueExpression = '' }: Partial<AuditAnnotation>,
  name: string,
  failure: string | undefined,
  at: Path,
): FieldError[] {
  const errors =
    name === ''
      ? [invalidValue(at.child('key'), key, 'requires metadata.name be non-empty')]
      : checked(at.child('key'), `${name}/${key}`, qualifiedName(`${name}/${key}`));
  const here = at.child('valueExpression');
  const trimmed = valueExpression.trim();
  if (trimmed === '') return [...errors, required(here, 'valueExpression is not specified')];
  if (Buffer.byteLength(trimmed) > maxValueExpressionBytes)
    return [...errors, required(here, `must not exceed ${maxValueExpressionBytes} bytes in length`)];
  return failure === undefined ? errors : [...errors, invalidValue(here, valueExpression, failure)];
}

function validateStatus(policy: Policy<Spec>): FieldError[] {
  const at = path('status', 'typeChecking', 'expressionWarnings');
  const { typeChecking, conditions } = (policy as Status).status ?? {};
  const warnings: readonly Partial<ExpressionWarning>[] = typeChecking?.expressionWarnings ?? [];
  return [
    ...warnings.flatMap(({ fieldRef = '', warning = '' }, index) => [
      ...(warning === '' ? [required(at.index(index).child('warning'))] : []),
      ...(fieldRef.trim() === '' ? [required(at.index(index).child('fieldRef'))] : []),
    ]),
    ...validateConditions(conditions, path('status', 'conditions')),
  ];
}
