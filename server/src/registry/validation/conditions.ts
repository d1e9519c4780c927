import type { Condition } from '@typernetes/openapi/types/meta/v1';
import {
  checked,
  duplicate,
  type FieldError,
  invalidValue,
  notSupported,
  type Path,
  required,
  tooLong,
} from './field.ts';
import { qualifiedName } from './names.ts';

const maxReasonBytes = 1024;
const maxMessageBytes = 32 * 1024;
const reasonFormat = '[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?';
const reasonMessage =
  "a condition reason must start with alphabetic character, optionally followed by a string of alphanumeric characters or '_,:', and must end with an alphanumeric character or '_' " +
  "(e.g. 'my_name',  or 'MY_NAME',  or 'MyName',  or 'ReasonA,ReasonB',  or 'ReasonA:ReasonB', " +
  `regex used for validation is '${reasonFormat}')`;
const reasonPattern = new RegExp(`^${reasonFormat}$`);

/** Conditions of the shape that all newer kinds share. Clients may leave out whatever the type promises. */
export function validateConditions(conditions: readonly Partial<Condition>[] | undefined, at: Path): FieldError[] {
  const types = new Set<string>();
  return (conditions ?? []).flatMap((condition, index) => {
    const here = at.index(index);
    const { type = '' } = condition;
    const again = types.has(type) ? [duplicate(here.child('type'), type)] : [];
    types.add(type);
    return [...again, ...validateCondition(condition, here)];
  });
}

function validateCondition(condition: Partial<Condition>, at: Path): FieldError[] {
  const { type = '', status = '', observedGeneration = 0, lastTransitionTime, reason = '', message = '' } = condition;
  const errors = checked(at.child('type'), type, qualifiedName(type));
  if (!['True', 'False', 'Unknown'].includes(status))
    errors.push(notSupported(at.child('status'), status, ['False', 'True', 'Unknown']));
  if (observedGeneration < 0)
    errors.push(
      invalidValue(at.child('observedGeneration'), observedGeneration, 'must be greater than or equal to zero'),
    );
  if (!lastTransitionTime) errors.push(required(at.child('lastTransitionTime'), ''));
  if (reason === '') errors.push(required(at.child('reason'), ''));
  else {
    if (!reasonPattern.test(reason)) errors.push(invalidValue(at.child('reason'), reason, reasonMessage));
    if (Buffer.byteLength(reason) > maxReasonBytes) errors.push(tooLong(at.child('reason'), '', maxReasonBytes));
  }
  if (Buffer.byteLength(message) > maxMessageBytes) errors.push(tooLong(at.child('message'), '', maxMessageBytes));
  return errors;
}
