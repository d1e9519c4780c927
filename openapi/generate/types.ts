/** TypeScript types of every definition, one module per group version, made by openapi-typescript. */
import openapiTS, { type OpenAPI3 } from 'openapi-typescript';
import ts from 'typescript';
import type { Descriptions } from './descriptions.ts';
import { fieldKey } from './descriptions.ts';
import { packageOf } from './distil-definitions.ts';
import type { Spec, SpecSchema } from './spec.ts';

/** Definitions whose OpenAPI schema says less, or something else, than what is on the wire. */
const written: Record<string, string> = {
  'io.k8s.apimachinery.pkg.api.resource.Quantity': 'string',
  'io.k8s.apimachinery.pkg.runtime.RawExtension': 'JsonObject',
  'io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1': 'JsonObject',
  'io.k8s.apimachinery.pkg.apis.meta.v1.Patch': 'JsonObject',
  'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSON': 'JsonValue',
  'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrArray':
    'JSONSchemaProps | JSONSchemaProps[]',
  'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrBool': 'JSONSchemaProps | boolean',
  'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrStringArray': 'JSONSchemaProps | string[]',
};

interface Module {
  /** "core/v1" */
  name: string;
  definitions: Record<string, SpecSchema>;
}

/** Module path below openapi/generated/types (without extension) → source. */
export async function typeModules(spec: Spec, descriptions: Descriptions): Promise<Map<string, string>> {
  const modules: Module[] = [
    { name: 'meta/v1', definitions: spec.machinery },
    ...spec.groupVersions.map(({ group, version, definitions }) => ({
      name: `${(group || 'core').split('.')[0]}/${version}`,
      definitions,
    })),
  ];
  const all = Object.assign({}, ...modules.map(({ definitions }) => definitions)) as Record<string, SpecSchema>;
  const schemas: Record<string, unknown> = {};
  for (const [name, schema] of Object.entries(all)) schemas[name] = described(name, schema, descriptions);
  const document = { openapi: '3.0.0', info: { title: '', version: '' }, paths: {}, components: { schemas } };
  const nodes = await openapiTS(document as unknown as OpenAPI3, { defaultNonNullable: false, silent: true });
  const texts = definitionTexts(nodes);
  const homes = new Map<string, Module>();
  for (const module of modules) for (const name of Object.keys(module.definitions)) homes.set(name, module);
  return new Map(modules.map((module) => [module.name, moduleSource(module, texts, homes, descriptions)]));
}

function described(name: string, schema: SpecSchema, descriptions: Descriptions): SpecSchema {
  const fields = descriptions.of(name)?.fields;
  const convert = (one: SpecSchema, description?: string): SpecSchema => {
    // Enums stay strings: they grow, and code that handles objects of every age must take any value.
    const {
      $ref,
      default: _default,
      enum: _enum,
      format: _format,
      items,
      additionalProperties,
      properties,
      ...rest
    } = one;
    const converted: SpecSchema & { description?: string } = rest;
    if (description !== undefined) converted.description = description;
    if ($ref !== undefined) return { ...converted, allOf: [{ $ref: `#/components/schemas/${$ref}` }] } as SpecSchema;
    if (items !== undefined) converted.items = bare(items);
    if (typeof additionalProperties === 'object') converted.additionalProperties = bare(additionalProperties);
    if (properties !== undefined) {
      converted.properties = Object.fromEntries(
        Object.entries(properties).map(([field, property]) => [field, convert(property, fields?.get(fieldKey(field)))]),
      );
    }
    return converted;
  };
  const bare = (one: SpecSchema): SpecSchema => {
    const converted = convert(one);
    return one.$ref === undefined ? converted : { $ref: `#/components/schemas/${one.$ref}` };
  };
  return convert(schema);
}

/** What openapi-typescript made of each schema, as text. */
function definitionTexts(nodes: ts.Node[]): Map<string, string> {
  const printer = ts.createPrinter({ removeComments: false });
  const file = ts.createSourceFile('schemas.ts', '', ts.ScriptTarget.ESNext);
  const components = nodes.find((node) => ts.isInterfaceDeclaration(node) && node.name.text === 'components');
  if (components === undefined || !ts.isInterfaceDeclaration(components))
    throw new Error('openapi-typescript made no components');
  const texts = new Map<string, string>();
  for (const member of components.members) {
    if (!ts.isPropertySignature(member) || propertyName(member) !== 'schemas') continue;
    if (member.type === undefined || !ts.isTypeLiteralNode(member.type)) throw new Error('schemas is no type literal');
    for (const schema of member.type.members) {
      if (!ts.isPropertySignature(schema) || schema.type === undefined) continue;
      texts.set(propertyName(schema), printer.printNode(ts.EmitHint.Unspecified, schema.type, file));
    }
  }
  return texts;
}

const propertyName = (member: ts.PropertySignature): string =>
  ts.isIdentifier(member.name) || ts.isStringLiteral(member.name) ? member.name.text : '';

function moduleSource(
  module: Module,
  texts: Map<string, string>,
  homes: Map<string, Module>,
  descriptions: Descriptions,
): string {
  const imports = new Set<string>();
  const json = new Set<string>();
  const refer = (definition: string): string => {
    const home = homes.get(definition);
    if (home === undefined) throw new Error(`${definition} is defined nowhere`);
    if (home === module) return shortName(definition);
    imports.add(home.name);
    return `${importName(home.name)}.${shortName(definition)}`;
  };
  const aliases = Object.keys(module.definitions).map((definition) => {
    const special = written[definition];
    for (const [name] of (special ?? '').matchAll(/Json\w+/g)) json.add(name);
    const text =
      special ??
      (texts.get(definition) ?? '').replace(/components\["schemas"\]\["([^"]+)"\]/g, (_, name) => refer(name));
    if (text === '') throw new Error(`no type for ${definition}`);
    const description = descriptions.of(definition)?.text.replaceAll('*/', '*\\/');
    return `${description ? `/** ${description} */\n` : ''}export type ${shortName(definition)} = ${text};\n`;
  });
  const names = Object.keys(module.definitions).map(shortName);
  if (new Set(names).size !== names.length) throw new Error(`${module.name}: two definitions of one name`);
  return [
    '// Generated from openapi/spec. Do not edit.\n',
    json.size > 0 ? `import type { ${[...json].sort().join(', ')} } from '../../../src/meta/object.ts';\n` : '',
    ...[...imports].sort().map((name) => `import type * as ${importName(name)} from '../${name}.ts';\n`),
    '\n',
    ...aliases,
  ].join('');
}

const shortName = (definition: string): string => definition.slice(packageOf(definition).length + 1);
const importName = (module: string): string => module.replace(/\/v/, 'V');
