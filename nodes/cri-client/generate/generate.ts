/**
 * Writes src/protocol/{descriptors,messages,services}.ts from the facts of CRI v1.
 *
 *   node generate/generate.ts --from cri-v1.json   facts (names, numbers, types) → descriptors.ts, then the rest
 *   node generate/generate.ts                      descriptors.ts → messages.ts, services.ts
 *   node generate/generate.ts --verify             fails when the committed files differ from what would be written
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type * as committed from '../src/protocol/descriptors.ts';

interface Facts {
  messages: Record<string, Record<string, { number: number; type: string; repeated?: boolean }>>;
  enums: Record<string, Record<string, number>>;
  services: Record<string, Record<string, { request: string; response: string; serverStream?: boolean }>>;
}
type Descriptors = Pick<typeof committed, 'messages' | 'enums' | 'services'>;

const folder = new URL('../src/protocol/', import.meta.url);
const scalars: Record<string, string> = {
  string: 'string',
  bool: 'boolean',
  int32: 'number',
  uint32: 'number',
  double: 'number',
  int64: 'bigint',
  uint64: 'bigint',
  bytes: 'Uint8Array',
  'map<string,string>': 'Record<string, string>',
};
const lowerFirst = (name: string): string => name.charAt(0).toLowerCase() + name.slice(1);
const camelCase = (name: string): string =>
  lowerFirst(name.replace(/^CDI_/, 'cdi_').replaceAll(/_([a-z0-9])/gi, (_, letter: string) => letter.toUpperCase()));
const simpleName = (name: string): string => name.slice(name.lastIndexOf('.') + 1);

function descriptorsSource(facts: Facts): string {
  const lines = [
    '/** The facts of CRI v1: field numbers and types, enum values, methods. Written by generate/generate.ts. */',
    '',
    '/** Field → [number, type]; a type ending in [] is repeated. */',
    'export const messages: Record<string, Record<string, readonly [number, string]>> = {',
  ];
  for (const [name, fields] of Object.entries(facts.messages)) {
    const parts = Object.entries(fields).map(
      ([field, fact]) => `${camelCase(field)}: [${fact.number}, '${fact.type}${fact.repeated ? '[]' : ''}']`,
    );
    lines.push(`  ${simpleName(name)}: {${parts.length > 0 ? ` ${parts.join(', ')} ` : ''}},`);
  }
  lines.push('};', '', 'export const enums: Record<string, Record<string, number>> = {');
  for (const [name, values] of Object.entries(facts.enums)) {
    const parts = Object.entries(values).map(([value, number]) => `${value}: ${number}`);
    lines.push(`  ${simpleName(name)}: { ${parts.join(', ')} },`);
  }
  lines.push('};', '', '/** Service → method → [request, response, whether responses are streamed]. */');
  lines.push('export const services: Record<string, Record<string, readonly [string, string, boolean]>> = {');
  for (const [name, methods] of Object.entries(facts.services)) {
    lines.push(`  ${name}: {`);
    for (const [method, fact] of Object.entries(methods)) {
      lines.push(`    ${lowerFirst(method)}: ['${fact.request}', '${fact.response}', ${fact.serverStream === true}],`);
    }
    lines.push('  },');
  }
  lines.push('};', '');
  return lines.join('\n');
}

function messagesSource({ messages, enums }: Descriptors): string {
  const lines = [
    '/**',
    ' * Messages of CRI v1 as they arrive: scalars, lists and maps always have a value (the zero value when absent on',
    ' * the wire), messages may be undefined. Written by generate/generate.ts.',
    ' */',
  ];
  for (const [name, values] of Object.entries(enums)) {
    lines.push(
      '',
      `export type ${name} = ${Object.keys(values)
        .map((value) => `'${value}'`)
        .join(' | ')};`,
    );
  }
  for (const [name, fields] of Object.entries(messages)) {
    if (Object.keys(fields).length === 0) {
      lines.push('', `export type ${name} = Record<string, never>;`);
      continue;
    }
    lines.push('', `export interface ${name} {`);
    for (const [field, [, type]] of Object.entries(fields)) {
      const element = type.replace('[]', '');
      const mapped = scalars[element] ?? element;
      if (type.endsWith('[]')) lines.push(`  ${field}: ${mapped}[];`);
      else lines.push(`  ${field}${messages[element] !== undefined ? '?' : ''}: ${mapped};`);
    }
    lines.push('}');
  }
  lines.push('', 'export interface Messages {', ...Object.keys(messages).map((name) => `  ${name}: ${name};`), '}', '');
  return lines.join('\n');
}

function servicesSource({ services }: Descriptors): string {
  const used = new Set<string>();
  const lines: string[] = [];
  for (const [service, methods] of Object.entries(services)) {
    lines.push('', `export interface ${service} {`);
    for (const [method, [request, response, streamed]] of Object.entries(methods)) {
      used.add(request).add(response);
      const result = streamed ? `AsyncIterable<${response}>` : `Promise<${response}>`;
      lines.push(`  ${method}(request: Input<${request}>, options?: CallOptions): ${result};`);
    }
    lines.push('}');
  }
  return [
    '/**',
    ' * The two services of CRI v1. A client implements them over a socket, a runtime implements them itself; both can',
    ' * stand in for the other. Streamed methods answer an iterable: leaving its loop ends the stream. Written by',
    ' * generate/generate.ts.',
    ' */',
    "import type { CallOptions, Input } from '../input.ts';",
    `import type {\n${[...used]
      .sort()
      .map((name) => `  ${name},\n`)
      .join('')}} from './messages.ts';`,
    ...lines,
    '',
  ].join('\n');
}

const { values } = parseArgs({ options: { from: { type: 'string' }, verify: { type: 'boolean' } } });
let stale = false;
/** What a formatter may change does not count. */
const bare = (source: string): string =>
  source
    .split(/[\s,|{}()]+/)
    .sort()
    .join(' ');
function put(file: string, text: string): void {
  const url = new URL(file, folder);
  if (values.verify) stale ||= bare(readFileSync(url, 'utf8')) !== bare(text);
  else writeFileSync(url, text);
}
if (values.from !== undefined)
  put('descriptors.ts', descriptorsSource(JSON.parse(readFileSync(values.from, 'utf8')) as Facts));
const descriptors: Descriptors = await import('../src/protocol/descriptors.ts');
put('messages.ts', messagesSource(descriptors));
put('services.ts', servicesSource(descriptors));
if (stale) {
  process.stderr.write('src/protocol is not what generate/generate.ts writes\n');
  process.exitCode = 1;
}
