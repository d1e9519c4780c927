/** Selectors over the attributes of stored entries. */
import type { FieldSelector, LabelSelector } from '@typernetes/openapi/meta';
import type { Among, Entry } from '../../storage/storage.ts';
import { type EntryReader, EntryView } from './entry-view.ts';

/** Whether an entry is one that the reader asked for. Pure. */
export type Selection = (entry: Entry) => boolean;

/** Undefined where everything is selected: callers then skip parsing altogether. */
export function selectionOf(
  reader: EntryReader,
  labelSelector: LabelSelector | undefined,
  fieldSelector: FieldSelector | undefined,
): Selection | undefined {
  const labels = labelSelector === undefined || labelSelector.empty() ? undefined : labelSelector;
  const fields = fieldSelector === undefined || fieldSelector.empty() ? undefined : fieldSelector;
  if (labels === undefined && fields === undefined) return undefined;
  return (entry) => {
    const attributes = EntryView.of(entry).attributes(reader);
    if (labels !== undefined && !labels.matches(attributes.labels)) return false;
    return fields === undefined || fields.matches(attributes.fields);
  };
}

/**
 * What a cache can find the selected entries by: one value of a label, or of the pods' node (a selectable field that is
 * read alike for all that share a cache, as those of custom resources are not for all versions).
 */
export function amongOf(
  reader: EntryReader,
  labelSelector: LabelSelector | undefined,
  fieldSelector: FieldSelector | undefined,
): Among | undefined {
  const node = reader.storageApiVersion === 'v1' ? fieldSelector?.requiresExactMatch(nodeField) : undefined;
  if (node !== undefined)
    return {
      attribute: `field ${nodeField}`,
      values: [node],
      of: (entry) => EntryView.of(entry).attributes(reader).fields[nodeField],
    };
  const label = labelSelector?.requirements.find(({ operator }) => narrowing.has(operator));
  if (label === undefined) return undefined;
  const { key, values } = label;
  const of = (entry: Entry): string | undefined => {
    const { labels } = EntryView.of(entry).attributes(reader);
    return Object.hasOwn(labels, key) ? labels[key] : undefined;
  };
  return { attribute: `label ${key}`, values, of };
}

const nodeField = 'spec.nodeName';
const narrowing: ReadonlySet<string> = new Set(['=', '==', 'in']);
