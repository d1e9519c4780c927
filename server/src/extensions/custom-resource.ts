/** One definition at work: a store and an endpoint for each served version, over one folder of the storage. */
import { forbidden, formatApiVersion, type KubernetesObject } from '@typernetes/openapi/meta';
import {
  deepCopy,
  deepEqual,
  type Schema,
  unknownFieldMessage,
  type VersionConverter,
} from '@typernetes/openapi/schema';
import type { DecodedObject, ResourceEndpoint, SubresourceEndpoint } from '../endpoints/resource-endpoint.ts';
import type { StoreDefinition } from '../registry/generic/definition.ts';
import { RegistryStore } from '../registry/generic/store.ts';
import type { ResourceRegistration, SelectableFields, Strategy } from '../registry/generic/strategy.ts';
import type { Storage } from '../storage/storage.ts';
import type { WebhookClients } from '../webhooks/index.ts';
import { ConvertingStorage } from './converting-storage.ts';
import { type Definition, isTrue, type Names, type Version } from './definition.ts';
import type { RuleMetrics } from './metrics.ts';
import { PendingConversions } from './pending-conversions.ts';
import { scaleKind, scaleRegistration } from './scale.ts';
import { applyStructuralDefaults, coerceMetadata, coerceObject, JsonPath, prune } from './schema/index.ts';
import { customResourceTable } from './table.ts';
import { type Fields, finalizerWarnings, ObjectValidator } from './validate-object.ts';
import { compareVersions } from './versions.ts';
import { WebhookConverter } from './webhook-conversion.ts';

type StoredEndpoint = ResourceEndpoint & { store: RegistryStore };

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
  readonly #storageVersion: Version;
  readonly #metrics: RuleMetrics | undefined;
  readonly #webhook: WebhookConverter | undefined;
  readonly #conversions: PendingConversions | undefined;

  constructor(
    definition: Readonly<Definition>,
    prefix: string,
    storage: Storage,
    webhooks: Pick<WebhookClients, 'post'>,
    metrics?: RuleMetrics,
  ) {
    this.#metrics = metrics;
    this.definition = definition;
    this.prefix = prefix;
    const { spec, status } = definition;
    const accepted = status?.acceptedNames ?? {};
    if (spec.conversion?.strategy === 'Webhook') {
      this.#webhook = new WebhookConverter(spec.conversion.webhook, webhooks);
      this.#conversions = new PendingConversions(this.#webhook);
    }
    this.names = { ...spec.names, ...accepted };
    this.#storageVersion = spec.versions.find((version) => version.storage) ?? spec.versions[0]!;
    for (const version of spec.versions)
      if (version.served) this.endpoints.set(version.name, this.#endpoint(version, storage));
    this.store = this.#internalStore(storage);
  }

  /** Deletes what is there, whatever its version, even where no webhook answers. */
  #internalStore(storage: Storage): RegistryStore {
    const version = this.#storageVersion;
    if (this.#webhook === undefined)
      return (this.endpoints.get(version.name) ?? this.#endpoint(version, storage)).store;
    const registration: ResourceRegistration = {
      resource: { group: this.definition.spec.group, resource: this.names.plural },
      strategy: {},
    };
    const asStored = (object: KubernetesObject): KubernetesObject => object;
    return this.#registryStore(version, registration, storage, {
      storageApiVersion: this.#apiVersion(version),
      convertFromStorage: asStored,
      convertToStorage: asStored,
    });
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
      const pruned = [...unknown.splice(0), ...prune(object, schema), ...coerceObject(object, schema, false)];
      unknown.push(...pruned.sort());
      applyStructuralDefaults(object, schema);
    }
    return { object, strictErrors: unknown.map(unknownFieldMessage), untyped: true };
  }

  /** The object, which may change, as another version has it. */
  async convertTo(object: KubernetesObject, apiVersion: string): Promise<KubernetesObject> {
    const to = this.#version(apiVersion.split('/')[1] ?? '') ?? this.#storageVersion;
    if (this.#webhook === undefined) return this.#fromStorage(object, to);
    if (object.apiVersion === apiVersion) return object;
    const [converted] = await this.#webhook.convert([object], apiVersion);
    this.#finish(converted!, to);
    return converted!;
  }

  /** For server-side apply: what is managed at one version is told from what is managed at another by conversion. */
  get versions(): VersionConverter {
    const versionOf = (apiVersion: string): Version | undefined =>
      this.definition.spec.versions.find((version) => this.#apiVersion(version) === apiVersion);
    return {
      schema: (apiVersion) => {
        const version = versionOf(apiVersion);
        return version && this.#typedSchema(version);
      },
      convert: this.#conversions?.convert ?? ((object, apiVersion) => ({ ...object, apiVersion })),
    };
  }

  /** The schema of a version in the form that typed values are made by. */
  #typedSchema(version: Version): Schema {
    const { properties, ...schema } = version.schema?.openAPIV3Schema ?? {
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
    object.apiVersion = apiVersion;
    this.#finish(object, to);
    return object;
  }

  /** Of a converted object: what its version does not know. */
  #finish(object: KubernetesObject, version: Version): void {
    const schema = version.schema?.openAPIV3Schema;
    if (schema === undefined) return;
    prune(object, schema);
    coerceObject(object, schema, false);
  }

  /** A stored object as its own version has it. */
  #prepare(object: KubernetesObject): void {
    const stored = this.#version((object.apiVersion ?? '').split('/')[1] ?? '') ?? this.#storageVersion;
    const schema = stored.schema?.openAPIV3Schema;
    if (schema === undefined) return;
    prune(object, schema);
    coerceObject(object, schema, true);
    applyStructuralDefaults(object, schema);
  }

  #fromStorage(object: KubernetesObject, to: Version): KubernetesObject {
    this.#prepare(object);
    return this.#convert(object, to);
  }

  /** Where a webhook converts, storage does it: whatever is above sees one version only. */
  #versionStorage(version: Version, storage: Storage, webhook: WebhookConverter): ConvertingStorage {
    return new ConvertingStorage(storage, {
      apiVersion: this.#apiVersion(version),
      storageApiVersion: this.#apiVersion(this.#storageVersion),
      convert: (objects, apiVersion) => webhook.convert(objects, apiVersion),
      prepare: (object) => this.#prepare(object),
      finish: (object) => this.#finish(object, this.#version((object.apiVersion ?? '').split('/')[1] ?? '') ?? version),
    });
  }

  #registryStore(
    version: Version,
    registration: ResourceRegistration,
    storage: Storage,
    form: Pick<StoreDefinition, 'storageApiVersion' | 'convertFromStorage' | 'convertToStorage' | 'mustRewrite'>,
  ): RegistryStore {
    const { spec } = this.definition;
    return new RegistryStore(
      {
        resource: registration.resource,
        kind: this.names.kind,
        namespaced: spec.scope === 'Namespaced',
        hasGeneration: false,
        prefix: this.prefix,
        registration,
        strategy: registration.strategy ?? {},
        deleteStrategy: {},
        // Where versions share entries, attributes are read once for all of them.
        selectableFields: selectableFields(form.storageApiVersion === '' ? spec.versions : [version]),
        returnsDeletedObject: false,
        metadataChecks: 'plain',
        isCustom: true,
        ...form,
      },
      storage,
    );
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
      registration.beginCreate = (object) => {
        const message = 'create not allowed while custom resource definition is terminating';
        return Promise.reject(forbidden(resource, object.metadata?.name ?? '', message));
      };
    if (version.subresources?.status !== undefined)
      subresources.set('status', { name: 'status', kind, verbs: subresourceVerbs, registration: undefined });
    const scale = version.subresources?.scale;
    if (scale !== undefined) {
      const own = scaleRegistration(scale);
      registration.subresources = { scale: own };
      subresources.set('scale', { name: 'scale', kind: scaleKind, verbs: subresourceVerbs, registration: own });
    }
    const converting = this.#webhook && this.#versionStorage(version, storage, this.#webhook);
    const store = this.#registryStore(
      version,
      registration,
      converting ?? storage,
      converting === undefined
        ? {
            // No version is the stored one as it stands: every read sets defaults and prunes.
            storageApiVersion: '',
            convertFromStorage: (object) => this.#fromStorage(object, version),
            convertToStorage: (object) => this.#convert(object, this.#storageVersion),
          }
        : {
            storageApiVersion: apiVersion,
            convertFromStorage: (object) => object,
            convertToStorage: (object) => object,
            mustRewrite: (entry) => converting.isOutdated(entry),
          },
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
        ? { deprecationWarning: version.deprecationWarning ?? this.#deprecation(version) }
        : {}),
    };
  }

  #deprecation(version: Version): string {
    const named = (each: Version): string => `${this.#apiVersion(each)} ${this.names.kind}`;
    const [newer] = this.definition.spec.versions
      .filter((each) => each.served && each.deprecated !== true && compareVersions(each.name, version.name) < 0)
      .sort((a, b) => compareVersions(a.name, b.name));
    return `${named(version)} is deprecated${newer === undefined ? '' : `; use ${named(newer)}`}`;
  }

  #strategy(version: Version): Strategy {
    const hasStatus = version.subresources?.status !== undefined;
    const asVersion = (old: Readonly<KubernetesObject>): Fields => {
      const object = deepCopy(old) as Fields;
      return this.#webhook === undefined ? (this.#fromStorage(object, version) as Fields) : object;
    };
    const asStored = (object: Fields): Fields =>
      this.#webhook === undefined ? (this.#convert(object, this.#storageVersion) as Fields) : object;
    const validator = new ObjectValidator(version, this.#metrics);
    return {
      allowUnconditionalUpdate: false,
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
        const stored = asStored(asVersion(old));
        for (const name of Object.keys(fields)) delete fields[name];
        Object.assign(fields, stored);
        const managedFields = metadata?.managedFields;
        if (managedFields !== undefined) fields.metadata = { ...stored.metadata, managedFields };
        if (status === undefined) delete fields.status;
        else fields.status = status;
      },
      validate: (object) => validator.validate(object as Fields),
      validateUpdate: (object, old, { warn }) => validator.validateUpdate(object as Fields, asVersion(old), warn),
      validateStatusUpdate: (object, old, { warn }) => validator.validateStatus(object as Fields, asVersion(old), warn),
      warningsOnCreate: (object) => finalizerWarnings(object),
      warningsOnUpdate: (object, old) => finalizerWarnings(object, old),
    };
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
