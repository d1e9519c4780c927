import { duplicate, type FieldError, path, required } from '../validation/index.ts';

/** Each condition has a type, and no two the same. */
export function validateConditions(conditions: readonly { type?: string }[] | undefined): FieldError[] {
  const seen = new Set<string>();
  return (conditions ?? []).flatMap(({ type = '' }, index) => {
    const at = path('status', 'conditions').index(index).child('type');
    const errors: FieldError[] = [];
    if (seen.has(type)) errors.push(duplicate(at, type));
    seen.add(type);
    if (type === '') errors.push(required(at, ''));
    return errors;
  });
}
