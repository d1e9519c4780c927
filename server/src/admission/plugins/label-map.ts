/** Selectors that are nothing but labels: `KEY=VALUE,KEY=VALUE`. */
import { fieldErrorMessage, invalidValue, labelValue, qualifiedName } from '@typernetes/openapi/meta';

export type LabelMap = Readonly<Record<string, string>>;

/** Throws on everything else. */
export function parseLabelMap(text: string): LabelMap {
  const labels: Record<string, string> = {};
  if (text === '') return labels;
  for (const label of text.split(',')) {
    const [key = '', value, ...more] = label.split('=').map((part) => part.trim());
    if (value === undefined || more.length > 0) throw new Error(`invalid selector: [${label.split('=').join(' ')}]`);
    const problems = qualifiedName(key);
    if (problems.length > 0) throw new Error(fieldErrorMessage(invalidValue('<nil>', key, problems.join('; '))));
    const wrong = labelValue(value);
    if (wrong.length > 0) throw new Error(fieldErrorMessage(invalidValue(`[${key}]`, value, wrong.join('; '))));
    labels[key] = value;
  }
  return labels;
}

/** Whether a label has different values in the two. */
export function conflict(left: LabelMap, right: LabelMap): boolean {
  return Object.entries(left).some(([key, value]) => Object.hasOwn(right, key) && right[key] !== value);
}
