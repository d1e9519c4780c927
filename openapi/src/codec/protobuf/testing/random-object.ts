/** Objects made from the catalogue's schemas and a seed: for tests that want every field of every kind filled. */
import { once } from '../../../catalogue/generated.ts';
import { catalogueFile } from '../../../catalogue/resources.ts';
import { schemaByName } from '../../../catalogue/schemas.ts';
import type { JsonObject, JsonValue } from '../../../meta/object.ts';
import { refOf, type Schema } from '../../../schema/schema.ts';

const texts = ['a', 'default', 'Ã©', 'é', '日本語', '😀', 'app.kubernetes.io/name', 'x'.repeat(200), '\n"\\', ' '];
/** JSONSchemaProps has itself in twelve places. */
const maxRecursion = 1;
const kinds = once(() => new Set(Object.values(catalogueFile().kinds)));

export class RandomObject {
  #state: number;
  readonly #density: number;
  /** How many times the object being made is inside of its own kind. */
  readonly #within = new Map<string, number>();

  /** `density`: how likely an optional field is there, from 0 to 1. */
  constructor(seed: number, density: number) {
    this.#state = seed;
    this.#density = density;
  }

  /** No zeros and nothing empty but objects; what protobuf makes of those is no matter of chance. */
  of(definition: string): JsonObject {
    return this.#definition(definition) as JsonObject;
  }

  #definition(name: string): JsonValue {
    const special = this.#special(name);
    if (special !== undefined) return special;
    const schema = schemaByName(name);
    if (schema === undefined) throw new Error(`no definition ${name}`);
    const within = this.#within.get(name) ?? 0;
    if (within > maxRecursion) return {};
    this.#within.set(name, within + 1);
    const value = this.#value(schema);
    this.#within.set(name, within);
    if (!kinds().has(name)) return value;
    // Objects within objects do not say what they are: protobuf has that in the envelope only.
    const { apiVersion: _, kind: __, ...members } = value as JsonObject;
    return members;
  }

  /** Definitions whose JSON is not what their schema spells out. */
  #special(name: string): JsonValue | undefined {
    switch (name.slice(name.lastIndexOf('.') + 1)) {
      case 'Quantity':
        return this.#one(['1', '100m', '2Gi', '1e3', '0']);
      case 'IntOrString':
        return this.#one([0, -1, 80, 2_147_483_647, 'http', '']);
      case 'Time':
        return this.#time();
      case 'MicroTime':
        return this.#time().replace('Z', `.${String(this.#below(1_000_000)).padStart(6, '0')}Z`);
      case 'RawExtension':
      case 'FieldsV1':
        return this.#anything(0);
      case 'JSON':
        return this.#one([0, false, '', 'text', [null, 1.5], { a: [{}] }]);
      case 'JSONSchemaPropsOrBool':
        return this.#one([true, false, { type: 'string' }]);
      case 'JSONSchemaPropsOrArray':
        return this.#one<JsonValue>([{ type: 'string' }, [{ type: 'string' }, { minimum: 0 }]]);
      case 'JSONSchemaPropsOrStringArray':
        return this.#one([{ type: 'string' }, ['a', 'b']]);
      default:
        return undefined;
    }
  }

  #value(schema: Schema): JsonValue {
    const ref = refOf(schema);
    if (ref !== undefined) return this.#definition(ref.slice(ref.lastIndexOf('/') + 1));
    switch (schema.type) {
      case 'string':
        if (schema.format === 'byte') return Buffer.from(this.#text()).toString('base64');
        return schema.format === 'date-time' ? this.#time() : this.#text();
      case 'integer':
        if (schema.format === 'int32') return this.#one([1, -1, 127, 128, 2_147_483_647, -2_147_483_648]);
        return this.#one([1, -1, 300, 2 ** 31, -(2 ** 31), Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER]);
      case 'number':
        return this.#one([0.5, -1e300, 5e-324]);
      case 'boolean':
        return true;
      case 'array':
        return this.#times(2, () => this.#value(schema.items ?? {}));
      default:
        return this.#struct(schema);
    }
  }

  #struct(schema: Schema): JsonValue {
    const { additionalProperties, properties, required = [] } = schema;
    if (typeof additionalProperties === 'object') {
      const entries = this.#times(3, () => [this.#text(), this.#value(additionalProperties)] as const);
      return Object.fromEntries(entries);
    }
    if (properties === undefined) return {};
    const result: JsonObject = {};
    for (const [name, member] of Object.entries(properties)) {
      if (this.#fraction() > this.#density && !required.includes(name)) continue;
      result[name] = this.#value(member);
    }
    return result;
  }

  #anything(depth: number): JsonObject {
    const leaf = () => this.#one<JsonValue>([null, 0, '', false, [], {}, 'é', [[1]]]);
    const member = () => (depth < 3 && this.#below(3) === 0 ? this.#anything(depth + 1) : leaf());
    return Object.fromEntries(this.#times(3, () => [this.#text(), member()]));
  }

  #time(): string {
    const seconds = this.#one([0, 1, -1, 1_767_225_600, -62_135_596_799, 253_402_300_799, this.#below(2 ** 31)]);
    return `${new Date(seconds * 1000).toISOString().slice(0, 19)}Z`;
  }

  #text(): string {
    return this.#below(2) === 0 ? this.#one(texts) : `name-${this.#below(1_000_000)}`;
  }

  #times<T>(most: number, make: () => T): T[] {
    return Array.from({ length: 1 + this.#below(most) }, make);
  }

  #one<T>(choices: readonly T[]): T {
    return choices[this.#below(choices.length)] as T;
  }

  #below(limit: number): number {
    return Math.floor(this.#fraction() * limit);
  }

  /** mulberry32 */
  #fraction(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }
}
