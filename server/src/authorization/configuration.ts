/** apiserver.config.k8s.io AuthorizationConfiguration: its fields and what must hold of them. */
import { statSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import {
  aggregateFieldErrors,
  dns1123Subdomain,
  duplicate,
  type FieldError,
  invalidValue,
  notSupported,
  path,
  required,
  tooMany,
} from '@typernetes/openapi/meta';
import { boolean, type ConfigKind, decodeConfig, list, string, struct } from '../apiserver/structured/config-file.ts';
import { parseDuration } from '../duration.ts';
import { compileMatchCondition } from './webhook/match-conditions.ts';

type Path = ReturnType<typeof path>;

export interface WebhookConfiguration {
  authorizedTTL?: string;
  cacheAuthorizedRequests?: boolean;
  unauthorizedTTL?: string;
  cacheUnauthorizedRequests?: boolean;
  timeout?: string;
  subjectAccessReviewVersion?: string;
  matchConditionSubjectAccessReviewVersion?: string;
  failurePolicy?: string;
  connectionInfo?: { type?: string; kubeConfigFile?: string };
  matchConditions?: { expression?: string }[];
}

export interface AuthorizationConfiguration {
  authorizers?: { type?: string; name?: string; webhook?: WebhookConfiguration }[];
}

const configKind: ConfigKind = {
  group: 'apiserver.config.k8s.io',
  kind: 'AuthorizationConfiguration',
  versions: ['v1', 'v1beta1', 'v1alpha1'],
  schema: struct({
    authorizers: list(
      struct({
        type: string,
        name: string,
        webhook: struct({
          authorizedTTL: string,
          cacheAuthorizedRequests: boolean,
          unauthorizedTTL: string,
          cacheUnauthorizedRequests: boolean,
          timeout: string,
          subjectAccessReviewVersion: string,
          matchConditionSubjectAccessReviewVersion: string,
          failurePolicy: string,
          connectionInfo: struct({ type: string, kubeConfigFile: string }),
          matchConditions: list(struct({ expression: string })),
        }),
      }),
    ),
  }),
};

const knownTypes = ['ABAC', 'AlwaysAllow', 'AlwaysDeny', 'Node', 'RBAC', 'Webhook'];

/** Throws what upstream would refuse. */
export function parseAuthorizationConfiguration(text: string): AuthorizationConfiguration {
  const configuration = decodeConfig<AuthorizationConfiguration>(text, configKind);
  const message = aggregateFieldErrors(validate(configuration));
  if (message !== undefined) throw new Error(message);
  return configuration;
}

function validate({ authorizers = [] }: AuthorizationConfiguration): FieldError[] {
  const root = path('authorizers');
  if (authorizers.length === 0) return [required(root, 'at least one authorization mode must be defined')];
  const types = new Set<string>();
  const names = new Set<string>();
  return authorizers.flatMap(({ type = '', name = '', webhook }, index): FieldError[] => {
    const at = root.index(index);
    if (type === '') return [required(at.child('type'), '')];
    if (!knownTypes.includes(type)) return [notSupported(at.child('type'), type, knownTypes)];
    if (types.has(type) && type !== 'Webhook') return [duplicate(at.child('type'), type)];
    types.add(type);
    const errors = validateName(name, names, at.child('name'));
    names.add(name);
    if (type !== 'Webhook') {
      const message = 'may only be specified when type=Webhook';
      return webhook === undefined ? errors : [...errors, invalidValue(at.child('webhook'), 'non-null', message)];
    }
    if (webhook === undefined) return [...errors, required(at.child('webhook'), 'required when type=Webhook')];
    return [...errors, ...validateWebhook(webhook, at)];
  });
}

function validateName(name: string, seen: ReadonlySet<string>, at: Path): FieldError[] {
  if (name === '') return [required(at, '')];
  if (seen.has(name)) return [duplicate(at, name)];
  const problems = dns1123Subdomain(name);
  return problems.length === 0 ? [] : [invalidValue(at, name, `authorizer name is invalid: ${problems.join(', ')}`)];
}

function validateWebhook(webhook: WebhookConfiguration, at: Path): FieldError[] {
  return [
    ...validateDuration(webhook.timeout, at.child('timeout'), 30_000, 'must be > 0s and <= 30s'),
    ...validateDuration(webhook.authorizedTTL ?? '5m0s', at.child('authorizedTTL'), Infinity, 'must be > 0s'),
    ...validateDuration(webhook.unauthorizedTTL ?? '30s', at.child('unauthorizedTTL'), Infinity, 'must be > 0s'),
    ...oneOf(webhook.subjectAccessReviewVersion, ['v1', 'v1beta1'], at.child('subjectAccessReviewVersion')),
    ...oneOf(webhook.failurePolicy, ['NoOpinion', 'Deny'], at.child('failurePolicy')),
    ...validateConnection(webhook.connectionInfo ?? {}, at.child('connectionInfo')),
    ...validateConditions(webhook, at),
  ];
}

function validateDuration(text: string | undefined, at: Path, maximumMs: number, message: string): FieldError[] {
  const duration = text === undefined || text === '' ? 0 : parseDuration(text);
  if (duration === 0) return [required(at, '')];
  return duration !== undefined && duration > 0 && duration <= maximumMs ? [] : [invalidValue(at, text, message)];
}

function oneOf(value: string | undefined, values: readonly string[], at: Path): FieldError[] {
  if (value === undefined || value === '') return [required(at, '')];
  return values.includes(value) ? [] : [notSupported(at, value, values)];
}

const connectionTypes = ['InClusterConfig', 'KubeConfigFile'];

function validateConnection(
  { type = '', kubeConfigFile }: { type?: string; kubeConfigFile?: string },
  at: Path,
): FieldError[] {
  const field = at.child('kubeConfigFile');
  if (type !== 'KubeConfigFile') {
    if (type === '') return [required(at.child('type'), '')];
    if (type !== 'InClusterConfig') return [notSupported(at.child('type'), type, connectionTypes)];
    return kubeConfigFile === undefined
      ? []
      : [invalidValue(field, kubeConfigFile, 'can only be set when type=KubeConfigFile')];
  }
  if (!kubeConfigFile) return [required(field, '')];
  if (!isAbsolute(kubeConfigFile)) return [invalidValue(field, kubeConfigFile, 'must be an absolute path')];
  try {
    return statSync(kubeConfigFile).isFile() ? [] : [invalidValue(field, kubeConfigFile, 'must be a regular file')];
  } catch (error) {
    return [invalidValue(field, kubeConfigFile, `error loading file: ${(error as Error).message}`)];
  }
}

const maxConditions = 64;

function validateConditions(webhook: WebhookConfiguration, at: Path): FieldError[] {
  const { matchConditions = [], matchConditionSubjectAccessReviewVersion: version = '' } = webhook;
  const field = at.child('matchConditions');
  const versionField = at.child('matchConditionSubjectAccessReviewVersion');
  const errors: FieldError[] = [];
  if (version === '' && matchConditions.length > 0)
    errors.push(required(versionField, 'required if match conditions are specified'));
  if (version !== '' && version !== 'v1') errors.push(notSupported(versionField, version, ['v1']));
  if (matchConditions.length > maxConditions) return [...errors, tooMany(field, matchConditions.length, maxConditions)];
  for (const [index, { expression = '' }] of matchConditions.entries()) {
    const here = field.index(index).child('expression');
    if (expression.trim() === '') errors.push(required(here, ''));
    else if (matchConditions.findIndex((other) => other.expression === expression) < index)
      errors.push(duplicate(here, expression));
    else {
      const compiled = compileMatchCondition(expression);
      if (typeof compiled === 'string') errors.push(invalidValue(here, expression, compiled));
    }
  }
  return errors;
}
