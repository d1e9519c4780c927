/** Names and schemas of definitions against each other and against the rules: which conditions they get. */
import { aggregateFieldErrors, aggregateMessages, invalidValue, path, quote } from '@typernetes/openapi/meta';
import { deepEqual } from '@typernetes/openapi/schema';
import { type Condition, type Definition, isTrue, type Names, removeCondition, setCondition } from './definition.ts';
import { validateStructural } from './schema/index.ts';

/** The names that `definition` may have among `others` of its group, and whether those are all it asks for. */
function acceptNames(
  definition: Readonly<Definition>,
  others: readonly Readonly<Definition>[],
): { names: Partial<Names>; condition: Condition } {
  const resources = new Set<string>();
  const kinds = new Set<string>();
  const accepted = definition.status?.acceptedNames ?? {};
  for (const names of [...others.map((other) => other.status?.acceptedNames ?? {}), accepted]) {
    for (const name of [names.plural, names.singular, ...(names.shortNames ?? [])]) resources.add(name ?? '');
    for (const name of [names.kind, names.listKind]) kinds.add(name ?? '');
  }
  const requested = definition.spec.names;
  const names: Partial<Names> = { ...accepted };
  let conflict: { reason: string; message: string } | undefined;
  const one = (field: 'plural' | 'singular' | 'kind' | 'listKind', used: ReadonlySet<string>, reason: string): void => {
    const wanted = requested[field] ?? '';
    if (wanted !== (accepted[field] ?? '') && used.has(wanted))
      conflict = { reason, message: `${quote(wanted)} is already in use` };
    else names[field] = wanted;
  };
  one('plural', resources, 'PluralConflict');
  one('singular', resources, 'SingularConflict');
  const shortNames = requested.shortNames ?? [];
  const taken = shortNames.filter((name) => !(accepted.shortNames ?? []).includes(name) && resources.has(name));
  if (taken.length > 0) {
    const messages = taken.map((name) => `${quote(name)} is already in use`);
    conflict = { reason: 'ShortNamesConflict', message: aggregateMessages(messages)! };
  } else if (shortNames.length > 0) names.shortNames = [...shortNames];
  else delete names.shortNames;
  one('kind', kinds, 'KindConflict');
  one('listKind', kinds, 'ListKindConflict');
  if (requested.categories === undefined) delete names.categories;
  else names.categories = [...requested.categories];
  const condition: Condition =
    conflict === undefined
      ? { type: 'NamesAccepted', status: 'True', reason: 'NoConflicts', message: 'no conflicts found' }
      : { type: 'NamesAccepted', status: 'False', ...conflict };
  return { names, condition };
}

function nonStructural(definition: Readonly<Definition>): Condition | undefined {
  const errors =
    definition.spec.preserveUnknownFields === true
      ? [invalidValue(path('spec', 'preserveUnknownFields'), true, 'must be false')]
      : [];
  for (const [index, { schema }] of definition.spec.versions.entries()) {
    if (schema?.openAPIV3Schema === undefined) continue;
    const at = path('spec', 'versions').index(index).child('schema', 'openAPIV3Schema');
    errors.push(...validateStructural(at, schema.openAPIV3Schema));
  }
  const message = aggregateFieldErrors(errors);
  if (message === undefined) return undefined;
  return { type: 'NonStructuralSchema', status: 'True', reason: 'Violations', message };
}

/** Brings names and conditions up to date, in place; says whether anything changed. */
export function settle(definition: Definition, others: readonly Readonly<Definition>[], now: Date): boolean {
  const before = structuredClone(definition.status ?? {});
  const { names, condition } = acceptNames(definition, others);
  (definition.status ??= {}).acceptedNames = names;
  setCondition(definition, condition, now);
  if (!isTrue(definition, 'Established')) {
    const accepted = condition.status === 'True';
    setCondition(
      definition,
      accepted
        ? {
            type: 'Established',
            status: 'True',
            reason: 'InitialNamesAccepted',
            message: 'the initial names have been accepted',
          }
        : { type: 'Established', status: 'False', reason: 'NotAccepted', message: 'not all names are accepted' },
      now,
    );
  }
  const structure = nonStructural(definition);
  if (structure === undefined) removeCondition(definition, 'NonStructuralSchema');
  else setCondition(definition, structure, now);
  return !deepEqual(before, definition.status);
}
