/** Whether a webhook is called for a request, and in which version. */
import {
  forbidden,
  type GroupVersionKind,
  type GroupVersionResource,
  internalError,
  type JsonValue,
} from '@typernetes/openapi/meta';
import type { Authorizer } from '../../authorization/authorizer.ts';
import { evaluateMatchConditions } from '../../cel/index.ts';
import type { AdmissionAttributes } from '../admission.ts';
import { ruleMatches } from '../matching/rules.ts';
import { namespaceSelected, objectSelected, type RequestNamespace } from '../matching/selectors.ts';
import type { AdmissionMetrics } from '../metrics.ts';
import type { AdmissionObjects } from '../objects.ts';
import { admissionRequest } from '../request.ts';
import type { Versions } from '../versioned.ts';
import type { WebhookType } from '../webhook-metrics.ts';
import type { Hook } from './hook.ts';

export interface Invocation {
  resource: GroupVersionResource;
  kind: GroupVersionKind;
}

export interface MatchDependencies {
  objects: AdmissionObjects;
  authorizer: Authorizer;
  metrics?: AdmissionMetrics;
}

/** Undefined: it is not called. Throws a StatusError where that cannot be told, but only if its rules match. */
export async function invocationOf(
  hook: Hook,
  type: WebhookType,
  attributes: AdmissionAttributes,
  versions: Versions,
  namespace: RequestNamespace,
  dependencies: MatchDependencies,
): Promise<Invocation | undefined> {
  const { object } = versions;
  const invocation = matchedRule(hook, attributes, dependencies.objects);
  if (invocation === undefined) return undefined;
  const byNamespace = await namespaceSelected(hook.namespaceSelector, attributes, namespace, object);
  if (!byNamespace.matches && byNamespace.error === undefined) return undefined;
  const byObject = objectSelected(hook.objectSelector, object, attributes.oldObject);
  if (!byObject.matches && byObject.error === undefined) return undefined;
  const error = byNamespace.error ?? byObject.error;
  if (error !== undefined) throw error;
  return (await conditionsHold(hook, type, invocation, attributes, versions, dependencies)) ? invocation : undefined;
}

function matchedRule(
  { webhook }: Hook,
  attributes: AdmissionAttributes,
  objects: AdmissionObjects,
): Invocation | undefined {
  const { resource, subresource, kind } = attributes;
  const rules = webhook.rules ?? [];
  if (rules.some((rule) => ruleMatches(rule, attributes))) return { resource, kind };
  if (webhook.matchPolicy !== 'Equivalent' || rules.length === 0) return undefined;
  const equivalents = objects
    .equivalents(resource, subresource)
    .filter((each) => !sameVersion(each.resource, resource));
  for (const rule of rules) {
    const found = equivalents.find((each) => ruleMatches(rule, { ...subjectOf(attributes), resource: each.resource }));
    if (found !== undefined) return found;
  }
  return undefined;
}

function sameVersion(left: GroupVersionResource, right: GroupVersionResource): boolean {
  return left.group === right.group && left.version === right.version && left.resource === right.resource;
}

export function subjectOf({ operation, resource, subresource, namespace }: AdmissionAttributes) {
  return { operation, resource, subresource, namespace };
}

async function conditionsHold(
  { conditions, webhook }: Hook,
  type: WebhookType,
  { resource, kind }: Invocation,
  attributes: AdmissionAttributes,
  versions: Versions,
  { authorizer, metrics }: MatchDependencies,
): Promise<boolean> {
  if (conditions === undefined) return true;
  const versioned = await versions.as(kind).catch((error: unknown) => {
    throw internalError((error as Error).message);
  });
  const started = performance.now();
  const result = await evaluateMatchConditions(conditions, {
    object: versioned.object as JsonValue | undefined,
    oldObject: versioned.oldObject as JsonValue | undefined,
    request: admissionRequest(attributes, resource, kind),
    authorizer: { authorizer, user: attributes.user },
  });
  metrics?.webhooks.conditions(webhook.name, 'webhook', type, attributes.operation, {
    seconds: (performance.now() - started) / 1000,
    errors: result.errors,
    excluded: result.matches === false || (result.matches === undefined && webhook.failurePolicy === 'Ignore'),
  });
  if (result.matches !== undefined) return result.matches;
  if (webhook.failurePolicy === 'Ignore') return false;
  throw forbidden(attributes.resource, attributes.name, result.error);
}
