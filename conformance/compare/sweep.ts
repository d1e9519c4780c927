/**
 * The sweep: for each field in the schema of a kind, one dry-run create for each odd value of its type, the rest of the
 * object being the kind's example. It finds which rule is missing where nobody thought of one.
 */
import type { Case, Changes, Json, JsonObject, Kind, Step } from './case.ts';
import { kinds } from './kinds.ts';
import { otherVersions } from './other-versions.ts';
import { create } from './requests.ts';
import type { Target } from './target.ts';

interface Schema {
  $ref?: string;
  allOf?: Schema[];
  type?: string;
  format?: string;
  enum?: string[];
  properties?: Record<string, Schema>;
  items?: Schema;
  additionalProperties?: Schema;
  oneOf?: Schema[];
}

type Definitions = Record<string, Schema>;

/** Pod templates are swept once, as pods. */
const notEntered = /PodTemplateSpec$|ObjectMeta$|ListMeta$|TypeMeta$/;
const requestsPerCase = 40;
const deepest = 9;

export async function sweepCases(reference: Target): Promise<Case[]> {
  const documents = new Map<string, Promise<Definitions>>();
  const cases: Case[] = [];
  for (const kind of [...kinds, ...otherVersions]) {
    const root = kind.apiVersion.includes('/') ? `apis/${kind.apiVersion}` : `api/${kind.apiVersion}`;
    const definitions = await (documents.get(root) ?? readDefinitions(reference, root));
    documents.set(root, Promise.resolve(definitions));
    const suffix = `.${kind.apiVersion.split('/').at(-1)}.${kind.kind}`;
    const group = kind.apiVersion.includes('/') ? kind.apiVersion.split('.')[0]?.split('/')[0] : 'core';
    const name =
      Object.keys(definitions).find((key) => key.endsWith(`.${group}${suffix}`)) ??
      Object.keys(definitions).find((key) => key.endsWith(suffix));
    if (name === undefined) continue;
    const steps = [...stepsOf(kind, definitions, definitions[name] ?? {})];
    for (let at = 0; at < steps.length; at += requestsPerCase) {
      const part = steps.slice(at, at + requestsPerCase);
      cases.push({ name: `sweep/${kind.apiVersion} ${kind.resource}: ${at / requestsPerCase + 1}`, steps: part });
    }
  }
  return cases;
}

async function readDefinitions(target: Target, root: string): Promise<Definitions> {
  const { status, body } = await target.send({
    method: 'GET',
    path: `/openapi/v3/${root}`,
    body: undefined,
    headers: {},
  });
  // A version that is off by default.
  if (status === 404) return {};
  if (status !== 200) throw new Error(`${target.name}: /openapi/v3/${root} answers ${status}`);
  return ((body as JsonObject)['components'] as JsonObject)['schemas'] as unknown as Definitions;
}

function* stepsOf(kind: Kind, definitions: Definitions, schema: Schema): Generator<Step> {
  for (const { pointer, value } of oddities(definitions, schema, kind.example, '', new Set())) {
    const changes: Changes = { [pointer]: value };
    const step = create(kind, 'swept', changes, { dryRun: 'All' }, { label: `${pointer} = ${JSON.stringify(value)}` });
    yield isExtreme(value) ? { ...step, body: JSON.stringify(step.body).replace(JSON.stringify(value), value) } : step;
  }
}

interface Oddity {
  pointer: string;
  value: Json;
}

function* oddities(
  definitions: Definitions,
  schema: Schema,
  example: Json | undefined,
  at: string,
  entered: ReadonlySet<string>,
): Generator<Oddity> {
  const reference = schema.$ref ?? schema.allOf?.[0]?.$ref;
  if (reference !== undefined) {
    const name = reference.split('/').at(-1) ?? '';
    if (notEntered.test(name)) return;
    if (entered.has(name) || at.split('/').length > deepest) return;
    return yield* oddities(definitions, definitions[name] ?? {}, example, at, new Set([...entered, name]));
  }
  const join = (name: string): string =>
    at === '' ? name : `${at}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
  if (schema.properties !== undefined) {
    if (at !== '') yield { pointer: at, value: {} };
    for (const [name, child] of Object.entries(schema.properties)) {
      if (at === '' && ['apiVersion', 'kind', 'metadata', 'status'].includes(name)) continue;
      const childExample = isObject(example) ? example[name] : undefined;
      yield* oddities(definitions, child, childExample, join(name), entered);
    }
    return;
  }
  if (at === '') return;
  if (schema.items !== undefined) {
    yield { pointer: at, value: [] };
    yield { pointer: at, value: {} };
    const first = Array.isArray(example) ? example[0] : undefined;
    return yield* oddities(definitions, schema.items, first, join('0'), entered);
  }
  if (schema.additionalProperties !== undefined) {
    yield { pointer: at, value: { 'Bad Key!': scalarFor(schema.additionalProperties) } };
    return yield* oddities(definitions, schema.additionalProperties, undefined, join('swept'), entered);
  }
  for (const value of oddValues(schema)) yield { pointer: at, value };
}

const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isQuantity = (schema: Schema): boolean => (schema.$ref ?? schema.allOf?.[0]?.$ref ?? '').endsWith('Quantity');
const scalarFor = (schema: Schema): Json => (isQuantity(schema) ? '1' : schema.type === 'array' ? ['x'] : 'x');

/** The ends of int64, which a number of JavaScript does not hold: they stand in the body without their quotes. */
const extremes: readonly string[] = ['9223372036854775807', '-9223372036854775808'];
const isExtreme = (value: Json): value is string => typeof value === 'string' && extremes.includes(value);

function oddValues({ type, format, enum: names, oneOf }: Schema): Json[] {
  if (oneOf !== undefined && format === 'int-or-string') return [-1, 0, '150%', 'Bad Value!', 1.5];
  // A quantity.
  if (oneOf !== undefined) return ['-1', '0', '1.5', '1e3', 'Bad Value!', 7];
  switch (type) {
    case 'string':
      if (format === 'date-time') return ['2026-01-02T03:04:05Z', 'yesterday', ''];
      if (format === 'byte') return ['Bad Value!', 'YWJj'];
      return [...new Set(['', 'Bad Value!', 'x', ...(names ?? []), 7])];
    case 'integer':
      return [-1, 0, 1, 70_000, 4_294_967_296, 'x', 1.5, ...(format === 'int64' ? extremes : [])];
    case 'number':
      return [-1, 'x'];
    case 'boolean':
      return [true, false, 'x'];
    default:
      return ['x', {}];
  }
}
