/** MutatingWebhookConfiguration and ValidatingWebhookConfiguration, which differ in one field. */
import type { KubernetesObject } from '@typernetes/openapi/meta';
import { deepEqual } from '@typernetes/openapi/schema';
import type { MutatingWebhook, ValidatingWebhook } from '@typernetes/openapi/types/admissionregistration/v1';
import { compilePolicySpec } from '../../cel/index.ts';
import type { ResourceRegistration } from '../generic/strategy.ts';
import { age, ageColumn, integer, nameColumn } from '../printing/index.ts';
import type { FieldError, Path } from '../validation/index.ts';
import {
  dns1035Label,
  dns1123Subdomain,
  duplicate,
  invalidValue,
  notSupported,
  optionalOneOf,
  path,
  required,
  validateLabelSelector,
} from '../validation/index.ts';
import { validateClientConfig } from './client-config.ts';
import { validateMatchConditions } from './match-conditions.ts';
import { validateRule } from './rules.ts';
import { staticSuffixWarnings } from './static-suffix.ts';

/** As clients may send it: what is required is checked here. */
type Webhook = Partial<ValidatingWebhook> & Pick<MutatingWebhook, 'reinvocationPolicy'>;
type Webhooks = readonly Webhook[];
type Configuration = KubernetesObject & { webhooks?: Webhook[] };

/** What was there before the rules were as they are may stay. */
interface Options {
  ignoreMatchConditions: boolean;
  requireNoSideEffects: boolean;
  requireKnownReviewVersion: boolean;
  requireUniqueNames: boolean;
  allowInvalidLabelValues: boolean;
}

const strict: Options = {
  ignoreMatchConditions: false,
  requireNoSideEffects: true,
  requireKnownReviewVersion: true,
  requireUniqueNames: true,
  allowInvalidLabelValues: false,
};

export function webhookConfigurations(resource: string, mutating: boolean): ResourceRegistration<Configuration> {
  return {
    resource: { group: 'admissionregistration.k8s.io', resource },
    strategy: {
      allowUnconditionalUpdate: false,
      hasGeneration: true,
      default(configuration) {
        for (const webhook of configuration.webhooks ?? []) {
          defaultWebhook(webhook);
          if (mutating) webhook.reinvocationPolicy ??= 'Never';
        }
      },
      validate: ({ webhooks = [] }) => validateWebhooks(webhooks, strict),
      validateUpdate: ({ webhooks = [] }, old) =>
        validateWebhooks(webhooks, optionsForUpdate(webhooks, old.webhooks ?? [])),
      warningsOnCreate: staticSuffixWarnings,
      warningsOnUpdate: staticSuffixWarnings,
    },
    table: {
      columns: [nameColumn, integer('Webhooks'), ageColumn],
      cells: (configuration, now) => [
        configuration.metadata?.name ?? '',
        (configuration.webhooks ?? []).length,
        age(configuration, now),
      ],
    },
  };
}

function defaultWebhook(webhook: Webhook): void {
  webhook.failurePolicy ??= 'Fail';
  webhook.matchPolicy ??= 'Equivalent';
  webhook.namespaceSelector ??= {};
  webhook.objectSelector ??= {};
  webhook.timeoutSeconds ??= 10;
  for (const rule of webhook.rules ?? []) rule.scope ??= '*';
  if (webhook.clientConfig?.service) webhook.clientConfig.service.port ??= 443;
}

function optionsForUpdate(webhooks: Webhooks, old: Webhooks): Options {
  const sameConditions =
    webhooks.length === old.length &&
    webhooks.every(({ matchConditions }, index) => deepEqual(matchConditions, old[index]?.matchConditions));
  return {
    ignoreMatchConditions: sameConditions,
    requireNoSideEffects: old.every(({ sideEffects }) => harmless.includes(sideEffects ?? '')),
    requireKnownReviewVersion: old.every(
      ({ admissionReviewVersions: versions = [] }) => versions.length === 0 || versions.some(isKnown),
    ),
    requireUniqueNames: new Set(old.map(({ name }) => name)).size === old.length,
    allowInvalidLabelValues: old.some(
      ({ namespaceSelector, objectSelector }) =>
        validateLabelSelector(namespaceSelector, path()).length > 0 ||
        validateLabelSelector(objectSelector, path()).length > 0,
    ),
  };
}

const harmless: readonly string[] = ['None', 'NoneOnDryRun'];
const reviewVersions = ['v1', 'v1beta1'];
const isKnown = (version: string): boolean => reviewVersions.includes(version);

function validateWebhooks(webhooks: Webhooks, options: Options): FieldError[] {
  const names = new Set<string>();
  return webhooks.flatMap((webhook, index) => {
    const at = path('webhooks').index(index);
    const { name = '', admissionReviewVersions = [] } = webhook;
    const errors = [
      ...validateWebhook(webhook, options, at),
      ...validateReviewVersions(admissionReviewVersions, options, at.child('admissionReviewVersions')),
    ];
    if (options.requireUniqueNames && names.has(name)) errors.push(duplicate(at.child('name'), name));
    if (name !== '') names.add(name);
    return errors;
  });
}

function validateWebhook(webhook: Webhook, options: Options, at: Path): FieldError[] {
  const { name = '', rules = [], sideEffects, timeoutSeconds, matchConditions = [] } = webhook;
  const errors = qualifiedHookName(name, at.child('name'));
  for (const [index, rule] of rules.entries()) errors.push(...validateRule(rule, at.child('rules').index(index)));
  errors.push(...optionalOneOf(at.child('failurePolicy'), webhook.failurePolicy, ['Fail', 'Ignore']));
  errors.push(...optionalOneOf(at.child('matchPolicy'), webhook.matchPolicy, ['Equivalent', 'Exact']));
  const allowed = options.requireNoSideEffects ? harmless : [...harmless, 'Some', 'Unknown'];
  if (sideEffects == null) errors.push(required(at.child('sideEffects'), `must specify one of ${allowed.join(', ')}`));
  else if (!allowed.includes(sideEffects)) errors.push(notSupported(at.child('sideEffects'), sideEffects, allowed));
  if (timeoutSeconds != null && (timeoutSeconds > 30 || timeoutSeconds < 1)) {
    const message = 'the timeout value must be between 1 and 30 seconds';
    errors.push(invalidValue(at.child('timeoutSeconds'), timeoutSeconds, message));
  }
  for (const selector of ['namespaceSelector', 'objectSelector'] as const) {
    const found = validateLabelSelector(webhook[selector], at.child(selector));
    errors.push(...found.filter(({ field }) => !(options.allowInvalidLabelValues && field.includes('.values['))));
  }
  errors.push(...optionalOneOf(at.child('reinvocationPolicy'), webhook.reinvocationPolicy, ['IfNeeded', 'Never']));
  errors.push(...validateClientConfig(webhook.clientConfig ?? {}, at.child('clientConfig')));
  if (options.ignoreMatchConditions || matchConditions.length === 0) return errors;
  const compileErrors = compilePolicySpec({ matchConditions }).errors;
  return [...errors, ...validateMatchConditions(matchConditions, compileErrors, at.child('matchConditions'))];
}

function qualifiedHookName(name: string, at: Path): FieldError[] {
  if (name === '') return [required(at)];
  const messages = dns1123Subdomain(name);
  if (messages.length > 0) return [invalidValue(at, name, messages.join(','))];
  if (name.split('.').length >= 3) return [];
  return [invalidValue(at, name, 'should be a domain with at least three segments separated by dots')];
}

function validateReviewVersions(versions: readonly string[], options: Options, at: Path): FieldError[] {
  if (versions.length === 0) return [required(at, `must specify one of ${reviewVersions.join(', ')}`)];
  const seen = new Set<string>();
  const errors: FieldError[] = [];
  for (const [index, version] of versions.entries()) {
    if (seen.has(version)) errors.push(invalidValue(at.index(index), version, 'duplicate version'));
    else for (const message of dns1035Label(version)) errors.push(invalidValue(at.index(index), version, message));
    seen.add(version);
  }
  if (options.requireKnownReviewVersion && !versions.some(isKnown))
    errors.push(invalidValue(at, versions, `must include at least one of ${reviewVersions.join(', ')}`));
  return errors;
}
