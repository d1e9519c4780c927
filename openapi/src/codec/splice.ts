/**
 * Stored bytes and what is put around them. What `encodeForStorage` writes begins
 * `{"apiVersion":…,"kind":…,"metadata":{` and has no resourceVersion: that is the revision the store gives it, and is
 * put in on the way out without parsing.
 */
import type { KubernetesObject, ListMeta } from '../meta/object.ts';

const metadataStart = Buffer.from('"metadata":{');
const managedFields = Buffer.from('"managedFields":[');
const openingBrace = 0x7b;
const closingBrace = 0x7d;
const closingBracket = 0x5d;
const quotationMark = 0x22;
const backslash = 0x5c;
const comma = Buffer.from(',');
const listEnd = Buffer.from(']}\n');

/** A piece of a body, which knows how long it is before it is made. Every Buffer is one. */
export interface BodyPart {
  readonly length: number;
  /** Writes all of it. */
  copy(target: Buffer, at: number): void;
}

export function lengthOf(parts: readonly BodyPart[]): number {
  let length = 0;
  for (const part of parts) length += part.length;
  return length;
}

export function joinParts(parts: readonly BodyPart[], length = lengthOf(parts)): Buffer {
  const joined = Buffer.allocUnsafe(length);
  let at = 0;
  for (const part of parts) {
    part.copy(joined, at);
    at += part.length;
  }
  return joined;
}

/** In memory of its own: what is kept must not hold on to the pool that small buffers come from. */
export function detached(bytes: Buffer): Buffer {
  if (bytes.length === bytes.buffer.byteLength) return bytes;
  const copy = Buffer.allocUnsafeSlow(bytes.length);
  bytes.copy(copy);
  return copy;
}

export function encodeForStorage(object: Readonly<KubernetesObject>): Buffer {
  const { apiVersion = '', kind = '', metadata = {}, ...rest } = object;
  const { resourceVersion: _, ...stored } = metadata;
  const head = `{"apiVersion":${JSON.stringify(apiVersion)},"kind":${JSON.stringify(kind)},"metadata":${JSON.stringify(stored)}`;
  const tail = JSON.stringify(rest).slice(1);
  const text = tail === '}' ? `${head}}` : `${head},${tail}`;
  const bytes = Buffer.allocUnsafeSlow(Buffer.byteLength(text));
  bytes.write(text);
  return bytes;
}

/** Part of a stored value between two texts in ASCII. */
class Spliced implements BodyPart {
  readonly length: number;
  readonly #head: string;
  readonly #value: Buffer;
  readonly #start: number;
  readonly #end: number;
  readonly #tail: string;

  constructor(head: string, value: Buffer, start: number, end: number, tail: string) {
    this.length = head.length + (end - start) + tail.length;
    this.#head = head;
    this.#value = value;
    this.#start = start;
    this.#end = end;
    this.#tail = tail;
  }

  copy(target: Buffer, at: number): void {
    let position = at + target.write(this.#head, at, 'latin1');
    position += this.#value.copy(target, position, this.#start, this.#end);
    if (this.#tail !== '') target.write(this.#tail, position, 'latin1');
  }
}

/** Where the members of metadata begin. */
function membersOfMetadata(value: Buffer): number {
  const start = value.indexOf(metadataStart);
  if (start < 0) throw new Error('stored object has no metadata');
  return start + metadataStart.length;
}

function resourceVersionMember(value: Buffer, at: number, resourceVersion: number | string): string {
  return `"resourceVersion":"${resourceVersion}"${value[at] === closingBrace ? '' : ','}`;
}

/** The stored object as clients see it at a revision, made when it is written. */
export function versioned(value: Buffer, resourceVersion: number | string): BodyPart {
  const at = membersOfMetadata(value);
  const head = value.toString('latin1', 0, at) + resourceVersionMember(value, at, resourceVersion);
  return new Spliced(head, value, at, value.length, '');
}

/** The stored object as clients see it at a revision. */
export function withResourceVersion(value: Buffer, resourceVersion: number | string): Buffer {
  return joinParts([versioned(value, resourceVersion)]);
}

/** The index behind a stored object's metadata. */
export function endOfMetadata(value: Buffer): number {
  return endOfObject(value, membersOfMetadata(value));
}

/**
 * A PartialObjectMetadata of a stored object; `resourceVersion` is left out where it is undefined. `metadataEnd` is what
 * `endOfMetadata` says.
 */
export function metadataPart(
  value: Buffer,
  resourceVersion: string | undefined,
  metaApiVersion: string,
  metadataEnd: number,
): BodyPart {
  const at = membersOfMetadata(value);
  const version = resourceVersion === undefined ? '' : resourceVersionMember(value, at, resourceVersion);
  const head = `{"kind":"PartialObjectMetadata","apiVersion":"${metaApiVersion}","metadata":{${version}`;
  return new Spliced(head, value, at, metadataEnd, '}');
}

/** The text of a stored object without its managedFields; `metadataEnd` is what `endOfMetadata` says. */
export function textWithoutManagedFields(value: Buffer, metadataEnd: number): string {
  const start = value.subarray(0, metadataEnd).indexOf(managedFields);
  if (start < 0) return value.toString('utf8');
  const end = endOfArray(value, start + managedFields.length);
  // Of the commas around it one goes.
  const before = value[start - 1] === comma[0] ? start - 1 : start;
  const after = before === start && value[end] === comma[0] ? end + 1 : end;
  return value.toString('utf8', 0, before) + value.toString('utf8', after);
}

/** The index behind the bracket that closes the array of objects which begins at `start`. */
function endOfArray(value: Buffer, start: number): number {
  let at = start;
  while (value[at] === openingBrace || value[at] === comma[0])
    at = value[at] === openingBrace ? endOfObject(value, at + 1) : at + 1;
  if (value[at] !== closingBracket) throw new Error('stored object is cut off');
  return at + 1;
}

/** The index behind the brace that closes the object whose members begin at `start`. */
function endOfObject(value: Buffer, start: number): number {
  let depth = 1;
  for (let at = start; at < value.length; at++) {
    const byte = value[at];
    if (byte === quotationMark) at = endOfString(value, at + 1);
    else if (byte === openingBrace) depth++;
    else if (byte === closingBrace && --depth === 0) return at + 1;
  }
  throw new Error('stored object is cut off');
}

/** The index of the quotation mark that closes a string whose text begins at `start`. */
function endOfString(value: Buffer, start: number): number {
  let at = start;
  for (let byte = value[at]; byte !== quotationMark && byte !== undefined; byte = value[at])
    at += byte === backslash ? 2 : 1;
  return at;
}

/** The encoded object without its kind and apiVersion, as it stands in the list of a built-in kind. */
export function bare(object: Buffer): BodyPart {
  const start = object.indexOf(metadataStart);
  return start < 0 ? object : new Spliced('{', object, start, object.length, '');
}

/** The stored object as `bare` would have it, at a revision. */
export function bareVersioned(value: Buffer, resourceVersion: number | string): BodyPart {
  const at = membersOfMetadata(value);
  const head = `{"metadata":{${resourceVersionMember(value, at, resourceVersion)}`;
  return new Spliced(head, value, at, value.length, '');
}

/** A list of encoded objects, as parts to be written one after another. */
export function listBody<Part extends BodyPart>(
  apiVersion: string,
  kind: string,
  metadata: ListMeta,
  items: readonly Part[],
): (Buffer | Part)[] {
  const head = { kind, apiVersion, metadata };
  const parts: (Buffer | Part)[] = [Buffer.from(`${JSON.stringify(head).slice(0, -1)},"items":[`)];
  for (const [index, item] of items.entries()) {
    if (index > 0) parts.push(comma);
    parts.push(item);
  }
  parts.push(listEnd);
  return parts;
}
