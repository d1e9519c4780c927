/** Who a manager is: its name, what it does and where, and for updates in which version. */
import type { ManagedFieldsEntry } from '../../meta/object.ts';
import { encodeText } from './value.ts';

/** What tells managers apart. Appliers are one across versions. */
export type ManagerInfo = Readonly<Pick<ManagedFieldsEntry, 'manager' | 'operation' | 'apiVersion' | 'subresource'>>;

/** A text that is the same for the same manager: JSON of the entry without times and fields. */
export function buildManagerIdentifier(entry: ManagerInfo): string {
  const members: string[] = [];
  const add = (name: string, value: string | undefined): void => {
    if (value !== undefined && value !== '') members.push(`"${name}":${encodeText(value)}`);
  };
  add('manager', entry.manager);
  add('operation', entry.operation);
  if (entry.operation !== 'Apply') add('apiVersion', entry.apiVersion);
  add('subresource', entry.subresource);
  return `{${members.join(',')}}`;
}

/** The same few managers write over and over. */
const known = new Map<string, ManagerInfo>();
const maxKnown = 1024;

/** The reverse of buildManagerIdentifier; undefined for any other text. */
export function parseManagerIdentifier(identifier: string): ManagerInfo | undefined {
  let info = known.get(identifier);
  if (info !== undefined || !identifier.startsWith('{')) return info;
  try {
    info = JSON.parse(identifier) as ManagerInfo;
  } catch {
    return undefined;
  }
  if (known.size >= maxKnown) known.clear();
  known.set(identifier, info);
  return info;
}

const maxManagerLength = 128;
const printable = /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u;

/** The manager of a write that names none: what the user agent says before its first slash. */
export function managerFromUserAgent(userAgent: string): string {
  let manager = '';
  let length = 0;
  for (const character of userAgent.split('/', 1)[0] ?? '') {
    if (!printable.test(character)) continue;
    length += Buffer.byteLength(character);
    if (length > maxManagerLength) break;
    manager += character;
  }
  return manager;
}
