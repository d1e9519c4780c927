import { isDeepStrictEqual } from 'node:util';
import { addEnums, type Enums } from './distil-enums.ts';
import { byKey } from './distil-protobuf.ts';
import type { SpecSchema } from './spec.ts';
import type { Upstream } from './upstream.ts';

export interface Place {
  group: string;
  version: string;
  place: string;
}

interface GroupVersionKind {
  group: string;
  version: string;
  kind: string;
}

const gvkKey = 'x-kubernetes-group-version-kind';

/**
 * The schemas of all OpenAPI v3 documents, each once, sorted into the group version that owns its package.
 * DeleteOptions and WatchEvent differ between documents in their list of kinds only: the v2 document has the union.
 */
export function distilDefinitions(
  upstream: Upstream,
  places: readonly Place[],
  enums: Enums,
): { groupVersions: Map<string, Record<string, SpecSchema>>; machinery: Record<string, SpecSchema> } {
  const all = new Map<string, SpecSchema>();
  for (const document of upstream.openApiV3.values()) {
    for (const [name, schema] of Object.entries(document.components.schemas ?? {})) {
      const distilled = distilSchema(schema);
      const kinds = upstream.openApiV2.definitions[name]?.[gvkKey];
      if (kinds !== undefined) distilled[gvkKey] = kinds;
      const known = all.get(name);
      if (known !== undefined && !isDeepStrictEqual(known, distilled))
        throw new Error(`${name} differs between documents`);
      all.set(name, distilled);
    }
  }
  const owner = new Map<string, string>();
  for (const [name, schema] of all) {
    const kinds = schema[gvkKey] as unknown as GroupVersionKind[] | undefined;
    const [only] = kinds ?? [];
    const place = places.find(({ group, version }) => group === only?.group && version === only?.version)?.place;
    if (kinds?.length === 1 && place !== undefined && !isMachinery(name)) owner.set(packageOf(name), place);
  }
  const groupVersions = new Map<string, Record<string, SpecSchema>>(places.map(({ place }) => [place, {}]));
  const machinery: Record<string, SpecSchema> = {};
  for (const [name, schema] of [...all].sort(byKey)) {
    addEnums(name, schema, enums);
    const place = owner.get(packageOf(name));
    const home = place === undefined ? machinery : groupVersions.get(place);
    if (home === undefined || (place === undefined && !isMachinery(name)))
      throw new Error(`${name} belongs to no group version`);
    home[name] = distilSchema(schema); // Once more: puts what was added in order.
  }
  return { groupVersions, machinery };
}

const isMachinery = (name: string): boolean => name.startsWith('io.k8s.apimachinery.');
export const packageOf = (name: string): string => name.slice(0, name.lastIndexOf('.'));
const refName = (ref: string): string => ref.slice(ref.lastIndexOf('/') + 1);

const order = [
  'type',
  'format',
  '$ref',
  'oneOf',
  'default',
  'enum',
  'items',
  'additionalProperties',
  'required',
  'properties',
];

/** Facts of a schema: no descriptions, `allOf` of one reference as the reference, keys in one order. */
export function distilSchema(schema: SpecSchema & { allOf?: SpecSchema[]; description?: string }): SpecSchema {
  const { allOf, description: _description, ...rest } = schema;
  const facts: SpecSchema = rest;
  if (allOf !== undefined) {
    const [only] = allOf;
    if (allOf.length !== 1 || only?.$ref === undefined) throw new Error('allOf of anything but one reference');
    facts.$ref = only.$ref;
  }
  if (facts.$ref !== undefined) facts.$ref = refName(facts.$ref);
  if (facts.items !== undefined) facts.items = distilSchema(facts.items);
  if (typeof facts.additionalProperties === 'object')
    facts.additionalProperties = distilSchema(facts.additionalProperties);
  if (facts.oneOf !== undefined) facts.oneOf = facts.oneOf.map(distilSchema);
  if (facts.properties !== undefined) {
    facts.properties = Object.fromEntries(
      Object.entries(facts.properties)
        .sort(byKey)
        .map(([name, property]) => [name, distilSchema(property)]),
    );
  }
  const rank = (key: string) => (key.startsWith('x-') ? 5.5 : order.indexOf(key));
  return Object.fromEntries(Object.entries(facts).sort((a, b) => rank(a[0]) - rank(b[0]) || byKey(a, b))) as SpecSchema;
}
