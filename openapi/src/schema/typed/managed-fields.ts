/** metadata.managedFields: read, written, kept short. */
import type { ManagedFieldsEntry } from '../../meta/object.ts';
import { quote } from '../../meta/quote.ts';
import { formatTime, parseTime } from '../../meta/time.ts';
import type { FieldSet } from './field-set.ts';
import { decodeFields, encodeFields } from './fields-v1.ts';
import { buildManagerIdentifier, parseManagerIdentifier } from './manager-identifier.ts';
import type { VersionedSet } from './updater.ts';
import { compareText } from './value.ts';

/** Who owns what, and when each manager last changed it (RFC 3339); both by manager identifier. */
export interface Managed {
  readonly fields: Map<string, VersionedSet>;
  readonly times: Map<string, string | undefined>;
}

/** managedFields that no server wrote. */
export class ManagedFieldsError extends Error {
  override name = 'ManagedFieldsError';
}

export function emptyManaged(): Managed {
  return { fields: new Map(), times: new Map() };
}

/** Throws ManagedFieldsError or FieldsFormatError. */
export function decodeManagedFields(entries: readonly ManagedFieldsEntry[] | undefined): Managed {
  const managed = emptyManaged();
  for (const [index, entry] of (entries ?? []).entries()) {
    const { operation, apiVersion = '', fieldsType = '' } = entry;
    if (operation !== 'Apply' && operation !== 'Update')
      throw new ManagedFieldsError('operation must be `Apply` or `Update`');
    if (apiVersion === '') throw new ManagedFieldsError('apiVersion must not be empty');
    if (fieldsType === '') throw new ManagedFieldsError(`missing fieldsType in managed fields entry ${index}`);
    if (fieldsType !== 'FieldsV1')
      throw new ManagedFieldsError(`invalid fieldsType ${quote(fieldsType)} in managed fields entry ${index}`);
    const identifier = buildManagerIdentifier(entry);
    managed.fields.set(identifier, { set: decodeFields(entry.fieldsV1), apiVersion, applied: operation === 'Apply' });
    managed.times.set(identifier, entry.time);
  }
  return managed;
}

/** In upstream's order; undefined where nobody owns anything. Entries share fieldsV1 with what was decoded. */
export function encodeManagedFields(managed: Managed): ManagedFieldsEntry[] | undefined {
  if (managed.fields.size === 0) return undefined;
  const entries: { entry: ManagedFieldsEntry; seconds: number }[] = [];
  for (const [identifier, versioned] of managed.fields) {
    const time = canonicalTime(managed.times.get(identifier));
    entries.push({ entry: encodeEntry(identifier, versioned, time), seconds: secondsOf(time) });
  }
  entries.sort(
    (left, right) =>
      compareText(left.entry.operation ?? '', right.entry.operation ?? '') ||
      left.seconds - right.seconds ||
      compareText(left.entry.manager ?? '', right.entry.manager ?? '') ||
      compareText(left.entry.apiVersion ?? '', right.entry.apiVersion ?? '') ||
      compareText(left.entry.subresource ?? '', right.entry.subresource ?? ''),
  );
  return entries.map(({ entry }) => entry);
}

function encodeEntry(identifier: string, versioned: VersionedSet, time: string | undefined): ManagedFieldsEntry {
  const info = parseManagerIdentifier(identifier) ?? {};
  const operation = versioned.applied ? 'Apply' : info.operation;
  return {
    ...(info.manager === undefined ? {} : { manager: info.manager }),
    ...(operation === undefined ? {} : { operation }),
    apiVersion: versioned.apiVersion,
    ...(time === undefined ? {} : { time }),
    fieldsType: 'FieldsV1',
    fieldsV1: encodeFields(versioned.set),
    ...(info.subresource === undefined ? {} : { subresource: info.subresource }),
  };
}

const canonical = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;

function canonicalTime(time: string | undefined): string | undefined {
  if (time === undefined || canonical.test(time)) return time;
  const date = parseTime(time);
  return date === undefined ? undefined : formatTime(date);
}

function secondsOf(time: string | undefined): number {
  return time === undefined ? 0 : Math.floor(Date.parse(time) / 1000);
}

/** The manager that the oldest updates are put together under. */
const oldUpdatesManager = 'ancient-changes';

/** Puts the oldest updates of each version together until no more than this many updates are listed. */
export function capUpdateManagers({ fields, times }: Managed, maxUpdateManagers: number): void {
  const updaters = [...fields.keys()].filter((identifier) => fields.get(identifier)?.applied === false);
  let length = updaters.length;
  if (length <= maxUpdateManagers) return;
  const age = (identifier: string): number => secondsOf(canonicalTime(times.get(identifier)));
  updaters.sort((left, right) => age(left) - age(right) || compareText(left, right));
  const firstOf = new Map<string, string>();
  for (const updater of updaters) {
    if (length <= maxUpdateManagers) return;
    const versioned = fields.get(updater) as VersionedSet;
    const { apiVersion } = versioned;
    const first = firstOf.get(apiVersion);
    if (first === undefined) {
      firstOf.set(apiVersion, updater);
      continue;
    }
    const bucket = buildManagerIdentifier({ manager: oldUpdatesManager, operation: 'Update', apiVersion });
    const earlier = fields.get(bucket) ?? fields.get(first);
    if (!fields.has(bucket)) fields.delete(first);
    const set: FieldSet = earlier === undefined ? versioned.set : versioned.set.union(earlier.set);
    fields.delete(updater);
    fields.set(bucket, { ...versioned, set });
    // The more recent of the two times.
    times.set(bucket, times.get(updater));
    length--;
  }
}
