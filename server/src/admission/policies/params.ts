/** The objects by which a binding parameterises its policy. */
import {
  type GroupVersionKind,
  type KubernetesObject,
  type Selector,
  selectorFromLabelSelector,
} from '@typernetes/openapi/meta';
import type { ParamRef } from '@typernetes/openapi/types/admissionregistration/v1';
import { type AdmissionObjects, kindText, type ParamReader } from '../objects.ts';

/** Throws an Error where the policy's kind is not served. */
export function paramReaderOf(kind: GroupVersionKind | undefined, objects: AdmissionObjects): ParamReader | undefined {
  if (kind === undefined) return undefined;
  const reader = objects.params(kind);
  if (reader === undefined) throw new Error(`failed to find resource referenced by paramKind: '${kindText(kind)}'`);
  return reader;
}

/**
 * One evaluation for each: [undefined] where there are no parameters to have, none where there could be but are not and
 * the binding allows that. Throws an Error where the binding is not usable.
 */
export async function collectParams(
  reader: ParamReader | undefined,
  paramRef: Readonly<ParamRef> | undefined,
  requestNamespace: string,
): Promise<(KubernetesObject | undefined)[]> {
  if (reader === undefined || paramRef === undefined) return [undefined];
  const { name = '', namespace = '', selector, parameterNotFoundAction } = paramRef;
  let within = '';
  if (reader.namespaced) {
    within = namespace || requestNamespace;
    if (within === '')
      throw new Error('cannot use namespaced paramRef in policy binding that matches cluster-scoped resources');
  } else if (namespace !== '') {
    throw new Error('paramRef.namespace must not be provided for a cluster-scoped `paramKind`');
  }
  const params =
    name === '' ? await reader.list(within, parse(selector)) : [await reader.get(within, name)].filter(isPresent);
  if (params.length === 0 && parameterNotFoundAction === 'Deny')
    throw new Error('no params found for policy binding with `Deny` parameterNotFoundAction');
  return params;
}

function parse(selector: ParamRef['selector']): Selector {
  if (selector === undefined) throw new Error('one of name or selector must be provided');
  return selectorFromLabelSelector(selector);
}

const isPresent = (object: KubernetesObject | undefined): object is KubernetesObject => object !== undefined;
