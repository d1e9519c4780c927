/** One definition at work: a store and an endpoint for each served version, over one folder of the storage. */
import {
  formatApiVersion,
  type KubernetesObject,
  methodNotSupported,
  path,
  StatusError,
} from '@typernetes/openapi/meta';
import { deepCopy, deepEqual, type Schema, unknownFieldMessage } from '@typernetes/openapi/schema';
import type { DecodedObject, ResourceEndpoint, SubresourceEndpoint } from '../endpoints/resource-endpoint.ts';
import { RegistryStore } from '../registry/generic/store.ts';
import type { ResourceRegistration, SelectableFields, Strategy } from '../registry/generic/strategy.ts';
import type { FieldError } from '../registry/validation/index.ts';
import type { Storage } from '../storage/storage.ts';
import { type Definition, isTrue, type Names, type Version } from './definition.ts';
import { scaleKind, scaleRegistration, validateScale } from './scale.ts';
import {
  applyStructuralDefaults,
  coerceMetadata,
  coerceObject,
  JsonPath,
  prune,
  type Structural,
  validateEmbedded,
  validateListTypes,
  validateValue,
} from './schema/index.ts';
import { customResourceTable } from './table.ts';

/** Evaluates x-kubernetes-validations of an object that is valid otherwise; `old` is there on updates. */
export type RuleValidator = (
  schema: Structural,
  object: Readonly<KubernetesObject>,
  old: Readonly<KubernetesObject> | undefined,
) => FieldError[];

type StoredEndpoint = ResourceEndpoint & { store: RegistryStore };
type Fields = KubernetesObject & Record<string, unknown>;

const verbs = ['delete', 'deletecollection', 'get', 'list', 'patch', 'create', 'update', 'watch'];
const writes = new Set(['create', 'update', 'patch']);
const subresourceVerbs = new Set(['get', 'patch', 'update']);

export class CustomResource {
  readonly definition: Readonly<Definition>;
  readonly names: Names;
  readonly endpoints = new Map<string, StoredEndpoint>();
  readonly prefix: string;
  /** What the server itself reads and deletes objects through, whether or not the storage version is served. */
  readonly store: RegistryStore;
  readonly #validateRules: RuleValidator | undefined;
  readonly #storageVersion: Version;

  constructor(definition: Readonly<Definition>, prefix: string, storage: Storage, validateRules?: RuleValidator) {
    this.definition = definition;
    this.prefix = prefix;
    this.#validateRules = validateRules;
    const { spec, status } = definition;
    const accepted = status?.acceptedNames ?? {};
    this.names = { ...spec.names, ...accepted };
    this.#storageVersion = spec.versions.find((version) => version.storage) ?? spec.versions[0]!;
    for (const version of spec.versions)
      if (version.served) this.endpoints.set(version.name, this.#endpoint(version, storage));
    const stored = this.endpoints.get(this.#storageVersion.name) ?? this.#endpoint(this.#storageVersion, storage);
    this.store = stored.store;
  }

  /** What discovery shows. While its definition goes, a resource still takes updates: finalizers must come off. */
  get verbs(): string[] {
    return isTrue(this.definition, 'Terminating') ? verbs.filter((verb) => !writes.has(verb)) : verbs;
  }

  /** Throws an Error in a decoder's words where the object cannot be read. */
  decode(value: unknown, versionName: string): DecodedObject {
    const object = value as KubernetesObject;
    const schema = this.#version(versionName)?.schema?.openAPIV3Schema;
    const unknown = coerceMetadata(object);
    if (schema !== undefined) {
      unknown.push(...prune(object, schema), ...coerceObject(object, schema, false));
      applyStructuralDefaults(object, schema);
    }
    return { object, strictErrors: unknown.map(unknownFieldMessage) };
  }

  /** The schema of a version in the form that typed values (server-side apply) are made by. */
  typedSchema(versionName: string): Schema {
    const { properties, ...schema } = this.#version(versionName)?.schema?.openAPIV3Schema ?? {
      type: 'object',
      'x-kubernetes-preserve-unknown-fields': true,
    };
    const text: Schema = { type: 'string' };
    const metadata: Schema = { $ref: 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta' };
    return { ...schema, properties: { ...properties, apiVersion: text, kind: text, metadata } } as Schema;
  }

  #version(name: string): Version | undefined {
    return this.definition.spec.versions.find((version) => version.name === name);
  }

  #apiVersion(version: Version): string {
    return formatApiVersion({ group: this.definition.spec.group, version: version.name });
  }

  /** Conversion None: only apiVersion differs. What the other version does not know is pruned. */
  #convert(object: KubernetesObject, to: Version): KubernetesObject {
    const apiVersion = this.#apiVersion(to);
    if (object.apiVersion === apiVersion) return object;
    if (this.definition.spec.conversion?.strategy === 'Webhook') {
      const from = object.apiVersion ?? '';
      const message = `conversion webhook for ${from}, Kind=${this.names.kind} failed: this server does not call conversion webhooks`;
      throw new StatusError({
        kind: 'Status',
        apiVersion: 'v1',
        metadata: {},
        status: 'Failure',
        message,
        reason: 'InternalError',
        code: 500,
      });
    }
    object.apiVersion = apiVersion;
    const schema = to.schema?.openAPIV3Schema;
    if (schema !== undefined) prune(object, schema);
    return object;
  }

  #fromStorage(object: KubernetesObject, to: Version): KubernetesObject {
    const stored = this.#version((object.apiVersion ?? '').split('/')[1] ?? '') ?? this.#storageVersion;
    const schema = stored.schema?.openAPIV3Schema;
    if (schema !== undefined) {
      prune(object, schema);
      coerceObject(object, schema, true);
      applyStructuralDefaults(object, schema);
    }
    return this.#convert(object, to);
  }

  #endpoint(version: Version, storage: Storage): StoredEndpoint {
    const { spec } = this.definition;
    const { names } = this;
    const { group } = spec;
    const apiVersion = this.#apiVersion(version);
    const resource = { group, resource: names.plural };
    const kind = { group, version: version.name, kind: names.kind };
    const strategy = this.#strategy(version);
    const table = customResourceTable(version.additionalPrinterColumns);
    const subresources = new Map<string, SubresourceEndpoint>();
    const registration: ResourceRegistration = { resource, strategy, table, subresources: {} };
    if (isTrue(this.definition, 'Terminating'))
      registration.beginCreate = () => {
        const error = methodNotSupported(resource, 'create');
        error.status.message = 'create not allowed while custom resource definition is terminating';
        return Promise.reject(error);
      };
    if (version.subresources?.status !== undefined)
      subresources.set('status', { name: 'status', kind, verbs: subresourceVerbs, registration: undefined });
    const scale = version.subresources?.scale;
    if (scale !== undefined) {
      const own = scaleRegistration(scale, kind);
      registration.subresources = { scale: own };
      subresources.set('scale', { name: 'scale', kind: scaleKind, verbs: subresourceVerbs, registration: own });
    }
    const store = new RegistryStore(
      {
        resource,
        kind: names.kind,
        namespaced: spec.scope === 'Namespaced',
        // No version is the stored one as it stands: every read sets defaults and prunes.
        storageApiVersion: '',
        hasGeneration: false,
        prefix: this.prefix,
        registration,
        strategy,
        deleteStrategy: {},
        selectableFields: selectableFields(spec.versions),
        returnsDeletedObject: false,
        metadataChecks: 'plain',
        convertFromStorage: (object) => this.#fromStorage(object, version),
        convertToStorage: (object) => this.#convert(object, this.#storageVersion),
      },
      storage,
    );
    const labels = new Set((version.selectableFields ?? []).map(({ jsonPath }) => labelOf(jsonPath)));
    return {
      ...resource,
      version: version.name,
      apiVersion,
      singular: names.singular ?? '',
      kind: names.kind,
      namespaced: spec.scope === 'Namespaced',
      verbs: new Set(verbs),
      store,
      reader: store,
      registration,
      table,
      subresources,
      untyped: true,
      fieldLabel: (label) => (label.startsWith('metadata.') || labels.has(label) ? label : undefined),
      ...(version.deprecated === true
        ? { deprecationWarning: version.deprecationWarning ?? `${apiVersion} ${names.kind} is deprecated` }
        : {}),
    };
  }

  #strategy(version: Version): Strategy {
    const hasStatus = version.subresources?.status !== undefined;
    const asVersion = (old: Readonly<KubernetesObject>): Fields =>
      this.#fromStorage(deepCopy(old) as KubernetesObject, version) as Fields;
    const validate = (object: KubernetesObject, old?: Fields): FieldError[] =>
      this.#validate(version, object as Fields, old);
    return {
      prepareForCreate(object) {
        if (hasStatus) delete (object as Fields).status;
        (object.metadata ??= {}).generation = 1;
      },
      prepareForUpdate(object, old) {
        const fields = object as Fields;
        const before = asVersion(old);
        if (hasStatus) {
          if (before.status === undefined) delete fields.status;
          else fields.status = before.status;
        }
        if (!deepEqual(withoutMetadata(fields), withoutMetadata(before), { strict: true }))
          (object.metadata ??= {}).generation = (old.metadata?.generation ?? 0) + 1;
      },
      prepareForStatusUpdate: (object, old) => {
        const fields = object as Fields;
        const { status, metadata } = fields;
        const stored = this.#convert(asVersion(old), this.#storageVersion) as Fields;
        for (const name of Object.keys(fields)) delete fields[name];
        Object.assign(fields, stored);
        const managedFields = metadata?.managedFields;
        if (managedFields !== undefined) fields.metadata = { ...stored.metadata, managedFields };
        if (status === undefined) delete fields.status;
        else fields.status = status;
      },
      validate: (object) => validate(object),
      validateUpdate: (object, old) => validate(object, asVersion(old)),
      validateStatusUpdate: (object, old) => this.#validateStatus(version, object as Fields, asVersion(old)),
    };
  }

  #validate(version: Version, object: Fields, old: Fields | undefined): FieldError[] {
    const schema = version.schema?.openAPIV3Schema;
    if (schema === undefined) return [];
    const errors = [
      ...validateValue(object, schema, '', old),
      ...(old === undefined ? validateEmbedded(object, schema, path()) : []),
      ...this.#lists(schema, object, old),
      ...(version.subresources?.scale === undefined ? [] : validateScale(version.subresources.scale, object)),
    ];
    return errors.length > 0 ? errors : (this.#validateRules?.(schema, object, old) ?? []);
  }

  #validateStatus(version: Version, object: Fields, old: Fields): FieldError[] {
    const schema = version.schema?.openAPIV3Schema;
    const statusSchema = schema?.properties?.status;
    if (schema === undefined) return [];
    const errors = [
      ...(statusSchema === undefined || object.status === undefined
        ? []
        : validateValue(object.status, statusSchema, 'status', old.status)),
      ...this.#lists(schema, object, old),
    ];
    return errors.length > 0 ? errors : (this.#validateRules?.(schema, object, old) ?? []);
  }

  /** Lists that were not unique before may stay so. */
  #lists(schema: Structural, object: Fields, old: Fields | undefined): FieldError[] {
    const errors = validateListTypes(object, schema);
    if (errors.length > 0 && old !== undefined && validateListTypes(old, schema).length > 0) return [];
    return errors;
  }
}

function withoutMetadata(object: Fields): Record<string, unknown> {
  const { metadata: _, apiVersion: _version, ...rest } = object;
  return rest;
}

const labelOf = (jsonPath: string): string => jsonPath.replace(/^\./, '');

/** The fields of all versions: attributes of a stored object are read once for all of them. */
function selectableFields(versions: readonly Version[]): SelectableFields | undefined {
  const fields: SelectableFields = {};
  for (const { selectableFields: selectable } of versions)
    for (const { jsonPath } of selectable ?? []) {
      const place = new JsonPath(jsonPath);
      fields[labelOf(jsonPath)] = (object) => {
        const value = place.first(object);
        return value === undefined || value === null ? '' : String(value as string | number | boolean);
      };
    }
  return Object.keys(fields).length === 0 ? undefined : fields;
}
