/**
 * Values of string types that upstream declares as enums. Saved documents are made without them; the Go source of the
 * served definitions (pkg/generated/openapi/zz_generated.openapi.go) and a live server have them.
 */
import { byKey } from './distil-protobuf.ts';
import type { Json, Spec, SpecSchema } from './spec.ts';

/** "definition.field", or "definition.field[]" for the items of a list or the values of a map, → values. */
export type Enums = ReadonlyMap<string, Json[]>;

export function specEnums(spec: Spec | undefined): Enums {
  const enums = new Map<string, Json[]>();
  const definitions = [spec?.machinery ?? {}, ...(spec?.groupVersions ?? []).map((file) => file.definitions)];
  for (const [name, schema] of definitions.flatMap((part) => Object.entries(part))) {
    for (const [field, property] of Object.entries(schema.properties ?? {})) {
      if (property.enum !== undefined) enums.set(`${name}.${field}`, property.enum);
      const members = membersOf(property)?.enum;
      if (members !== undefined) enums.set(`${name}.${field}[]`, members);
    }
  }
  return enums;
}

const membersOf = ({ items, additionalProperties }: SpecSchema): SpecSchema | undefined =>
  items ?? (typeof additionalProperties === 'object' ? additionalProperties : undefined);

const functionPattern = /^func schema_(k8sio_api|pkg_apis)_(\w+?)_(v\d\w*?)_(\w+)\(/;
const propertyPattern = /^\t{5}"([^"]+)": \{$/;
const enumPattern = /^(\t+)Enum:\s*\[\]interface\{\}\{(.*)\},$/;

const packages: Record<string, string> = {
  apiextensions: 'io.k8s.apiextensions-apiserver.pkg.apis',
  apiregistration: 'io.k8s.kube-aggregator.pkg.apis',
  meta: 'io.k8s.apimachinery.pkg.apis',
};

export function goEnums(source: string): Enums {
  const enums = new Map<string, Json[]>();
  let definition = '';
  let property = '';
  for (const line of source.split('\n')) {
    const [, root, group = '', version, kind] = functionPattern.exec(line) ?? [];
    if (root !== undefined)
      definition = `${root === 'k8sio_api' ? 'io.k8s.api' : packages[group]}.${group}.${version}.${kind}`;
    property = propertyPattern.exec(line)?.[1] ?? property;
    const [, tabs, values] = enumPattern.exec(line) ?? [];
    if (tabs === undefined) continue;
    // A property's own values stand seven tabs in, those of its items or members ten.
    const place = tabs.length === 7 ? '' : tabs.length === 10 ? '[]' : undefined;
    if (place === undefined) throw new Error(`${definition}.${property}: an enum of neither a field nor its items`);
    enums.set(`${definition}.${property}${place}`, JSON.parse(`[${values}]`) as Json[]);
  }
  return enums;
}

/** Adds values where the source of the definition has none. */
export function addEnums(name: string, schema: SpecSchema, enums: Enums): void {
  for (const [field, property] of Object.entries(schema.properties ?? {}).sort(byKey)) {
    const own = enums.get(`${name}.${field}`);
    if (own !== undefined && property.enum === undefined) property.enum = own;
    const members = membersOf(property);
    const values = enums.get(`${name}.${field}[]`);
    if (values !== undefined && members !== undefined && members.enum === undefined) members.enum = values;
  }
}
