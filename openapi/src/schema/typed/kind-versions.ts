/** The objects of one kind at the versions it is served in: their types, and how to get from one version to another. */
import { formatApiVersion } from '../../meta/group-version.ts';
import type { GroupVersionKind, JsonObject } from '../../meta/object.ts';
import type { Resolve, Schema } from '../schema.ts';
import { describeObject, failure } from './failure.ts';
import { deducedNode, type TypedNode, typedNode } from './typed-node.ts';
import type { TypedConverter, TypedObject } from './updater.ts';

export interface VersionConverter {
  /** The schema of the kind at another version it is served in; undefined where it is not. */
  schema(apiVersion: string): Schema | undefined;
  /**
   * The object at another version. Must not change what it is given. Where the answer takes time it throws a
   * ConversionPending, and whoever called the FieldManager calls again when that is done.
   */
  convert(object: JsonObject, apiVersion: string): JsonObject;
}

export class ConversionPending extends Error {
  /** Rejects where there will be no answer. */
  readonly done: Promise<unknown>;

  constructor(done: Promise<unknown>) {
    super('the object is being converted');
    this.done = done;
  }
}

export interface KindOptions {
  readonly gvk: GroupVersionKind;
  /** Undefined: nothing is known of the kind, its type is deduced from its objects. */
  readonly schema: Schema | undefined;
  readonly resolve: Resolve;
  /** The kind is a custom resource. */
  readonly custom?: boolean;
  /** As `spec.preserveUnknownFields` of its definition. */
  readonly preserveUnknownFields?: boolean;
  /** Other versions of the kind; without it, managers of other versions lose what they own. */
  readonly versions?: VersionConverter;
}

export class KindVersions implements TypedConverter {
  /** Of the version that requests are in. */
  readonly apiVersion: string;
  readonly #options: KindOptions;
  #node: TypedNode | undefined;

  constructor(options: KindOptions) {
    this.#options = options;
    this.apiVersion = formatApiVersion(options.gvk);
  }

  /** At the request's version, whichever the object is in. */
  typed(object: JsonObject): TypedObject {
    const given = object['apiVersion'];
    const apiVersion = typeof given === 'string' && given !== '' ? given : this.apiVersion;
    const node = this.nodeAt(apiVersion) ?? deducedNode;
    if (apiVersion === this.apiVersion) return { apiVersion, node, value: object };
    const converted = this.convert({ apiVersion, node, value: object }, this.apiVersion);
    if (converted === undefined)
      throw failure(`failed to convert object (${describeObject(object)}) to proper version`);
    return converted;
  }

  nodeAt(apiVersion: string): TypedNode | undefined {
    if (apiVersion !== this.apiVersion) {
      const schema = this.#options.versions?.schema(apiVersion);
      return schema && typedNode(schema, this.#options.resolve, this.#options);
    }
    const { schema, resolve } = this.#options;
    this.#node ??= schema === undefined ? deducedNode : typedNode(schema, resolve, this.#options);
    return this.#node;
  }

  convert(object: TypedObject, apiVersion: string): TypedObject | undefined {
    if (object.apiVersion === apiVersion) return object;
    const node = this.nodeAt(apiVersion);
    const { versions } = this.#options;
    if (node === undefined || versions === undefined) return undefined;
    return { apiVersion, node, value: versions.convert(object.value, apiVersion) };
  }
}
