import { parseJson } from '@typernetes/openapi/codec';
import { isObject, jsonTypeOf } from '@typernetes/openapi/schema';
import type { Secret } from '@typernetes/openapi/types/core/v1';
import type { ResourceRegistration } from '../../generic/strategy.ts';
import { age, ageColumn, nameColumn, text } from '../../printing/index.ts';
import type { FieldError } from '../../validation/index.ts';
import { checked, configMapKey, immutable, invalidValue, path, required, tooLong } from '../../validation/index.ts';
import { base64Bytes, MAX_DATA_BYTES, validateImmutableData } from '../configmaps/index.ts';
import { keyPairProblem } from './key-pair.ts';

const dataPath = path('data');

function validateSecret(secret: Secret): FieldError[] {
  const data = Object.entries(secret.data ?? {});
  const errors = data.flatMap(([key]) => checked(dataPath.key(key), key, configMapKey(key)));
  const size = data.reduce((sum, [, value]) => sum + base64Bytes(value), 0);
  if (size > MAX_DATA_BYTES) errors.push(tooLong(dataPath, '', MAX_DATA_BYTES));
  return [...errors, ...validateByType(secret)];
}

function validateByType(secret: Secret): FieldError[] {
  const data: Record<string, string | undefined> = { ...secret.data };
  const missing = (...keys: string[]): FieldError[] =>
    keys.filter((key) => data[key] === undefined).map((key) => required(dataPath.key(key), ''));
  switch (secret.type) {
    case 'kubernetes.io/service-account-token': {
      const annotation = 'kubernetes.io/service-account.name';
      if (secret.metadata?.annotations?.[annotation]) return [];
      return [required(path('metadata', 'annotations').key(annotation), '')];
    }
    case 'kubernetes.io/dockercfg':
      return [...missing('.dockercfg'), ...validateJson('.dockercfg', data['.dockercfg'])];
    case 'kubernetes.io/dockerconfigjson':
      return [...missing('.dockerconfigjson'), ...validateJson('.dockerconfigjson', data['.dockerconfigjson'])];
    case 'kubernetes.io/basic-auth': {
      const both = missing('username', 'password');
      return both.length === 2 ? both : [];
    }
    case 'kubernetes.io/ssh-auth':
      return data['ssh-privatekey'] ? [] : [required(dataPath.key('ssh-privatekey'), '')];
    case 'kubernetes.io/tls':
      return missing('tls.crt', 'tls.key');
    default:
      return [];
  }
}

function validateJson(key: string, encoded: string | undefined): FieldError[] {
  if (encoded === undefined) return [];
  const wrong = (message: string): FieldError[] => [
    invalidValue(dataPath.key(key), '<secret contents redacted>', message),
  ];
  try {
    const { value } = parseJson(Buffer.from(encoded, 'base64'));
    if (value === null || isObject(value)) return [];
    return wrong(`json: cannot unmarshal ${jsonTypeOf(value)} into Go value of type map[string]interface {}`);
  } catch (error) {
    return wrong(error instanceof Error ? error.message : String(error));
  }
}

function secretWarnings({ type, data }: Secret): string[] {
  if (type !== 'kubernetes.io/tls') return [];
  const bytes = (key: string): Buffer => Buffer.from(data?.[key] ?? '', 'base64');
  const problem = keyPairProblem(bytes('tls.crt'), bytes('tls.key'));
  return problem === undefined ? [] : [problem];
}

export const secrets: ResourceRegistration<Secret> = {
  resource: { group: '', resource: 'secrets' },
  strategy: {
    hasGeneration: false,
    default(secret) {
      // Write-only plain text becomes data and is not kept.
      if (secret.stringData) {
        secret.data = { ...secret.data };
        for (const [key, value] of Object.entries(secret.stringData))
          secret.data[key] = Buffer.from(value).toString('base64');
        delete secret.stringData;
      }
      secret.type ||= 'Opaque';
    },
    warningsOnCreate: secretWarnings,
    warningsOnUpdate: secretWarnings,
    validate: validateSecret,
    validateUpdate: (secret, old) => [
      ...immutable(path('type'), secret.type, old.type),
      ...validateImmutableData(secret, old, ['data']),
      ...validateSecret(secret),
    ],
  },
  selectableFields: { type: (secret) => secret.type ?? '' },
  table: {
    columns: [nameColumn, text('Type'), text('Data'), ageColumn],
    cells: (secret, now) => [
      secret.metadata?.name ?? '',
      secret.type ?? '',
      Object.keys(secret.data ?? {}).length,
      age(secret, now),
    ],
  },
};
