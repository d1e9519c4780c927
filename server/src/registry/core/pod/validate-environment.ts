import type {
  EnvFromSource,
  EnvVar,
  ObjectFieldSelector,
  ResourceFieldSelector,
} from '@typernetes/openapi/types/core/v1';
import type { FieldError, Path } from '../../validation/index.ts';
import {
  checked,
  configMapKey,
  dns1123Label,
  dns1123Subdomain,
  environmentVariableName,
  invalidValue,
  notSupported,
  qualifiedName,
  required,
} from '../../validation/index.ts';
import { validateNoBacksteps } from './validate-paths.ts';

/** What the downward API gives to environment variables, sorted. */
const ENVIRONMENT_FIELDS = [
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
  'spec.nodeName',
  'spec.serviceAccountName',
  'status.hostIP',
  'status.hostIPs',
  'status.podIP',
  'status.podIPs',
];

/** What it gives to files. */
export const VOLUME_FIELDS = [
  'metadata.annotations',
  'metadata.labels',
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
];

/** Every field path that has a meaning somewhere; anything else cannot even be converted. */
const KNOWN_FIELDS = new Set([...ENVIRONMENT_FIELDS, ...VOLUME_FIELDS, 'spec.restartPolicy', 'status.phase']);

const RESOURCE_FIELDS = [
  'limits.cpu',
  'limits.ephemeral-storage',
  'limits.memory',
  'requests.cpu',
  'requests.ephemeral-storage',
  'requests.memory',
];

export function validateEnvironment(variables: readonly EnvVar[], at: Path): FieldError[] {
  return variables.flatMap((variable, index) => {
    const here = at.index(index);
    const errors = variable.name
      ? checked(here.child('name'), variable.name, environmentVariableName(variable.name))
      : [required(here.child('name'), '')];
    return [...errors, ...validateValueFrom(variable, here.child('valueFrom'))];
  });
}

function validateValueFrom(variable: EnvVar, at: Path): FieldError[] {
  const source = variable.valueFrom;
  if (!source) return [];
  const errors: FieldError[] = [];
  let sources = 0;
  if (source.fieldRef) {
    sources++;
    errors.push(...validateFieldRef(source.fieldRef, ENVIRONMENT_FIELDS, at.child('fieldRef')));
  }
  if (source.resourceFieldRef) {
    sources++;
    errors.push(...validateResourceFieldRef(source.resourceFieldRef, at.child('resourceFieldRef'), false));
  }
  for (const field of ['configMapKeyRef', 'secretKeyRef'] as const) {
    const reference = source[field];
    if (!reference) continue;
    sources++;
    const here = at.child(field);
    errors.push(...checked(here.child('name'), reference.name ?? '', dns1123Subdomain(reference.name ?? '')));
    if (!reference.key) errors.push(required(here.child('key'), ''));
    else errors.push(...checked(here.child('key'), reference.key, configMapKey(reference.key)));
  }
  if (source.fileKeyRef) {
    sources++;
    const { key, volumeName, path } = source.fileKeyRef;
    const here = at.child('fileKeyRef');
    if (!key) errors.push(required(here.child('key'), ''));
    else errors.push(...checked(here.child('key'), key, environmentVariableName(key)));
    if (!volumeName) errors.push(required(here.child('volumeName'), ''));
    else errors.push(...checked(here.child('volumeName'), volumeName, dns1123Label(volumeName)));
    if (!path) errors.push(required(here.child('path'), ''));
    else errors.push(...validateNoBacksteps(path, here.child('path')));
  }
  if (sources === 0) {
    const kinds = '`fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`';
    errors.push(invalidValue(at, '', `must specify one of: ${kinds}`));
  } else if (variable.value) {
    errors.push(invalidValue(at, '', 'may not be specified when `value` is not empty'));
  } else if (sources > 1) {
    errors.push(invalidValue(at, '', 'may not have more than one field specified at a time'));
  }
  return errors;
}

export function validateFieldRef(reference: ObjectFieldSelector, allowed: readonly string[], at: Path): FieldError[] {
  if (!reference.apiVersion) return [required(at.child('apiVersion'), '')];
  const fieldPath = reference.fieldPath;
  if (!fieldPath) return [required(at.child('fieldPath'), '')];
  const opening = fieldPath.indexOf("['");
  const subscripted = opening > 0 && fieldPath.endsWith("']") && opening + 4 <= fieldPath.length;
  const name = subscripted ? fieldPath.slice(0, opening) : fieldPath;
  if (reference.apiVersion !== 'v1') {
    const problem = `unsupported pod version: ${reference.apiVersion}`;
    return [invalidValue(at.child('fieldPath'), fieldPath, `error converting fieldPath: ${problem}`)];
  }
  if (!KNOWN_FIELDS.has(name)) {
    return [
      invalidValue(
        at.child('fieldPath'),
        fieldPath,
        `error converting fieldPath: field label not supported: ${fieldPath}`,
      ),
    ];
  }
  if (subscripted) {
    const key = fieldPath.slice(opening + 2, -2);
    if (name === 'metadata.annotations') return checked(at, key.toLowerCase(), qualifiedName(key.toLowerCase()));
    if (name === 'metadata.labels') return checked(at, key, qualifiedName(key));
    const problem = `field label does not support subscript: ${fieldPath}`;
    return [invalidValue(at.child('fieldPath'), fieldPath, `error converting fieldPath: ${problem}`)];
  }
  return allowed.includes(name) ? [] : [notSupported(at.child('fieldPath'), name, allowed)];
}

export function validateResourceFieldRef(reference: ResourceFieldSelector, at: Path, inVolume: boolean): FieldError[] {
  const errors: FieldError[] = [];
  const resource = reference.resource;
  if (inVolume && !reference.containerName) errors.push(required(at.child('containerName'), ''));
  else if (!resource) errors.push(required(at.child('resource'), ''));
  else if (!RESOURCE_FIELDS.includes(resource) && !/^(requests|limits)\.hugepages-/.test(resource)) {
    errors.push(notSupported(at.child('resource'), resource, RESOURCE_FIELDS));
  }
  return [...errors, ...validateDivisor(resource ?? '', reference.divisor, at.child('divisor'))];
}

const BYTE_DIVISORS = ['1', '1k', '1M', '1G', '1T', '1P', '1E', '1Ki', '1Mi', '1Gi', '1Ti', '1Pi', '1Ei'];

function validateDivisor(resource: string, divisor: string | number | undefined, at: Path): FieldError[] {
  const value = String(divisor ?? '0');
  if (value === '0' || value === '') return [];
  const measured = resource.replace(/^(limits|requests)\./, '');
  if (measured === 'cpu') {
    const fine = value === '1m' || value === '1';
    return fine
      ? []
      : [invalidValue(at, resource, "only divisor's values 1m and 1 are supported with the cpu resource")];
  }
  const words: Record<string, string> = { memory: 'memory', 'ephemeral-storage': 'local ephemeral storage' };
  const word = measured.startsWith('hugepages-') ? 'hugepages' : words[measured];
  if (word === undefined || BYTE_DIVISORS.includes(value)) return [];
  return [
    invalidValue(
      at,
      resource,
      `only divisor's values ${BYTE_DIVISORS.join(', ')} are supported with the ${word} resource`,
    ),
  ];
}

export function validateEnvironmentSources(sources: readonly EnvFromSource[], at: Path): FieldError[] {
  return sources.flatMap((source, index) => {
    const here = at.index(index);
    const errors = source.prefix
      ? checked(here.child('prefix'), source.prefix, environmentVariableName(source.prefix))
      : [];
    let count = 0;
    for (const field of ['configMapRef', 'secretRef'] as const) {
      const reference = source[field];
      if (!reference) continue;
      count++;
      const place = here.child(field).child('name');
      if (!reference.name) errors.push(required(place, ''));
      else errors.push(...checked(place, reference.name, dns1123Subdomain(reference.name)));
    }
    if (count === 0) errors.push(invalidValue(at, '', 'must specify one of: `configMapRef` or `secretRef`'));
    else if (count > 1) errors.push(invalidValue(at, '', 'may not have more than one field specified at a time'));
    return errors;
  });
}
