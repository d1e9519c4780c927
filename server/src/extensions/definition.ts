/** A CustomResourceDefinition as this server reads it, and its conditions. */
import { formatTime, type KubernetesObject } from '@typernetes/openapi/meta';
import type { WebhookClientConfig } from '../webhooks/index.ts';
import type { Structural } from './schema/index.ts';

export const definitions = { group: 'apiextensions.k8s.io', resource: 'customresourcedefinitions' };
export const cleanupFinalizer = 'customresourcecleanup.apiextensions.k8s.io';

export interface Names {
  plural: string;
  singular?: string;
  kind: string;
  listKind?: string;
  shortNames?: string[];
  categories?: string[];
}

export interface PrinterColumn {
  name: string;
  type: 'string' | 'integer' | 'number' | 'boolean' | 'date';
  format?: string;
  description?: string;
  priority?: number;
  jsonPath: string;
}

export interface ScaleSubresource {
  specReplicasPath: string;
  statusReplicasPath: string;
  labelSelectorPath?: string;
}

export interface Version {
  name: string;
  served: boolean;
  storage: boolean;
  deprecated?: boolean;
  deprecationWarning?: string;
  schema?: { openAPIV3Schema?: Structural };
  subresources?: { status?: object; scale?: ScaleSubresource };
  additionalPrinterColumns?: PrinterColumn[];
  selectableFields?: { jsonPath: string }[];
}

export interface Condition {
  type: string;
  status: 'True' | 'False' | 'Unknown';
  reason?: string;
  message?: string;
  lastTransitionTime?: string;
}

export interface Definition extends KubernetesObject {
  spec: {
    group: string;
    scope: 'Cluster' | 'Namespaced';
    names: Names;
    versions: Version[];
    preserveUnknownFields?: boolean;
    conversion?: {
      strategy: 'None' | 'Webhook';
      webhook?: {
        clientConfig?: WebhookClientConfig;
        conversionReviewVersions?: string[];
      };
    };
  };
  status?: { conditions?: Condition[] | null; acceptedNames?: Partial<Names>; storedVersions?: string[] };
}

export function condition(definition: Readonly<Definition>, type: string): Condition | undefined {
  return definition.status?.conditions?.find((each) => each.type === type);
}

export function isTrue(definition: Readonly<Definition>, type: string): boolean {
  return condition(definition, type)?.status === 'True';
}

/** Sets a condition; the transition time changes with the status only. */
export function setCondition(definition: Definition, given: Condition, now: Date): void {
  const conditions = ((definition.status ??= {}).conditions ??= []);
  const index = conditions.findIndex((each) => each.type === given.type);
  const old = conditions[index];
  const same = old?.status === given.status && old.lastTransitionTime !== undefined;
  const next = { ...given, lastTransitionTime: same ? old.lastTransitionTime! : formatTime(now) };
  if (index === -1) conditions.push(next);
  else conditions[index] = next;
}

export function removeCondition(definition: Definition, type: string): void {
  const { status } = definition;
  if (status?.conditions) status.conditions = status.conditions.filter((each) => each.type !== type);
}
