import type { Taint } from '@typernetes/openapi/types/core/v1';
import type { FieldError, Path } from '../../validation/index.ts';
import { checked, duplicate, invalidValue, labelValue, oneOf, qualifiedName } from '../../validation/index.ts';
import { TAINT_EFFECTS } from '../pod/validate-scheduling.ts';

export function validateTaints(taints: readonly Taint[], place: Path): FieldError[] {
  const seen = new Set<string>();
  return taints.flatMap((taint, index) => {
    const at = place.index(index);
    const { key, value = '', effect } = taint;
    const errors = checked(at.child('key'), key, qualifiedName(key));
    const messages = labelValue(value);
    if (messages.length > 0) errors.push(invalidValue(at.child('value'), value, messages.join(';')));
    errors.push(...oneOf(at.child('effect'), effect, TAINT_EFFECTS));
    const identity = `${key}:${effect}`;
    if (seen.has(identity)) {
      // Shown as upstream shows it: its internal Taint with all fields.
      const shown = { Key: key, Value: value, Effect: effect, TimeAdded: taint.timeAdded ?? null };
      errors.push({ ...duplicate(at, shown), detail: 'taints must be unique by key and effect pair' });
    }
    seen.add(identity);
    return errors;
  });
}
