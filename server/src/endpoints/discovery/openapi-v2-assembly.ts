/**
 * The one document of version 2, put together from what is built in and what others add. Each part is encoded once, and
 * a change costs a copy of bytes, not another encoding of everything.
 */
import { encodeOpenApiV2 } from '@typernetes/openapi/catalogue';
import type { OpenApiV2Part } from './openapi-handler.ts';

interface Encoded {
  paths: Buffer;
  definitions: Buffer;
  protobuf?: Buffer;
}

/** Where the closing braces of the two members are. */
interface Ends {
  paths: number;
  definitions: number;
}

const comma = Buffer.from(',');

export class OpenApiV2Assembly {
  readonly #encoded = new WeakMap<OpenApiV2Part, Encoded>();
  readonly #ends = new WeakMap<Buffer, Ends>();

  /** `base`: a document with members `paths` and `definitions`, neither of them empty. */
  json(base: Buffer, parts: readonly OpenApiV2Part[]): Buffer {
    let ends = this.#ends.get(base);
    if (ends === undefined) this.#ends.set(base, (ends = endsOf(base)));
    const pieces: Buffer[] = [];
    let at = 0;
    const members = (['paths', 'definitions'] as const).toSorted((a, b) => ends[a] - ends[b]);
    for (const member of members) {
      pieces.push(base.subarray(at, ends[member]));
      for (const part of parts) {
        const added = this.#of(part)[member];
        if (added.length > 0) pieces.push(comma, added);
      }
      at = ends[member];
    }
    return Buffer.concat([...pieces, base.subarray(at)]);
  }

  /** Messages written one after another are one message with all that is in them: protobuf's own rule. */
  protobuf(base: Buffer, parts: readonly OpenApiV2Part[]): Buffer {
    return Buffer.concat([
      base,
      ...parts.map((part) => {
        const { paths, definitions } = part;
        return (this.#of(part).protobuf ??= encodeOpenApiV2({ paths, definitions }));
      }),
    ]);
  }

  #of(part: OpenApiV2Part): Encoded {
    let encoded = this.#encoded.get(part);
    if (encoded === undefined) {
      const { paths, definitions } = part;
      this.#encoded.set(part, (encoded = { paths: membersOf(paths), definitions: membersOf(definitions) }));
    }
    return encoded;
  }
}

/** An object without its braces. */
function membersOf(object: object): Buffer {
  return Buffer.from(JSON.stringify(object).slice(1, -1));
}

const [quote, backslash, opening, closing] = Buffer.from('"\\{}');

/** Looks for the members of the outermost object only: names further in may be the same. */
function endsOf(document: Buffer): Ends {
  const ends: Record<string, number> = {};
  let depth = 0;
  let name = '';
  for (let at = 0; at < document.length; at++) {
    const byte = document[at];
    if (byte === quote) {
      const start = at + 1;
      for (at++; document[at] !== quote; at++) if (document[at] === backslash) at++;
      if (depth === 1) name = document.toString('latin1', start, at);
    } else if (byte === opening) depth++;
    else if (byte === closing) {
      depth--;
      if (depth === 1) ends[name] = at;
    }
  }
  const { paths, definitions } = ends;
  if (paths === undefined || definitions === undefined) throw new RangeError('no document of OpenAPI version 2');
  return { paths, definitions };
}
