/** `a=1,b=2` in key order; `<none>` for no labels at all. */
export function formatLabels(labels: Record<string, string> | undefined | null): string {
  const keys = Object.keys(labels ?? {}).sort();
  if (keys.length === 0) return '<none>';
  return keys.map((key) => `${key}=${labels?.[key] ?? ''}`).join(',');
}

export interface LabelSelectorLike {
  matchLabels?: Record<string, string> | null;
  matchExpressions?: readonly { key: string; operator: string; values?: readonly string[] | null }[] | null;
}

const OPERATORS: Record<string, string> = { In: 'in', NotIn: 'notin', Exists: 'exists', DoesNotExist: '!' };

/**
 * The selector's text form, requirements in key order: what Scale.status.selector and the Selector column carry.
 * Undefined for an operator that does not exist.
 */
export function labelSelectorText(selector: LabelSelectorLike | undefined | null): string | undefined {
  const requirements: { key: string; text: string }[] = [];
  for (const [key, value] of Object.entries(selector?.matchLabels ?? {}))
    requirements.push({ key, text: `${key}=${value}` });
  for (const { key, operator, values } of selector?.matchExpressions ?? []) {
    const word = OPERATORS[operator];
    if (word === undefined) return undefined;
    const sorted = [...(values ?? [])].sort();
    if (word === 'exists') requirements.push({ key, text: key });
    else if (word === '!') requirements.push({ key, text: `!${key}` });
    else requirements.push({ key, text: `${key} ${word} (${sorted.join(',')})` });
  }
  // Stable: requirements on one key stay in their order.
  requirements.sort((left, right) => (left.key < right.key ? -1 : left.key > right.key ? 1 : 0));
  return requirements.map(({ text }) => text).join(',');
}

/** The same for a table cell: `<none>` for empty, `<error>` for what cannot be read. */
export function formatLabelSelector(selector: LabelSelectorLike | undefined | null): string {
  // An absent selector matches nothing, an empty one everything; neither has text.
  const text = labelSelectorText(selector);
  if (text === undefined) return '<error>';
  return text === '' ? '<none>' : text;
}
