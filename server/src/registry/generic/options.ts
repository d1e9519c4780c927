/**
 * ListOptions, CreateOptions, UpdateOptions, PatchOptions and DeleteOptions as they come in query parameters (or, for
 * deletes, in a body), with upstream's checks and messages.
 */
import {
  badRequest,
  type FieldError,
  type FieldSelector,
  forbiddenField,
  invalid,
  invalidValue,
  type LabelSelector,
  notSupported,
  parseFieldSelector,
  parseLabelSelector,
  path,
  quote,
  required,
  validateFieldManager,
} from '@typernetes/openapi/meta';
import { jsonTypeOf } from '@typernetes/openapi/schema';

export interface ListOptions {
  labelSelector?: LabelSelector;
  fieldSelector?: FieldSelector;
  resourceVersion: string;
  resourceVersionMatch: string;
  limit: number;
  continue: string;
  timeoutSeconds?: number;
  watch: boolean;
  allowWatchBookmarks: boolean;
  sendInitialEvents?: boolean;
}

export interface WriteOptions {
  dryRun: boolean;
  fieldManager: string;
  fieldValidation: 'Strict' | 'Warn' | 'Ignore';
  force?: boolean;
}

export interface DeleteOptions {
  dryRun: boolean;
  gracePeriodSeconds?: number;
  preconditions?: { uid?: string; resourceVersion?: string };
  propagationPolicy?: string;
  orphanDependents?: boolean;
}

const metaGroup = 'meta.k8s.io';

function boolean(query: URLSearchParams, name: string): boolean | undefined {
  const value = query.get(name);
  if (value === null) return undefined;
  const lower = value.toLowerCase();
  return lower !== 'false' && lower !== '0';
}

function integer(query: URLSearchParams, name: string): number | undefined {
  const value = query.get(name);
  if (value === null) return undefined;
  if (!/^[+-]?\d+$/.test(value)) throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(value)}: invalid syntax`);
  const number = Number(value);
  if (!Number.isSafeInteger(number)) {
    throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(value)}: value out of range`);
  }
  return number;
}

function selector<T>(text: string | null, parse: (text: string) => T): T | undefined {
  if (text === null || text === '') return undefined;
  try {
    return parse(text);
  } catch (error) {
    throw badRequest((error as Error).message);
  }
}

export function parseListOptions(query: URLSearchParams, forceWatch = false): ListOptions {
  const options: ListOptions = {
    resourceVersion: query.get('resourceVersion') ?? '',
    resourceVersionMatch: query.get('resourceVersionMatch') ?? '',
    limit: integer(query, 'limit') ?? 0,
    continue: query.get('continue') ?? '',
    watch: forceWatch || (boolean(query, 'watch') ?? false),
    allowWatchBookmarks: boolean(query, 'allowWatchBookmarks') ?? false,
  };
  const labelSelector = selector(query.get('labelSelector'), parseLabelSelector);
  if (labelSelector !== undefined) options.labelSelector = labelSelector;
  const fieldSelector = selector(query.get('fieldSelector'), parseFieldSelector);
  if (fieldSelector !== undefined) options.fieldSelector = fieldSelector;
  const timeoutSeconds = integer(query, 'timeoutSeconds');
  if (timeoutSeconds !== undefined) options.timeoutSeconds = timeoutSeconds;
  const sendInitialEvents = boolean(query, 'sendInitialEvents');
  if (sendInitialEvents !== undefined) options.sendInitialEvents = sendInitialEvents;
  // Upstream's default: a watch without resourceVersion or with "0" gets the current state first, as "Any".
  const errors = validateListOptions(options);
  if (errors.length > 0) throw invalid({ group: metaGroup, kind: 'ListOptions' }, '', errors);
  return options;
}

function validateListOptions(options: ListOptions): FieldError[] {
  const errors: FieldError[] = [];
  const match = options.resourceVersionMatch;
  const matchPath = path('resourceVersionMatch');
  if (options.watch) {
    if (options.sendInitialEvents !== undefined && match !== 'NotOlderThan') {
      errors.push(forbiddenField(matchPath, 'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan'));
    }
    if (match !== '' && options.sendInitialEvents === undefined) {
      errors.push(
        forbiddenField(matchPath, 'resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided'),
      );
    }
    if (match !== '' && match !== 'NotOlderThan') errors.push(notSupported(matchPath, match, ['NotOlderThan']));
    if (options.continue !== '') {
      errors.push(forbiddenField(matchPath, 'resourceVersionMatch is forbidden when continue is provided'));
    }
    return errors;
  }
  if (match !== '') {
    if (options.resourceVersion === '') {
      errors.push(forbiddenField(matchPath, 'resourceVersionMatch is forbidden unless resourceVersion is provided'));
    }
    if (options.continue !== '') {
      errors.push(forbiddenField(matchPath, 'resourceVersionMatch is forbidden when continue is provided'));
    }
    if (match !== 'Exact' && match !== 'NotOlderThan') {
      errors.push(notSupported(matchPath, match, ['Exact', 'NotOlderThan', '']));
    }
    if (match === 'Exact' && options.resourceVersion === '0') {
      errors.push(forbiddenField(matchPath, 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"'));
    }
  }
  if (options.sendInitialEvents !== undefined) {
    errors.push(forbiddenField(path('sendInitialEvents'), 'sendInitialEvents is forbidden for list'));
  }
  return errors;
}

/** A resourceVersion that clients sent. Undefined for none. */
export function parseResourceVersion(text: string): number | undefined {
  if (text === '') return undefined;
  const number = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(number)) {
    const detail = `strconv.ParseUint: parsing ${quote(text)}: ${/^\d+$/.test(text) ? 'value out of range' : 'invalid syntax'}`;
    throw badRequest(`invalid resource version: resourceVersion: Invalid value: ${quote(text)}: ${detail}`);
  }
  return number;
}

export function parseWriteOptions(
  query: URLSearchParams,
  kind: 'CreateOptions' | 'UpdateOptions' | 'PatchOptions',
  patchType?: string,
): WriteOptions {
  const errors: FieldError[] = [];
  const fieldManager = query.get('fieldManager') ?? '';
  const force = boolean(query, 'force');
  if (kind === 'PatchOptions') {
    if (patchType === 'application/apply-patch+yaml' || patchType === 'application/apply-patch+cbor') {
      if (fieldManager === '') errors.push(required(path('fieldManager'), 'is required for apply patch'));
    } else if (force !== undefined) {
      errors.push(forbiddenField(path('force'), 'may not be specified for non-apply patch'));
    }
  }
  errors.push(...validateFieldManager(fieldManager, path('fieldManager')));
  errors.push(...validateDryRun(query.getAll('dryRun')));
  const fieldValidation = query.get('fieldValidation') ?? '';
  if (!['', 'Strict', 'Warn', 'Ignore'].includes(fieldValidation)) {
    errors.push(notSupported(path('fieldValidation'), fieldValidation, ['', 'Ignore', 'Strict', 'Warn']));
  }
  if (errors.length > 0) throw invalid({ group: metaGroup, kind }, '', errors);
  const options: WriteOptions = {
    dryRun: query.has('dryRun'),
    fieldManager,
    fieldValidation: fieldValidation === '' ? 'Warn' : (fieldValidation as WriteOptions['fieldValidation']),
  };
  if (force !== undefined) options.force = force;
  return options;
}

function validateDryRun(values: readonly string[]): FieldError[] {
  return values.every((value) => value === 'All') ? [] : [notSupported(path('dryRun'), [...values], ['All'])];
}

const badDeleteOptions = (detail: string) => badRequest(`json: cannot unmarshal ${detail}`);

/** What the machinery itself knows at version v1, beside DeleteOptions. */
const optionsKinds: ReadonlySet<string> = new Set([
  'WatchEvent',
  'ListOptions',
  'GetOptions',
  'CreateOptions',
  'UpdateOptions',
  'PatchOptions',
  'Status',
  'APIVersions',
  'APIGroup',
  'APIGroupList',
  'APIResourceList',
]);

/** `body` is the parsed request body; without one the query says it all. */
export function parseDeleteOptions(query: URLSearchParams, body: unknown): DeleteOptions {
  const options: DeleteOptions = { dryRun: false };
  let dryRun: string[];
  if (body === undefined) {
    dryRun = query.getAll('dryRun');
    const grace = integer(query, 'gracePeriodSeconds');
    if (grace !== undefined) options.gracePeriodSeconds = grace;
    const policy = query.get('propagationPolicy');
    if (policy !== null) options.propagationPolicy = policy;
    const orphan = boolean(query, 'orphanDependents');
    if (orphan !== undefined) options.orphanDependents = orphan;
  } else {
    if (typeof body !== 'object' || body === null || Array.isArray(body)) {
      throw badDeleteOptions('into Go value of type v1.DeleteOptions');
    }
    const fields = body as Record<string, unknown>;
    if (fields.kind !== undefined && fields.kind !== 'DeleteOptions') {
      const version = typeof fields.apiVersion === 'string' && fields.apiVersion !== '' ? fields.apiVersion : 'v1';
      if (typeof fields.kind === 'string' && !optionsKinds.has(fields.kind))
        throw badRequest(
          `no kind ${quote(fields.kind)} is registered for version ${quote(version)} in scheme "pkg/apis/meta/internalversion/scheme/register.go:27"`,
        );
      throw badRequest('decoded object cannot be converted to DeleteOptions');
    }
    const typed = <T>(name: string, type: 'number' | 'string' | 'bool' | 'object', goType: string): T | undefined => {
      const value = fields[name];
      if (value === undefined || value === null) return undefined;
      const actual = jsonTypeOf(value);
      if (actual !== type || (type === 'number' && !Number.isSafeInteger(value))) {
        const found = actual === 'number' && type === 'number' ? `number ${JSON.stringify(value)}` : actual;
        throw badDeleteOptions(`${found} into Go struct field DeleteOptions.${name} of type ${goType}`);
      }
      return value as T;
    };
    const list = fields.dryRun ?? [];
    if (!Array.isArray(list) || !list.every((value) => typeof value === 'string')) {
      throw badDeleteOptions(
        `${Array.isArray(list) ? 'number' : typeof list} into Go struct field DeleteOptions.dryRun of type []string`,
      );
    }
    dryRun = list;
    const grace = typed<number>('gracePeriodSeconds', 'number', 'int64');
    if (grace !== undefined) options.gracePeriodSeconds = grace;
    const policy = typed<string>('propagationPolicy', 'string', 'v1.DeletionPropagation');
    if (policy !== undefined) options.propagationPolicy = policy;
    const orphan = typed<boolean>('orphanDependents', 'bool', 'bool');
    if (orphan !== undefined) options.orphanDependents = orphan;
    const preconditions = typed<{ uid?: unknown; resourceVersion?: unknown }>(
      'preconditions',
      'object',
      'v1.Preconditions',
    );
    if (preconditions !== undefined) {
      options.preconditions = {};
      for (const key of ['uid', 'resourceVersion'] as const) {
        const value = preconditions[key];
        if (value === undefined || value === null) continue;
        if (typeof value !== 'string')
          throw badDeleteOptions(
            `${typeof value} into Go struct field Preconditions.preconditions.${key} of type string`,
          );
        options.preconditions[key] = value;
      }
    }
  }
  options.dryRun = dryRun.length > 0;
  const errors: FieldError[] = [];
  const policy = options.propagationPolicy;
  if (policy !== undefined && options.orphanDependents !== undefined) {
    errors.push(
      invalidValue(path('propagationPolicy'), policy, 'orphanDependents and deletionPropagation cannot be both set'),
    );
  }
  if (policy !== undefined && !['Foreground', 'Background', 'Orphan'].includes(policy)) {
    errors.push(notSupported(path('propagationPolicy'), policy, ['Foreground', 'Background', 'Orphan', 'nil']));
  }
  errors.push(...validateDryRun(dryRun));
  if (errors.length > 0) throw invalid({ group: metaGroup, kind: 'DeleteOptions' }, '', errors);
  return options;
}
