/** Formats that nobody checks: said of those that a definition newly asks for. */
import { quote } from '@typernetes/openapi/meta';
import type { Definition } from './definition.ts';
import { isKnownFormat } from './schema/formats.ts';

export function formatWarnings(definition: Definition, old: Readonly<Definition> | undefined): string[] {
  const before = new Set(old === undefined ? [] : unknownFormats(old));
  return unknownFormats(definition)
    .filter((format) => !before.has(format))
    .map((format) => `unrecognized format ${quote(format)}`);
}

const unknownFormats = ({ spec }: Readonly<Definition>): string[] =>
  (spec?.versions ?? []).flatMap(({ schema }) => formatsOf(schema?.openAPIV3Schema));

const single = ['items', 'not', 'additionalProperties', 'additionalItems'] as const;
const lists = ['allOf', 'anyOf', 'oneOf'] as const;

/** Whatever a client calls a schema: what is none is told of elsewhere. */
function formatsOf(schema: unknown): string[] {
  if (typeof schema !== 'object' || schema === null) return [];
  if (Array.isArray(schema)) return schema.flatMap(formatsOf);
  const fields = schema as Readonly<Record<string, unknown>>;
  const { type, format, properties } = fields;
  const own =
    typeof format === 'string' && format !== '' && !isKnownFormat(typeof type === 'string' ? type : '', format)
      ? [format]
      : [];
  const below = typeof properties === 'object' && properties !== null ? Object.values(properties) : [];
  return [...own, ...[...single, ...lists].flatMap((name) => formatsOf(fields[name])), ...below.flatMap(formatsOf)];
}
