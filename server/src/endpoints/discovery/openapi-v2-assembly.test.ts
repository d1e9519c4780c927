import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { encodeOpenApiV2, openApiV2 } from '@typernetes/openapi/catalogue';
import type { JsonObject } from '@typernetes/openapi/meta';
import { bytesOf, decodeFields, textOf } from '../../protobuf.ts';
import { OpenApiV2Assembly } from './openapi-v2-assembly.ts';

const part = (name: string) => ({
  paths: {
    [`/apis/${name}/v1/things`]: { get: { operationId: `list${name}`, responses: { '200': { description: 'OK' } } } },
  },
  definitions: { [`${name}.Thing`]: { type: 'object', description: 'with "quotes", {braces} and \\ and ünïcode' } },
});

const parse = (json: Buffer) => JSON.parse(json.toString()) as { paths: JsonObject; definitions: JsonObject };

describe('OpenApiV2Assembly', () => {
  it('adds parts to the document of the built-in API', () => {
    const base = openApiV2('json').body;
    const parts = [part('one'), part('two')];
    const expected = parse(base);
    for (const { paths, definitions } of parts) {
      Object.assign(expected.paths, paths);
      Object.assign(expected.definitions, definitions);
    }
    assert.deepEqual(parse(new OpenApiV2Assembly().json(base, parts)), expected);
  });

  it('is not led astray by members of the same name further in, nor by their order', () => {
    const base = Buffer.from(
      '{"definitions":{"a":{"properties":{"paths":{"x":1}}}},"info":{"title":"}\\"{"},"paths":{"/p":{"definitions":{}}}}',
    );
    const { paths, definitions } = parse(new OpenApiV2Assembly().json(base, [part('one')]));
    assert.deepEqual(Object.keys(paths), ['/p', '/apis/one/v1/things']);
    assert.deepEqual(Object.keys(definitions), ['a', 'one.Thing']);
  });

  it('knows nothing to add', () => {
    const base = openApiV2('json').body;
    assert.deepEqual(new OpenApiV2Assembly().json(base, []), base);
  });

  it('adds to the protobuf form what merges into one message', () => {
    const base = openApiV2('protobuf').body;
    const names = (message: Buffer, field: number, list: number): string[] =>
      (decodeFields(message).get(field) ?? [])
        .filter((value) => Buffer.isBuffer(value))
        .flatMap((value) => decodeFields(value).get(list) ?? [])
        .filter((value) => Buffer.isBuffer(value))
        .map((value) => textOf(decodeFields(value), 1));
    const whole = new OpenApiV2Assembly().protobuf(base, [part('one'), part('two')]);
    const document = parse(openApiV2('json').body);
    const alone = encodeOpenApiV2(part('one'));
    // Of gnostic's Document 8 is paths, whose items are 2, and 9 definitions, whose members are 1.
    const [paths, definitions] = [names(whole, 8, 2), names(whole, 9, 1)];
    assert.deepEqual(names(alone, 8, 2), ['/apis/one/v1/things']);
    assert.equal(paths.length, Object.keys(document.paths).length + 2);
    assert.ok(paths.includes('/apis/two/v1/things') && paths.includes('/api/v1/pods'));
    assert.equal(definitions.length, Object.keys(document.definitions).length + 2);
    assert.equal(bytesOf(decodeFields(whole), 1).toString(), '2.0');
  });
});
