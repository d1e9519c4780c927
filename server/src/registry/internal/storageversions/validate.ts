import type {
  ServerStorageVersion,
  StorageVersionCondition,
  StorageVersionStatus,
} from '@typernetes/openapi/types/internal/v1alpha1';
import {
  checked,
  dns1035Label,
  dns1123Subdomain,
  duplicate,
  type FieldError,
  invalidValue,
  type Path,
  path,
  qualifiedName,
  required,
} from '../../validation/index.ts';

/** GROUP.RESOURCE. */
export function storageVersionName(name: string): string[] {
  const end = name.lastIndexOf('.');
  if (end < 0) return ['name must be in the form of <group>.<resource>'];
  return [
    ...dns1123Subdomain(name.slice(0, end)).map((problem) => `the group segment ${problem}`),
    ...dns1035Label(name.slice(end + 1)).map((problem) => `the resource segment ${problem}`),
  ];
}

/** Clients may leave out whatever the types promise. */
export function validateStatus(status: StorageVersionStatus | undefined): FieldError[] {
  const at = path('status');
  const { storageVersions = [], commonEncodingVersion, conditions = [] } = status ?? {};
  const here = at.child('storageVersions');
  const seen = new Set<string>();
  const errors = storageVersions.flatMap((version: Partial<ServerStorageVersion>, index) => {
    const { apiServerID = '' } = version;
    const again = seen.has(apiServerID) ? [duplicate(here.index(index).child('apiServerID'), apiServerID)] : [];
    seen.add(apiServerID);
    return [...again, ...validateServer(version, here.index(index))];
  });
  return [
    ...errors,
    ...validateCommon(storageVersions, commonEncodingVersion ?? undefined, at.child('commonEncodingVersion')),
    ...validateConditions(conditions, at),
  ];
}

function validateServer(server: Partial<ServerStorageVersion>, at: Path): FieldError[] {
  const { apiServerID = '', encodingVersion = '', decodableVersions = [], servedVersions = [] } = server;
  const decodable = at.child('decodableVersions');
  return [
    ...checked(at.child('apiServerID'), apiServerID, dns1123Subdomain(apiServerID)),
    ...validateVersion(encodingVersion, at.child('encodingVersion')),
    ...decodableVersions.flatMap((version, index) => validateVersion(version, decodable.index(index))),
    ...(decodableVersions.includes(encodingVersion)
      ? []
      : [
          invalidValue(
            decodable,
            decodableVersions,
            `decodableVersions must include encodingVersion ${encodingVersion}`,
          ),
        ]),
    ...servedVersions.flatMap((version, index) => {
      const here = at.child('servedVersions').index(index);
      const missing = `individual served version : ${version} must be included in decodableVersions : [${decodableVersions.join(' ')}]`;
      return [
        ...validateVersion(version, here),
        ...(decodableVersions.includes(version) ? [] : [invalidValue(here, version, missing)]),
      ];
    }),
  ];
}

/** What all servers encode to, if they agree. */
function validateCommon(servers: readonly ServerStorageVersion[], given: string | undefined, at: Path): FieldError[] {
  const [first, ...others] = servers.map(({ encodingVersion }) => encodingVersion ?? '');
  const common = others.every((version) => version === first) ? first : undefined;
  if (given === common) return [];
  const message =
    common === undefined
      ? 'should be nil if servers do not agree on the same encoding version, or if there is no server reporting the supported versions yet'
      : `the ${given === undefined ? '' : 'actual '}common encoding version is ${common}`;
  return [invalidValue(at, given ?? null, message)];
}

/** Upstream's paths leave out the name of the list. */
function validateConditions(conditions: readonly Partial<StorageVersionCondition>[], at: Path): FieldError[] {
  const seen = new Map<string, number>();
  return conditions.flatMap(({ type = '', status = '', reason, message }, index) => {
    const here = at.index(index);
    const before = seen.get(type);
    seen.set(type, index);
    const again = `the type of the condition is not unique, it also appears in conditions[${before}]`;
    return [
      ...(before === undefined ? [] : [invalidValue(here.child('type'), type, again)]),
      ...checked(here.child('type'), type, qualifiedName(type)),
      ...checked(here.child('status'), status, qualifiedName(status)),
      ...(reason ? [] : [required(here.child('reason'), '')]),
      ...(message ? [] : [required(here.child('message'), '')]),
    ];
  });
}

const notAVersion =
  "an apiVersion is a DNS-1035 label, which must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?') with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyVersion')";

/** VERSION or GROUP/VERSION. */
function validateVersion(apiVersion: string, at: Path): FieldError[] {
  const problems = versionProblems(apiVersion);
  return problems.length === 0 ? [] : [invalidValue(at, apiVersion, problems.join(','))];
}

function versionProblems(apiVersion: string): string[] {
  const parts = apiVersion.split('/');
  if (parts.length > 2) return [notAVersion];
  const group = parts.length === 2 ? part('group', parts[0] ?? '', dns1123Subdomain) : [];
  return [...group, ...part('version', parts.at(-1) ?? '', dns1035Label)];
}

const part = (name: string, text: string, problems: (text: string) => string[]): string[] =>
  (text === '' ? ['must be non-empty'] : problems(text)).map((problem) => `${name} part: ${problem}`);
