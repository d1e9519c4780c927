/**
 * Stored bytes and what is put around them. What `encodeForStorage` writes begins
 * `{"apiVersion":…,"kind":…,"metadata":{` and has no resourceVersion: that is the revision the store gives it, and is
 * put in on the way out without parsing.
 */
import type { KubernetesObject, ListMeta } from '../meta/object.ts';

const metadataStart = Buffer.from('"metadata":{');
const openingBrace = 0x7b;
const closingBrace = 0x7d;
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

/** A PartialObjectMetadata of a stored object; `resourceVersion` is left out where it is undefined. */
export function metadataPart(value: Buffer, resourceVersion: string | undefined, metaApiVersion: string): BodyPart {
  const at = membersOfMetadata(value);
  const version = resourceVersion === undefined ? '' : resourceVersionMember(value, at, resourceVersion);
  const head = `{"kind":"PartialObjectMetadata","apiVersion":"${metaApiVersion}","metadata":{${version}`;
  return new Spliced(head, value, at, endOfObject(value, at), '}');
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
