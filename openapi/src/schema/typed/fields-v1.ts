/** FieldsV1, the form of field sets in metadata.managedFields: nested objects, `.` where a parent is a member itself. */
import type { JsonObject, JsonValue } from '../../meta/object.ts';
import { isObject } from '../json-value.ts';
import { type FieldEntry, FieldSet } from './field-set.ts';
import { comparePathElements, FieldsFormatError, type PathElement, parsePathElement } from './path-element.ts';
import { isEmptyObject } from './value.ts';

const leafEntry: FieldEntry = { member: true, children: undefined };

/**
 * Throws FieldsFormatError. Kinds of steps unknown to this version are dropped. Canonical input is remembered: encoding
 * the same set again gives the very object back, which nobody may change.
 */
export function decodeFields(fields: JsonObject | undefined): FieldSet {
  if (fields === undefined) return FieldSet.empty;
  if (!isObject(fields)) throw new FieldsFormatError('FieldsV1 must be an object');
  return decodeLevel(fields) ?? FieldSet.empty;
}

function decodeLevel(fields: JsonObject): FieldSet | undefined {
  const entries = new Map<PathElement, FieldEntry>();
  let canonical = true;
  let previous: PathElement | undefined;
  for (const text in fields) {
    if (text === '.') {
      canonical &&= previous === undefined;
      continue;
    }
    const element = parsePathElement(text);
    if (element === undefined) {
      canonical = false;
      continue;
    }
    const below = fields[text] as JsonValue;
    if (!isObject(below) && below !== null)
      throw new FieldsFormatError(`expect { or n, but found the value of ${text}`);
    const children = below === null ? undefined : decodeLevel(below);
    const entry = children === undefined ? leafEntry : { member: hasSelf(below), children };
    canonical &&=
      element === text &&
      (previous === undefined || comparePathElements(previous, element) < 0) &&
      (children === undefined ? below !== null && isEmptyObject(below) : children.encoded !== undefined);
    previous = element;
    const twin = entries.get(element);
    entries.set(element, twin === undefined ? entry : joinTwins(twin, entry));
  }
  if (previous === undefined) return undefined;
  const set = new FieldSet(entries);
  if (canonical) set.encoded = fields;
  return set;
}

/** One element spelt in two ways: what comes later replaces what is below the earlier. */
function joinTwins(earlier: FieldEntry, later: FieldEntry): FieldEntry {
  return { member: earlier.member || later.member, children: later.children ?? earlier.children };
}

function hasSelf(fields: JsonObject | null | undefined): boolean {
  return fields !== null && fields !== undefined && '.' in fields;
}

/** Members in upstream's order. The result may be shared with what was decoded: nobody may change it. */
export function encodeFields(set: FieldSet): JsonObject {
  if (set.encoded === undefined || hasSelf(set.encoded)) set.encoded = encodeLevel(set, false);
  return set.encoded;
}

function encodeLevel(set: FieldSet, self: boolean): JsonObject {
  if (set.encoded !== undefined && hasSelf(set.encoded) === self) return set.encoded;
  const fields: JsonObject = self ? { '.': {} } : {};
  for (const element of set.elements()) {
    const { member, children } = set.entries.get(element) as FieldEntry;
    fields[element] = children === undefined ? {} : encodeLevel(children, member);
  }
  return fields;
}
