/** Namespace and object selectors of webhooks and policies. */
import {
  internalError,
  isNotFound,
  type KubernetesObject,
  type LabelSelectorObject,
  notFound,
  type Selector,
  StatusError,
  selectorFromLabelSelector,
} from '@typernetes/openapi/meta';
import type { Namespace } from '@typernetes/openapi/types/core/v1';
import type { RegistryReader } from '../../registry/generic/rest.ts';
import type { AdmissionAttributes } from '../admission.ts';

/** Parsed once per configuration; what cannot be parsed is told when a request would need it. */
export type ParsedSelector = { selector: Selector; error?: undefined } | { selector?: undefined; error: StatusError };

export function parseSelector(selector: LabelSelectorObject | undefined): ParsedSelector {
  try {
    return { selector: selectorFromLabelSelector(selector) };
  } catch (error) {
    return { error: internalError((error as Error).message) };
  }
}

/** The request's Namespace, read at most once. */
export class RequestNamespace {
  readonly #attributes: AdmissionAttributes;
  readonly #registry: RegistryReader;
  #found: Promise<Namespace> | undefined;

  constructor(attributes: AdmissionAttributes, registry: RegistryReader) {
    this.#attributes = attributes;
    this.#registry = registry;
  }

  get(): Promise<Namespace> {
    return (this.#found ??= this.#read());
  }

  async #read(): Promise<Namespace> {
    const { namespace } = this.#attributes;
    const resource = { group: '', resource: 'namespaces' };
    const found = await this.#registry.get<Namespace>(resource, '', namespace);
    if (found === undefined) throw notFound(resource, namespace);
    return found;
  }

  /** What `namespaceObject` is in expressions: nothing for requests about Namespaces and what is in none. */
  async forExpressions(): Promise<Namespace | undefined> {
    const { kind, namespace } = this.#attributes;
    const isNamespace = kind.group === '' && kind.version === 'v1' && kind.kind === 'Namespace';
    return namespace === '' || isNamespace ? undefined : this.get();
  }

  /** Of the object itself where a Namespace is written: what is stored may be older. `object` is the current one. */
  async labels(object: KubernetesObject | undefined): Promise<Record<string, string> | undefined> {
    const { operation, resource, subresource } = this.#attributes;
    const written = operation === 'CREATE' || operation === 'UPDATE';
    if (resource.resource === 'namespaces' && subresource === '' && written) return object?.metadata?.labels;
    return (await this.get()).metadata?.labels;
  }
}

export type SelectorResult = { matches: boolean; error?: undefined } | { matches: false; error: StatusError };

export async function namespaceSelected(
  { selector, error }: ParsedSelector,
  attributes: AdmissionAttributes,
  namespace: RequestNamespace,
  object: KubernetesObject | undefined,
): Promise<SelectorResult> {
  if (attributes.namespace === '' && attributes.resource.resource !== 'namespaces') return { matches: true };
  if (selector === undefined) return { matches: false, error };
  if (selector.empty()) return { matches: true };
  try {
    return { matches: selector.matches(await namespace.labels(object)) };
  } catch (failure) {
    const known = isNotFound(failure) && failure instanceof StatusError;
    return { matches: false, error: known ? failure : internalError((failure as Error).message) };
  }
}

/** Either of the objects may be selected. */
export function objectSelected(
  { selector, error }: ParsedSelector,
  object: KubernetesObject | undefined,
  oldObject: Readonly<KubernetesObject> | undefined,
): SelectorResult {
  if (selector === undefined) return { matches: false, error };
  if (selector.empty()) return { matches: true };
  const selected = (each: Readonly<KubernetesObject> | undefined): boolean =>
    each !== undefined && selector.matches(each.metadata?.labels);
  return { matches: selected(object) || selected(oldObject) };
}
