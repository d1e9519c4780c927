/** The served OpenAPI documents as files, in JSON and in protobuf, with the index of /openapi/v3. */
import { createHash } from 'node:crypto';
import { encodeOpenApiV2, encodeOpenApiV3 } from '../src/catalogue/gnostic.ts';
import type { Descriptions } from './descriptions.ts';
import { DocumentBuilder } from './documents.ts';
import { servedSpec } from './served.ts';
import type { Spec } from './spec.ts';

/** Upstream's entity tag and `?hash=` of a document: SHA-512 of its JSON. */
const hashOf = (json: string): string => createHash('sha512').update(json).digest('hex').toUpperCase();

export function openApiFiles(spec: Spec, descriptions: Descriptions): Map<string, string | Buffer> {
  const files = new Map<string, string | Buffer>();
  const builder = new DocumentBuilder(servedSpec(spec), descriptions);
  const hashes: Record<string, string> = {};
  for (const source of builder.sources) {
    const document = builder.v3(source);
    const json = JSON.stringify(document);
    const name = source.place.replaceAll('/', '__');
    hashes[source.place] = hashOf(json);
    files.set(`openapi/v3/${name}.json`, json);
    files.set(`openapi/v3/${name}.pb`, encodeOpenApiV3(document));
  }
  const enabled = new Set(
    spec.index.groups.flatMap(({ name, versions }) =>
      versions.filter((one) => one.enabledByDefault).map(({ version }) => `${name}/${version}`),
    ),
  );
  const groups = new Set([...enabled].map((groupVersion) => groupVersion.split('/')[0]));
  const byDefault = builder.sources.filter(({ group, version }) =>
    version === '' ? group === '' || groups.has(group) : enabled.has(`${group}/${version}`),
  );
  const v2 = builder.v2(byDefault);
  const json = JSON.stringify(v2);
  files.set('openapi/v2.json', json);
  files.set('openapi/v2.pb', encodeOpenApiV2(v2));
  files.set('openapi/v2-all.json', JSON.stringify(builder.v2(builder.sources)));
  files.set('openapi/index.json', JSON.stringify({ v2: hashOf(json), v3: hashes }));
  return files;
}
