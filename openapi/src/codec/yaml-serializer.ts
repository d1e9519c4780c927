/**
 * YAML as sigs.k8s.io/yaml reads and writes it: the JSON-compatible part of YAML 1.1 (`yes` and `on` are booleans,
 * dates and 1:30 are strings), the first document only, keys sorted on the way out.
 */
import {
  Composer,
  type Document,
  isAlias,
  isCollection,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  Parser,
  stringify,
  type Tags,
  visit,
} from 'yaml';
import { isRawNumber, rawNumber, setOwn } from '../schema/json-value.ts';
import { maxDepth } from './json-scanner.ts';
import { decodeJson, objectOrThrow } from './json-serializer.ts';
import { CodecError, type Decoded, type DecodeOptions, type Serializer } from './serializer.ts';
import { decodeUtf8 } from './utf8.ts';
import { confirmCharacters, confirmEscapes, isPlainYaml } from './yaml-characters.ts';

const notInGo = new Set([
  'tag:yaml.org,2002:timestamp',
  'tag:yaml.org,2002:omap',
  'tag:yaml.org,2002:pairs',
  'tag:yaml.org,2002:set',
]);
const maxAliasCount = 100;
/** The library looks through all anchors and aliases for each alias: so many steps at most. */
const maxAliasSteps = 1_000_000;

export const yamlSerializer: Serializer = {
  mediaType: 'application/yaml',
  streaming: false,

  encode(object) {
    const plain: unknown = JSON.parse(JSON.stringify(object));
    return Buffer.from(
      stringify(plain, {
        version: '1.1',
        sortMapEntries: true,
        lineWidth: 0,
        indentSeq: false,
        aliasDuplicateObjects: false,
      }),
    );
  },

  decode(bytes, options): Decoded {
    const json = tryJson(bytes, options);
    if (json !== undefined) return json;
    const lines = new LineCounter();
    const text = decodeUtf8(bytes);
    const isPlain = isPlainYaml(text);
    if (!isPlain) confirmCharacters(bytes);
    const document = firstDocument(text, lines, isPlain);
    if (document === undefined) return { object: {}, duplicateFields: [], strictErrors: [] };
    const duplicates = options?.strict === true ? findDuplicates(document, lines) : [];
    return {
      object: objectOrThrow(toJson(document, lines)),
      duplicateFields: duplicates.map(({ path }) => path),
      strictErrors: duplicates.map(({ line, key }) => `line ${line}: key ${JSON.stringify(key)} already set in map`),
    };
  },

  encodeList(apiVersion, kind, metadata, items) {
    const list = { apiVersion, kind, metadata, items: items.map((item): unknown => JSON.parse(item.toString('utf8'))) };
    return [this.encode(list)];
  },

  streamFrame() {
    throw new CodecError('yaml cannot be streamed');
  },
};

/** Most clients send JSON, which is YAML too, and parses a hundred times as fast. */
export function tryJson(bytes: Uint8Array, options: DecodeOptions | undefined): Decoded | undefined {
  if (bytes[0] !== 0x7b) return undefined;
  const text = decodeUtf8(bytes);
  if (!isPlainYaml(text)) return undefined;
  try {
    return decodeJson(text, { strict: options?.strict === true });
  } catch (error) {
    if (error instanceof CodecError) return undefined;
    throw error;
  }
}

function firstDocument(text: string, lines: LineCounter, isPlain: boolean): Document.Parsed | undefined {
  const customTags = (tags: Tags): Tags =>
    tags.filter(
      (tag) => typeof tag === 'string' || (!notInGo.has(tag.tag) && !('format' in tag && tag.format === 'TIME')),
    );
  const composer = new Composer({
    version: '1.1',
    merge: true,
    uniqueKeys: false,
    intAsBigInt: true,
    strict: false,
    customTags,
  });
  const tokens = new Parser(lines.addNewLine).parse(text);
  for (const document of composer.compose(tokens, true, text.length)) {
    if (!isPlain) checkEscapes(document, text, lines);
    const error = document.errors[0];
    if (error !== undefined) {
      const line = lines.linePos(error.pos[0]).line;
      // Only depth takes the library's stack.
      const tooDeep = error.message.startsWith('Maximum call stack size exceeded');
      const problem = tooDeep ? `exceeded max depth of ${maxDepth}` : error.message.split('\n')[0];
      throw new CodecError(`yaml: line ${line}: ${problem}`);
    }
    return document;
  }
  return undefined;
}

function checkEscapes(document: Document.Parsed, text: string, lines: LineCounter): void {
  visit(document, {
    Scalar(_key, { type, range }) {
      if (type !== 'QUOTE_DOUBLE' || !range) return;
      const [start, end] = range;
      confirmEscapes(text.slice(start, end), (index) => lines.linePos(start + index).line);
    },
  });
}

function toJson(document: Document.Parsed, lines: LineCounter): unknown {
  checkBounds(document, lines);
  try {
    return plain(document.toJS({ maxAliasCount }));
  } catch (error) {
    if (error instanceof ReferenceError) throw new CodecError(excessiveAliasing);
    throw error;
  }
}

const excessiveAliasing = 'yaml: document contains excessive aliasing';

function checkBounds(document: Document.Parsed, lines: LineCounter): void {
  let aliases = 0;
  let anchors = 0;
  visit(document, {
    Node(_key, node, path) {
      if (isAlias(node)) aliases++;
      else if (node.anchor !== undefined) anchors++;
      // A pair stands between two maps on the path.
      if (isCollection(node) && path.length > 2 * maxDepth) {
        throw new CodecError(
          `yaml: line ${lines.linePos(node.range?.[0] ?? 0).line}: exceeded max depth of ${maxDepth}`,
        );
      }
    },
  });
  if (aliases * (aliases + anchors) > maxAliasSteps) throw new CodecError(excessiveAliasing);
}

/** Integers become numbers where those hold them; what JSON does not have is refused. */
function plain(value: unknown): unknown {
  if (typeof value === 'bigint') {
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : rawNumber(value);
  }
  if (typeof value === 'number' && !Number.isFinite(value)) {
    throw new CodecError(
      `error converting YAML to JSON: json: unsupported value: ${value > 0 ? '+Inf' : value < 0 ? '-Inf' : 'NaN'}`,
    );
  }
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Uint8Array) return Buffer.from(value).toString('latin1');
  if (isRawNumber(value)) return value;
  if (Array.isArray(value)) return value.map(plain);
  const result: Record<string, unknown> = {};
  for (const [key, member] of Object.entries(value)) setOwn(result, key, plain(member));
  return result;
}

interface Duplicate {
  path: string;
  key: string;
  line: number;
}

function findDuplicates(document: Document.Parsed, lines: LineCounter): Duplicate[] {
  const found: Duplicate[] = [];
  const walk = (node: unknown, path: string): void => {
    if (isAlias(node)) return;
    if (isSeq(node)) for (const [index, item] of node.items.entries()) walk(item, `${path}[${index}]`);
    if (!isMap(node)) return;
    const seen = new Set<string>();
    for (const pair of node.items) {
      const key = isScalar(pair.key) ? String(pair.key.value) : '';
      const here = path === '' ? key : `${path}.${key}`;
      if (seen.has(key) && key !== '<<' && found.length < 100) {
        const offset = isScalar(pair.key) ? (pair.key.range?.[0] ?? 0) : 0;
        found.push({ path: here, key, line: lines.linePos(offset).line });
      }
      seen.add(key);
      walk(pair.value, here);
    }
  };
  walk(document.contents, '');
  return found;
}
