/** What a manager applied, out of an object that holds what everyone did. */
import type { JsonObject, KubernetesObject } from '../../meta/object.ts';
import { decodeFields } from './fields-v1.ts';
import { extractItems } from './remove-items.ts';
import { asMap, type TypedNode } from './typed-node.ts';
import { assertTyped } from './validate.ts';

/**
 * The configuration as the manager last applied it, as far as it still owns it; undefined where it owns nothing. For
 * subresources that are part of the object (status), name them. Throws TypedValidationError where the object is not of
 * its type.
 */
export function extractApplied(
  object: KubernetesObject,
  node: TypedNode,
  manager: string,
  subresource = '',
): KubernetesObject | undefined {
  const value = object as JsonObject;
  assertTyped(node, value);
  const entry = object.metadata?.managedFields?.find(
    (candidate) =>
      candidate.manager === manager && candidate.operation === 'Apply' && (candidate.subresource ?? '') === subresource,
  );
  if (entry === undefined) return undefined;
  const extracted = asMap(extractItems(node, value, decodeFields(entry.fieldsV1).leaves())) ?? {};
  const { apiVersion, kind } = object;
  return {
    ...(apiVersion === undefined ? {} : { apiVersion }),
    ...(kind === undefined ? {} : { kind }),
    ...extracted,
  };
}
