/** Custom resources to try things on: a namespaced kind Thing with a schema of each case's own. */
import type { Changes, Json, JsonObject, Kind, Step } from '../case.ts';
import { customResourceDefinitions } from '../kinds.ts';
import { made, patch, settled, variants } from '../requests.ts';

export const text = { type: 'string' };
export const whole = { type: 'integer' };
export const things: Kind = {
  apiVersion: '$ns.example.com/v1',
  kind: 'Thing',
  resource: 'things',
  namespaced: true,
  example: { spec: {} },
};

export const versionAt = 'spec/versions/0';
export const object = (properties: JsonObject, more: JsonObject = {}): JsonObject => ({
  type: 'object',
  properties,
  ...more,
});
export const withRule = (schema: JsonObject, ...rules: JsonObject[]): JsonObject => ({
  ...schema,
  'x-kubernetes-validations': rules,
});
export const definition = (spec: JsonObject, more: Changes = {}): Step[] =>
  made(customResourceDefinitions, 'x', {
    [`${versionAt}/schema/openAPIV3Schema`]: object({
      spec,
      status: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
    }),
    ...more,
  });
export const withStatus: Changes = { [`${versionAt}/subresources`]: { status: {} } };
/** The schema of spec changes, and time goes by until it is served. */
export const redefined = (spec: JsonObject): Step[] => [
  patch('json', customResourceDefinitions, 'x', [
    { op: 'replace', path: `/${versionAt}/schema/openAPIV3Schema/properties/spec`, value: spec },
  ]),
  ...settled(customResourceDefinitions, 'x'),
];
export const specs = (each: Record<string, Json>): Step[] =>
  variants(things, Object.fromEntries(Object.entries(each).map(([label, spec]) => [label, { spec }])));
export const dry = { dryRun: 'All' };
/** Dry-run merge patches of what is there. */
export const patches = (name: string, each: Record<string, JsonObject>): Step[] =>
  Object.entries(each).map(([label, spec]) => patch('merge', things, name, { spec }, dry, { label }));

export const keyed = (items: JsonObject): JsonObject => ({
  type: 'array',
  'x-kubernetes-list-type': 'map',
  'x-kubernetes-list-map-keys': ['k'],
  items,
});
