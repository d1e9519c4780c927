/**
 * RegistryStore: one resource's objects over Storage. It owns upstream's generic rules (names, uids, resource versions,
 * finalizers, preconditions) and asks the resource's Strategy for the rest. What it returns are entries: bytes with
 * their memoized encodings, never parsed objects that two callers might share.
 */
import { encodeForStorage } from '@typernetes/openapi/codec';
import {
  badRequest,
  formatTime,
  type GroupResource,
  isAlreadyExists,
  type KubernetesObject,
  notFound,
  StatusError,
  statusErrorFrom,
} from '@typernetes/openapi/meta';
import { deepCopy, deepEqual, keepTimesIfUnchanged } from '@typernetes/openapi/schema';
import { type Entry, type Storage, StorageError } from '../../storage/storage.ts';
import { beforeCreate, fillSystemFields } from './before-create.ts';
import {
  applyGrace,
  checkPreconditions,
  finalizersForPropagation,
  markAsDeleting,
  shouldDeleteDuringUpdate,
} from './before-delete.ts';
import { beforeUpdate } from './before-update.ts';
import type { StoreDefinition, WriteContext } from './definition.ts';
import { deleteCollection } from './delete-collection.ts';
import { type EntryAttributes, type EntryReader, EntryView, readAttributes } from './entry-view.ts';
import { translateStorageError } from './errors.ts';
import { guaranteedUpdate } from './guaranteed-update.ts';
import { type ListPage, listPage } from './listing.ts';
import { type DeleteOptions, type ListOptions, parseResourceVersion } from './options.ts';
import { forgetWritten, rememberWritten } from './shared-objects.ts';
import { calledIn, checkUid, checkUpdatePreconditions } from './update-preconditions.ts';

export interface UpdateResult {
  entry: Entry;
  created: boolean;
}

export interface DeleteResult {
  /** The last state: what was deleted, or what is on its way to deletion. */
  entry: Entry;
  /** False while a grace period or finalizers hold the object. */
  deleted: boolean;
  /** Answer with a Status rather than with the object. */
  answerStatus: boolean;
}

/**
 * Makes the new state, undefined where the update may create. `existing` must not be changed, and the new state must
 * share nothing with it that is written to later: metadata and what strategies set.
 */
export type Transform = (existing: KubernetesObject | undefined) => Promise<KubernetesObject>;

const maxNameGenerationAttempts = 8;

/** Versions are the storage's to give; like its other refusals this one comes last, and not for what is not stored. */
function refuseResourceVersion({ metadata }: Readonly<KubernetesObject>): void {
  const version = metadata?.resourceVersion ?? '';
  if (!/^\d*[1-9]\d*$/.test(version)) return;
  const message = 'resourceVersion should not be set on objects to be created';
  throw statusErrorFrom({ status: 'Failure', code: 500, message });
}

export class RegistryStore implements EntryReader {
  readonly definition: StoreDefinition;
  readonly storage: Storage;
  readonly #writes: { last: number };

  /** `same`: another store of the same objects. */
  constructor(definition: StoreDefinition, storage: Storage, same?: RegistryStore) {
    this.definition = definition;
    this.storage = storage;
    this.#writes = same === undefined ? { last: 0 } : same.#writes;
  }

  get #called(): GroupResource {
    return calledIn(this.definition);
  }

  /** The newest revision that this store has written and seen acknowledged. */
  get lastWrite(): number {
    return this.#writes.last;
  }

  #wrote(revision: number): void {
    this.#writes.last = Math.max(this.#writes.last, revision);
  }

  get storageApiVersion(): string {
    return this.definition.storageApiVersion;
  }

  attributes(object: KubernetesObject): EntryAttributes {
    return readAttributes(object, this.definition.selectableFields, this.definition.namespaced);
  }

  convertFromStorage(object: KubernetesObject, apiVersion: string): KubernetesObject {
    return this.definition.convertFromStorage(object, apiVersion);
  }

  key(namespace: string, name: string): string {
    if (name === '') throw badRequest('Name parameter required.');
    const problems = [
      ...(name === '.' || name === '..' ? [`may not be '${name}'`] : []),
      ...['/', '%'].flatMap((character) => (name.includes(character) ? [`may not contain '${character}'`] : [])),
    ];
    if (problems.length > 0) throw badRequest(`Name parameter invalid: ${JSON.stringify(name)}: ${problems.join(';')}`);
    return `${this.prefixOf(namespace)}${name}`;
  }

  /** Of the keys of one namespace, or of all. */
  prefixOf(namespace: string): string {
    return this.definition.namespaced && namespace !== ''
      ? `${this.definition.prefix}${namespace}/`
      : this.definition.prefix;
  }

  async get(namespace: string, name: string, resourceVersion: string, signal?: AbortSignal): Promise<Entry> {
    const minRevision = parseResourceVersion(resourceVersion);
    try {
      const { entry } = await this.storage.get(this.key(namespace, name), {
        ...(minRevision === undefined ? {} : { minRevision }),
        ...(signal === undefined ? {} : { signal }),
      });
      if (entry === undefined) throw notFound(this.#called, name);
      return entry;
    } catch (error) {
      throw this.#translate(error, name, 'get');
    }
  }

  async list(namespace: string, options: ListOptions, signal?: AbortSignal): Promise<ListPage> {
    try {
      return await listPage(this, namespace, options, signal);
    } catch (error) {
      throw this.#translate(error, '', 'list');
    }
  }

  /** `object` is decoded, defaulted, mutated by admission and in storage form; it is changed further here. */
  async create(object: KubernetesObject, context: WriteContext): Promise<Entry> {
    const generated = (object.metadata?.generateName ?? '') !== '' && (object.metadata?.name ?? '') === '';
    if (!generated) return this.#createOnce(object, context);
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#createOnce(deepCopy(object), context);
      } catch (error) {
        if (attempt === maxNameGenerationAttempts || !isAlreadyExists(error)) throw error;
      }
    }
  }

  async #createOnce(object: KubernetesObject, context: WriteContext): Promise<Entry> {
    fillSystemFields(object, context.now, this.definition.strategy.generateName);
    const { registration } = this.definition;
    // A status may make its object too, but has upstream nothing allocated for it.
    const finish = context.subresource === '' ? await registration.beginCreate?.(object, context.rest) : undefined;
    let succeeded = false;
    try {
      beforeCreate(this.definition, object, context);
      await context.validateAdmission?.(object, undefined);
      // A strategy may have put another metadata in its place.
      const name = object.metadata?.name ?? '';
      const entry = await this.#insert(name, object, context);
      succeeded = true;
      return entry;
    } finally {
      await finish?.(succeeded && !context.dryRun);
    }
  }

  async #insert(name: string, object: KubernetesObject, context: WriteContext): Promise<Entry> {
    const key = this.key(context.namespace, name);
    const value = encodeForStorage(object);
    try {
      if (context.dryRun) {
        const { entry } = await this.storage.get(key, { signal: context.signal });
        if (entry !== undefined) throw new StorageError('keyExists', 'dry run: the key exists', { key });
        return { key, value, createRevision: 0, modRevision: 0 };
      }
      refuseResourceVersion(object);
      const ttlSeconds = this.definition.registration.ttlSeconds?.(object);
      const options = { ...(ttlSeconds === undefined ? {} : { ttlSeconds }), signal: context.signal };
      return await this.#write(key, value, object, () => this.storage.create(key, value, options));
    } catch (error) {
      const translated = this.#translate(error, name, 'create');
      if (isAlreadyExists(translated) && translated instanceof StatusError) {
        const { entry } = await this.storage.get(key, { signal: context.signal });
        if (entry !== undefined && EntryView.of(entry).parse().metadata?.deletionTimestamp !== undefined) {
          translated.status.message = `object is being deleted: ${translated.status.message ?? ''}`;
          translated.message = translated.status.message;
        }
      }
      throw translated;
    }
  }

  async update(name: string, transform: Transform, context: WriteContext): Promise<UpdateResult> {
    const key = this.key(context.namespace, name);
    try {
      return await guaranteedUpdate(
        this.storage,
        key,
        (existing) => this.#updateOnce(key, name, existing, transform, context),
        context.signal,
      );
    } catch (error) {
      throw this.#translate(error, name, 'update');
    }
  }

  async #updateOnce(
    key: string,
    name: string,
    existing: Entry | undefined,
    transform: Transform,
    context: WriteContext,
  ): Promise<UpdateResult> {
    const { strategy, registration } = this.definition;
    if (existing === undefined) {
      const applied =
        context.forceAllowCreate === true &&
        (context.subresource === '' || (context.subresource === 'status' && strategy.allowCreateByStatus === true));
      if (strategy.allowCreateOnUpdate !== true && !applied) throw notFound(this.#called, name);
      const object = await transform(undefined);
      await context.authorizeCreate?.();
      checkUid(this.definition, name, object.metadata?.uid, '', key, context);
      delete object.metadata?.resourceVersion;
      return { entry: await this.#createOnce(object, context), created: true };
    }
    const view = EntryView.of(existing);
    const old = view.parse();
    const object = await transform(old);
    checkUpdatePreconditions(this.definition, name, object, old, existing, context);
    const finish = await registration.beginUpdate?.(object, old, context.rest);
    let succeeded = false;
    try {
      beforeUpdate(this.definition, object, old, context);
      keepTimesIfUnchanged(object, old);
      await context.validateAdmission?.(object, old);
      const entry = shouldDeleteDuringUpdate(this.definition, object, old)
        ? await this.#deleteEmptied(key, existing, object, context)
        : await this.#replace(key, existing, old, object, context);
      succeeded = true;
      return { entry, created: false };
    } finally {
      await finish?.(succeeded && !context.dryRun);
    }
  }

  async #replace(
    key: string,
    existing: Entry,
    old: KubernetesObject,
    object: KubernetesObject,
    context: WriteContext,
  ): Promise<Entry> {
    const value = encodeForStorage(object);
    const unchanged =
      existing.stale !== true &&
      this.definition.mustRewrite?.(existing) !== true &&
      (value.equals(existing.value) || (value.length === existing.value.length && deepEqual(object, old)));
    const ttlSeconds = this.definition.registration.ttlSeconds?.(object);
    if (unchanged && ttlSeconds === undefined) {
      // Only the newest state may be called unchanged; an older one would hide another's write.
      const { entry } = await this.storage.get(key, { uncached: true, signal: context.signal });
      if (entry?.modRevision !== existing.modRevision)
        throw new StorageError(
          'conflict',
          'the cached state was stale',
          entry === undefined ? { key } : { key, current: entry },
        );
      if (entry.stale !== true) return existing;
    }
    if (context.dryRun)
      return { key, value, createRevision: existing.createRevision, modRevision: existing.modRevision };
    const options = { ...(ttlSeconds === undefined ? {} : { ttlSeconds }), signal: context.signal };
    return this.#write(key, value, object, () => this.storage.update(key, value, existing.modRevision, options));
  }

  /** `value` encodes `object`, which is not changed until this is done, nor afterwards if it succeeds. */
  async #write(key: string, value: Buffer, object: KubernetesObject, write: () => Promise<Entry>): Promise<Entry> {
    rememberWritten(key, value, object);
    try {
      const entry = await write();
      this.#wrote(entry.modRevision);
      return entry;
    } catch (error) {
      forgetWritten(key);
      throw error;
    }
  }

  async #deleteEmptied(key: string, existing: Entry, object: KubernetesObject, context: WriteContext): Promise<Entry> {
    const value = encodeForStorage(object);
    if (!context.dryRun) {
      const revision = await this.storage.delete(key, existing.modRevision, context.signal);
      this.#wrote(revision);
      await this.definition.registration.afterDelete?.(object, context.rest);
      return { key, value, createRevision: existing.createRevision, modRevision: revision };
    }
    return { key, value, createRevision: existing.createRevision, modRevision: existing.modRevision };
  }

  async delete(name: string, options: DeleteOptions, context: WriteContext): Promise<DeleteResult> {
    const key = this.key(context.namespace, name);
    for (const warning of this.definition.deleteStrategy.warningsOnDelete?.(options) ?? []) context.warn(warning);
    try {
      return await guaranteedUpdate(
        this.storage,
        key,
        async (existing) => {
          if (existing === undefined) throw notFound(this.#called, name);
          return this.#deleteOnce(key, existing, options, context);
        },
        context.signal,
      );
    } catch (error) {
      throw this.#translate(error, name, 'delete');
    }
  }

  async #deleteOnce(
    key: string,
    existing: Entry,
    options: DeleteOptions,
    context: WriteContext,
  ): Promise<DeleteResult> {
    const { definition } = this;
    const { deleteStrategy } = definition;
    const object = EntryView.of(existing).parse();
    const metadata = (object.metadata ??= {});
    checkPreconditions(definition, metadata, options);
    await context.validateAdmission?.(undefined, EntryView.of(existing).shared());
    const marked = metadata.deletionTimestamp !== undefined;
    const others = deleteStrategy.otherFinalizers?.(object) ?? [];
    if (marked && others.length > 0) return { entry: existing, deleted: false, answerStatus: false };

    const { grace, period } = applyGrace(definition, object, options, context.now);
    const answerStatus = !definition.returnsDeletedObject;
    if (grace === 'pending') return { entry: existing, deleted: false, answerStatus };
    const finalizers = finalizersForPropagation(definition, metadata, options);
    if (finalizers !== undefined) metadata.finalizers = finalizers;
    const held = (metadata.finalizers ?? []).length > 0;
    const markFirst = deleteStrategy.alwaysMarkFirst === true && !marked;
    if (markFirst) {
      metadata.deletionTimestamp = formatTime(context.now);
      delete metadata.deletionGracePeriodSeconds;
    } else if (held && grace === 'none') markAsDeleting(metadata, context.now);
    if (!marked && metadata.deletionTimestamp !== undefined) deleteStrategy.markDeleted?.(object);

    let last = existing;
    if (markFirst || held || grace === 'graceful') {
      const value = encodeForStorage(object);
      if (context.dryRun) {
        last = { key, value, createRevision: existing.createRevision, modRevision: existing.modRevision };
      } else if (!value.equals(existing.value)) {
        const { modRevision } = existing;
        last = await this.#write(key, value, object, () =>
          this.storage.update(key, value, modRevision, { signal: context.signal }),
        );
      }
      if (markFirst || held || period > 0) return { entry: last, deleted: false, answerStatus: false };
    }
    if (context.dryRun) return { entry: last, deleted: true, answerStatus };
    const revision = await this.storage.delete(key, last.modRevision, context.signal);
    this.#wrote(revision);
    await definition.registration.afterDelete?.(EntryView.of(last).shared(), context.rest);
    const entry = { key, value: last.value, createRevision: last.createRevision, modRevision: revision };
    return { entry, deleted: true, answerStatus };
  }

  /** Deletes what a list finds; resolves to all of it. */
  deleteCollection(list: ListOptions, options: DeleteOptions, context: WriteContext): Promise<ListPage> {
    return deleteCollection(this, list, options, context);
  }

  #translate(error: unknown, name: string, operation: string): unknown {
    return translateStorageError(error, this.#called, name, operation);
  }
}
