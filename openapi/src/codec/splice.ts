/**
 * Stored bytes and what is put around them. What `encodeForStorage` writes begins
 * `{"apiVersion":…,"kind":…,"metadata":{` and has no resourceVersion: that is the revision the store gives it, and is
 * put in on the way out without parsing.
 */
import type { KubernetesObject, ListMeta } from '../meta/object.ts';

const metadataStart = Buffer.from('"metadata":{');
const closingBrace = 0x7d;
const openingBrace = Buffer.from('{');
const comma = Buffer.from(',');
const listEnd = Buffer.from(']}\n');

export function encodeForStorage(object: Readonly<KubernetesObject>): Buffer {
  const { apiVersion = '', kind = '', metadata = {}, ...rest } = object;
  const { resourceVersion: _, ...stored } = metadata;
  const head = `{"apiVersion":${JSON.stringify(apiVersion)},"kind":${JSON.stringify(kind)},"metadata":${JSON.stringify(stored)}`;
  const tail = JSON.stringify(rest).slice(1);
  return Buffer.from(tail === '}' ? `${head}}` : `${head},${tail}`);
}

/** The stored object as clients see it at a revision. */
export function withResourceVersion(value: Buffer, resourceVersion: number | string): Buffer {
  const start = value.indexOf(metadataStart);
  if (start < 0) throw new Error('stored object has no metadata');
  const at = start + metadataStart.length;
  const end = value[at] === closingBrace ? '"' : '",';
  const insert = `"resourceVersion":"${resourceVersion}${end}`;
  const result = Buffer.allocUnsafe(value.length + insert.length);
  value.copy(result, 0, 0, at);
  result.write(insert, at, 'latin1');
  value.copy(result, at + insert.length, at);
  return result;
}

/** The encoded object without its kind and apiVersion, as it stands in the list of a built-in kind: two parts. */
function asTypedItem(object: Buffer): Buffer[] {
  const start = object.indexOf(metadataStart);
  return start < 0 ? [object] : [openingBrace, object.subarray(start)];
}

/**
 * A list of encoded objects, as parts to be written one after another. `typed`: the list's kind tells that of its items,
 * so they do not repeat it.
 */
export function listBody(
  apiVersion: string,
  kind: string,
  metadata: ListMeta,
  items: readonly Buffer[],
  typed = false,
): Buffer[] {
  const head = { kind, apiVersion, metadata };
  const parts: Buffer[] = [Buffer.from(`${JSON.stringify(head).slice(0, -1)},"items":[`)];
  for (const [index, item] of items.entries()) {
    if (index > 0) parts.push(comma);
    if (typed) parts.push(...asTypedItem(item));
    else parts.push(item);
  }
  parts.push(listEnd);
  return parts;
}
