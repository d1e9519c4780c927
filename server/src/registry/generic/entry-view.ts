/**
 * What readers derive from a stored entry, kept with it for as long as the Cacher keeps the entry: the attributes that
 * selectors look at, and the encoded bodies that responses are made of. Everything is made on first demand.
 */

import {
  type BodyPart,
  bare,
  bareVersioned,
  detached,
  endOfMetadata,
  joinParts,
  metadataPart,
  parseJson,
  textWithoutManagedFields,
  versioned,
} from '@typernetes/openapi/codec';
import type { KubernetesObject } from '@typernetes/openapi/meta';
import type { Entry } from '../../storage/storage.ts';
import { hold, writtenAs } from './shared-objects.ts';

export interface EntryAttributes {
  readonly name: string;
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly fields: Readonly<Record<string, string>>;
}

/** How one store reads attributes from a parsed object, and turns the stored version into another. */
export interface EntryReader {
  readonly storageApiVersion: string;
  attributes(object: KubernetesObject): EntryAttributes;
  /** Changes a parsed copy of the stored object into `apiVersion`'s form. */
  convertFromStorage(object: KubernetesObject, apiVersion: string): KubernetesObject;
}

const bigInteger = /[0-9]{16}/;
const noLabels: Readonly<Record<string, string>> = Object.freeze({});

export class EntryView {
  readonly entry: Entry;
  readonly #isCurrent: boolean;
  #hasBigIntegers: boolean | undefined;
  #metadataEnd: number | undefined;
  #attributes: EntryAttributes | undefined;
  #shared: KubernetesObject | undefined;
  /** Encoded bodies by what they are: an apiVersion, `protobuf:v1`. */
  #bodies: Map<string, Buffer> | undefined;

  /** Of a state that is the current one no more, bodies are not kept: they would outweigh it many times. */
  constructor(entry: Entry, isCurrent = true) {
    this.entry = entry;
    this.#isCurrent = isCurrent;
  }

  static of(entry: Entry): EntryView {
    const memo = entry.memo;
    if (memo instanceof EntryView) return memo;
    const view = new EntryView(entry, memo !== null);
    entry.memo = view;
    return view;
  }

  attributes(reader: EntryReader): EntryAttributes {
    return (this.#attributes ??= reader.attributes(this.#shared ?? this.#read()));
  }

  /** A fresh copy that the caller owns, in the storage version, with its resourceVersion. */
  parse<T extends KubernetesObject = KubernetesObject>(): T {
    const text = this.entry.value.toString('utf8');
    this.#hasBigIntegers ??= bigInteger.test(text);
    return this.#parsed(text, this.#hasBigIntegers) as T;
  }

  /** As `parse`, for readers who do not look at managedFields: they are half of most objects. */
  parseWithoutManagedFields<T extends KubernetesObject = KubernetesObject>(): T {
    const text = textWithoutManagedFields(this.entry.value, this.#endOfMetadata());
    return this.#parsed(text, this.#hasBigIntegers ?? bigInteger.test(text)) as T;
  }

  #parsed(text: string, hasBigIntegers: boolean): KubernetesObject {
    const object = parseStored(text, hasBigIntegers) as KubernetesObject;
    if (this.entry.modRevision > 0) (object.metadata ??= {}).resourceVersion = String(this.entry.modRevision);
    return object;
  }

  /** As `parse`, but shared between readers: not to be changed. */
  shared<T extends KubernetesObject = KubernetesObject>(): Readonly<T> {
    if (this.#shared === undefined) {
      this.#shared = this.#read();
      hold(this, this.entry.value.length);
    }
    return this.#shared as T;
  }

  #read(): KubernetesObject {
    return (this.entry.modRevision > 0 ? writtenAs(this.entry) : undefined) ?? this.parse();
  }

  release(): void {
    this.#shared = undefined;
  }

  #endOfMetadata(): number {
    return (this.#metadataEnd ??= endOfMetadata(this.entry.value));
  }

  /** A fresh copy in `apiVersion`'s form. */
  parseAs<T extends KubernetesObject = KubernetesObject>(
    reader: EntryReader,
    apiVersion: string,
    object: T = this.parse<T>(),
  ): T {
    return apiVersion === reader.storageApiVersion ? object : (reader.convertFromStorage(object, apiVersion) as T);
  }

  /** The object as JSON. The stored version is put together from what is stored each time; others are kept. */
  body(reader: EntryReader, apiVersion: string): BodyPart {
    const { value, modRevision } = this.entry;
    if (apiVersion === reader.storageApiVersion) return modRevision > 0 ? versioned(value, modRevision) : value;
    return this.memoized(apiVersion, () => Buffer.from(JSON.stringify(this.parseAs(reader, apiVersion))));
  }

  /** The object as JSON, without what the list of a built-in kind says for all its items. */
  item(reader: EntryReader, apiVersion: string): BodyPart {
    const { value, modRevision } = this.entry;
    if (apiVersion === reader.storageApiVersion && modRevision > 0) return bareVersioned(value, modRevision);
    return bare(joinParts([this.body(reader, apiVersion)]));
  }

  /** Its PartialObjectMetadata as JSON. */
  metadata(reader: EntryReader, apiVersion: string, metaApiVersion: string): BodyPart {
    const { value, modRevision } = this.entry;
    if (apiVersion !== reader.storageApiVersion) {
      const { metadata = {} } = this.parseAs(reader, apiVersion);
      return Buffer.from(JSON.stringify({ kind: 'PartialObjectMetadata', apiVersion: metaApiVersion, metadata }));
    }
    const version = modRevision > 0 ? String(modRevision) : undefined;
    return metadataPart(value, version, metaApiVersion, this.#endOfMetadata());
  }

  memoized(key: string, make: () => Buffer): Buffer {
    let body = this.#bodies?.get(key);
    if (body === undefined) {
      if (!this.#isCurrent) return make();
      body = detached(make());
      (this.#bodies ??= new Map()).set(key, body);
    }
    return body;
  }
}

/** Our own encoding needs none of the checks that clients' JSON does, save for integers beyond 2^53. */
function parseStored(text: string, hasBigIntegers: boolean): unknown {
  return hasBigIntegers ? parseJson(text).value : JSON.parse(text);
}

export function readAttributes(
  object: KubernetesObject,
  selectableFields: Record<string, (object: KubernetesObject) => string> | undefined,
  namespaced: boolean,
): EntryAttributes {
  const metadata = object.metadata ?? {};
  const name = metadata.name ?? '';
  const namespace = metadata.namespace ?? '';
  const fields: Record<string, string> = { 'metadata.name': name };
  if (namespaced) fields['metadata.namespace'] = namespace;
  if (selectableFields !== undefined) {
    for (const [label, read] of Object.entries(selectableFields)) fields[label] = read(object) ?? '';
  }
  return { name, namespace, labels: metadata.labels ?? noLabels, fields };
}
