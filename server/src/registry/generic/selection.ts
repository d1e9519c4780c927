/** Selectors over the attributes of stored entries. */
import type { FieldSelector, LabelSelector } from '@typernetes/openapi/meta';
import type { Entry } from '../../storage/storage.ts';
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
