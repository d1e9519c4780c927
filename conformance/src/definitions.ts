/** CustomResourceDefinitions of a promise's own: made, awaited, and gone when it is over. */
import assert from 'node:assert/strict';
import type { PromiseContext } from './context.ts';

export const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
export const merge = { 'content-type': 'application/merge-patch+json' };
export const jsonPatch = { 'content-type': 'application/json-patch+json' };
export const apply = { 'content-type': 'application/apply-patch+yaml' };

export interface Condition {
  type: string;
  status: string;
  reason?: string;
  message?: string;
}

export interface Definition {
  metadata: { name: string; resourceVersion?: string };
  spec: { group: string; names: { plural: string; kind: string }; versions: { name: string }[] };
  status?: { conditions?: Condition[]; storedVersions?: string[]; acceptedNames?: { plural?: string } };
}

export async function until(context: PromiseContext, what: () => Promise<boolean>): Promise<void> {
  while (!(await what())) {
    context.signal.throwIfAborted();
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** A namespaced kind, in a group of the promise's own so that promises do not meet. */
export function definitionOf(
  context: PromiseContext,
  names: { plural: string; kind: string; shortNames?: string[] },
  versions: object[],
  more: object = {},
) {
  const group = `${context.namespace}.example.com`;
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${names.plural}.${group}` },
    spec: { group, scope: 'Namespaced', names, versions, ...more },
  };
}

export function versionOf(name: string, openAPIV3Schema: object, more: object = {}): { name: string } {
  return { name, served: true, storage: true, schema: { openAPIV3Schema }, ...more } as { name: string };
}

export interface Served {
  group: string;
  name: string;
  kind: string;
  /** Of the first version. */
  collection: string;
  /** The collection of another version. */
  at(version: string): string;
}

/** Creates the definition and waits until its first version answers. */
export async function establish(
  context: PromiseContext,
  definition: { metadata: { name: string }; spec: object },
): Promise<Served> {
  const { name } = definition.metadata;
  context.onCleanup(async () => {
    await context.http.request('DELETE', `${definitions}/${name}`);
  });
  const made = await context.http.request('POST', definitions, { body: definition, signal: context.signal });
  assert.equal(made.status, 201, made.text());
  const { group, names, versions } = made.json<Definition>().spec;
  const at = (version: string): string => `/apis/${group}/${version}/namespaces/${context.namespace}/${names.plural}`;
  const collection = at(versions[0]!.name);
  await until(context, async () => {
    const { status } = (await context.http.request('GET', `${definitions}/${name}`)).json<Definition>();
    return (status?.conditions ?? []).some((each) => each.type === 'Established' && each.status === 'True');
  });
  await until(context, async () => (await context.http.request('GET', collection)).status === 200);
  return { group, name, kind: names.kind, collection, at };
}
