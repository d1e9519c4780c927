/** A kind with every sort of field, for the tables of structured merge. */
import type { JsonObject } from '../../../meta/object.ts';
import type { Schema } from '../../schema.ts';
import { FieldManager, type FieldManagerOptions } from '../field-manager.ts';
import type { FieldSet } from '../field-set.ts';
import { describePath } from '../path-element.ts';
import { typedNode } from '../typed-node.ts';

const text: Schema = { type: 'string' };
const number: Schema = { type: 'integer' };

export const widgetSpec: Schema = {
  type: 'object',
  properties: {
    name: text,
    count: number,
    on: { type: 'boolean' },
    either: { 'x-kubernetes-int-or-string': true },
    amount: { $ref: 'io.k8s.apimachinery.pkg.api.resource.Quantity' },
    atomicList: { type: 'array', items: text, 'x-kubernetes-list-type': 'atomic' },
    plainList: { type: 'array', items: text },
    set: { type: 'array', items: text, 'x-kubernetes-list-type': 'set' },
    numbers: { type: 'array', items: number, 'x-kubernetes-list-type': 'set' },
    items: {
      type: 'array',
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['name'],
      items: { $ref: 'Item' },
    },
    ports: {
      type: 'array',
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['port', 'protocol'],
      items: {
        type: 'object',
        properties: { port: number, protocol: { type: 'string', default: 'TCP' }, note: text },
      },
    },
    labels: { type: 'object', additionalProperties: text },
    atomicMap: { type: 'object', additionalProperties: text, 'x-kubernetes-map-type': 'atomic' },
    struct: { $ref: 'Struct' },
    atomicStruct: { $ref: 'Struct', 'x-kubernetes-map-type': 'atomic' },
    free: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
    any: {},
  },
};

const definitions: Record<string, Schema> = {
  Struct: { type: 'object', properties: { a: text, b: text, inner: { $ref: 'Struct' } } },
  Item: {
    type: 'object',
    properties: {
      name: text,
      value: text,
      tags: { type: 'array', items: text, 'x-kubernetes-list-type': 'set' },
      labels: { type: 'object', additionalProperties: text },
      items: {
        type: 'array',
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['name'],
        items: { $ref: 'Item' },
      },
    },
  },
  Metadata: {
    type: 'object',
    properties: {
      name: text,
      namespace: text,
      uid: text,
      resourceVersion: text,
      generation: number,
      managedFields: { type: 'array', items: { type: 'object' } },
      labels: { type: 'object', additionalProperties: text },
      annotations: { type: 'object', additionalProperties: text },
      finalizers: { type: 'array', items: text, 'x-kubernetes-list-type': 'set' },
    },
  },
};
definitions['io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta'] = definitions['Metadata'] as Schema;

export const resolve = (ref: string): Schema | undefined => definitions[ref];

export const widgetSchema: Schema = {
  type: 'object',
  properties: {
    apiVersion: text,
    kind: text,
    metadata: { $ref: 'Metadata' },
    spec: widgetSpec,
    status: { type: 'object', properties: { phase: text, labels: { type: 'object', additionalProperties: text } } },
  },
};

export const specNode = typedNode(widgetSpec, resolve, { custom: true });
export const gvk = { group: 'example.com', version: 'v1', kind: 'Widget' };

export function widget(spec?: JsonObject, metadata: JsonObject = {}): JsonObject {
  return {
    apiVersion: 'example.com/v1',
    kind: 'Widget',
    metadata: { name: 'w', namespace: 'default', ...metadata },
    ...(spec === undefined ? {} : { spec }),
  };
}

/** A field manager whose clock goes on by a minute with every look at it. */
export function widgetManager(options: Partial<FieldManagerOptions> = {}): FieldManager {
  let minutes = 0;
  const now = (): Date => new Date(Date.UTC(2024, 0, 1, 0, minutes++));
  return new FieldManager({ gvk, schema: widgetSchema, resolve, custom: true, now, ...options });
}

/** Members as messages print them, in order. */
export function listed(set: FieldSet): string[] {
  return [...set.paths()].map(describePath);
}

/** What each manager owns, by `manager Operation[/subresource]`. */
export function owners(object: object): Record<string, string[]> {
  const metadata = (object as JsonObject)['metadata'] as {
    managedFields?: { manager: string; operation: string; subresource?: string; fieldsV1: JsonObject }[];
  };
  const result: Record<string, string[]> = {};
  for (const entry of metadata.managedFields ?? []) {
    const key = `${entry.manager} ${entry.operation}${entry.subresource === undefined ? '' : `/${entry.subresource}`}`;
    result[key] = pathsOf(entry.fieldsV1, '');
  }
  return result;
}

/** Independent of the code under test: dotted paths of FieldsV1, read off its JSON. */
function pathsOf(fields: JsonObject, prefix: string): string[] {
  return Object.entries(fields).flatMap(([element, below]) => {
    if (element === '.') return [prefix];
    const path = `${prefix}${element.startsWith('f:') ? `.${element.slice(2)}` : `[${element.slice(2)}]`}`;
    const children = below as JsonObject;
    return Object.keys(children).length === 0 ? [path] : pathsOf(children, path);
  });
}
