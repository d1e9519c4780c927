/** Short words for the requests of the corpus. */
import { type Changes, changed, type Json, type JsonObject, type Kind, type Step } from './case.ts';

export type Parameters = Record<string, string | number | boolean>;
type Extra = Pick<Step, 'headers' | 'label' | 'as' | 'uncompared'>;

export const tableAccept = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json';

/** The collection of a kind; cluster-scoped kinds have one, the others one in the case's namespace. */
export function collection({ apiVersion, resource, namespaced }: Omit<Kind, 'kind' | 'example'>): string {
  const root = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  return namespaced ? `${root}/namespaces/$ns/${resource}` : `${root}/${resource}`;
}

export function withParameters(path: string, parameters: Parameters = {}): string {
  const query = Object.entries(parameters).map(([name, value]) => `${name}=${encodeURIComponent(String(value))}`);
  return query.length === 0 ? path : `${path}?${query.join('&')}`;
}

/** A whole object of the kind: its example with a name and the changes. Cluster-scoped names begin with `$ns`. */
export function objectOf(kind: Kind, name: string, changes: Changes = {}): JsonObject {
  const { apiVersion, kind: kindName, example } = kind;
  const metadata = { ...(example['metadata'] as JsonObject | undefined), name: nameOf(kind, name) };
  return changed({ apiVersion, kind: kindName, ...example, metadata }, changes);
}

export const nameOf = (kind: Kind, name: string): string => {
  if (kind.namespaced) return name;
  // These derive their names from what they say.
  const own = (kind.example['metadata'] as JsonObject | undefined)?.['name'];
  return typeof own === 'string' ? own : `$ns-${name}`;
};

export const item = (kind: Kind, name: string): string => `${collection(kind)}/${nameOf(kind, name)}`;

export const post = (kind: Kind, body: Json, parameters?: Parameters, extra: Extra = {}): Step => ({
  method: 'POST',
  path: withParameters(collection(kind), parameters),
  body,
  ...extra,
});

export const create = (kind: Kind, name: string, changes?: Changes, parameters?: Parameters, extra?: Extra): Step =>
  post(kind, objectOf(kind, name, changes), parameters, extra);

export const get = (kind: Kind, name: string, parameters?: Parameters, extra: Extra = {}): Step => ({
  method: 'GET',
  path: withParameters(item(kind, name), parameters),
  ...extra,
});

export const list = (kind: Kind, parameters?: Parameters, extra: Extra = {}): Step => ({
  method: 'GET',
  path: withParameters(collection(kind), parameters),
  ...extra,
});

export const table = (kind: Kind, parameters?: Parameters): Step =>
  list(kind, parameters, { headers: { accept: tableAccept }, label: 'as a Table' });

export const put = (kind: Kind, name: string, body: Json, parameters?: Parameters, extra: Extra = {}): Step => ({
  method: 'PUT',
  path: withParameters(item(kind, name), parameters),
  body,
  ...extra,
});

export const update = (kind: Kind, name: string, changes?: Changes, parameters?: Parameters, extra?: Extra): Step =>
  put(kind, name, objectOf(kind, name, changes), parameters, extra);

const patchTypes = {
  json: 'application/json-patch+json',
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  apply: 'application/apply-patch+yaml',
} as const;

export const patch = (
  type: keyof typeof patchTypes,
  kind: Kind,
  name: string,
  body: Json,
  parameters?: Parameters,
  extra: Extra = {},
): Step => ({
  method: 'PATCH',
  path: withParameters(item(kind, name), parameters),
  body,
  ...extra,
  headers: { 'content-type': patchTypes[type], ...extra.headers },
});

export const apply = (kind: Kind, name: string, changes: Changes, parameters?: Parameters, extra?: Extra): Step =>
  patch('apply', kind, name, objectOf(kind, name, changes), { fieldManager: 'compare', ...parameters }, extra);

export const remove = (
  kind: Kind,
  name: string,
  options?: JsonObject,
  parameters?: Parameters,
  extra: Extra = {},
): Step => ({
  method: 'DELETE',
  path: withParameters(item(kind, name), parameters),
  body: options,
  ...extra,
});

/** Waits a second, for what parts of the server write to new objects of some kinds, and reads the outcome. */
export const settled = (kind: Kind, name: string, extra: Extra = {}): Step[] => [
  list(kind, { watch: true, timeoutSeconds: 1 }, { label: 'wait', uncompared: true }),
  get(kind, name, {}, { ...extra, label: 'settled' }),
];

/** To these, parts of the server write a moment after they are made. */
const writtenByOthers = new Set([
  'apiservices',
  'customresourcedefinitions',
  'flowschemas',
  'prioritylevelconfigurations',
]);

/** Creates the object and waits until nobody else writes to it; its answer goes by the name `made`. */
export function made(kind: Kind, name: string, changes: Changes = {}): Step[] {
  const as = { as: 'made' };
  if (!writtenByOthers.has(kind.resource)) return [create(kind, name, changes, {}, as)];
  return [create(kind, name, changes), ...settled(kind, name, as)];
}

/** The same request to a subresource: `sub('status', update(…))`. */
export function sub(name: string, step: Step): Step {
  const [path = '', query] = step.path.split('?');
  return { ...step, path: `${path}/${name}${query === undefined ? '' : `?${query}`}` };
}

/** One dry-run create for each set of changes: independent of one another, and nothing is left behind. */
export const variants = (kind: Kind, changes: Record<string, Changes>): Step[] =>
  Object.entries(changes).map(([label, each]) => create(kind, 'variant', each, { dryRun: 'All' }, { label }));

/** One dry-run update of one object for each set of changes. */
export const updates = (kind: Kind, changes: Record<string, Changes>, initial: Changes = {}): Step[] => [
  create(kind, 'updated', initial),
  ...Object.entries(changes).map(([label, each]) =>
    update(kind, 'updated', { ...initial, ...each }, { dryRun: 'All' }, { label }),
  ),
];

/** Bodies of different shapes, for one request each. */
export const bodies = (...each: Json[]): Json[] => each;
