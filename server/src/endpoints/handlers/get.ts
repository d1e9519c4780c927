import { encodeForStorage } from '@typernetes/openapi/codec';
import {
  badRequest,
  type FieldSelector,
  fieldSelector,
  methodNotSupported,
  notFound,
  quote,
} from '@typernetes/openapi/meta';
import { EntryView } from '../../registry/generic/entry-view.ts';
import type { ListPage } from '../../registry/generic/listing.ts';
import { type ListOptions, parseListOptions } from '../../registry/generic/options.ts';
import { selectionOf } from '../../registry/generic/selection.ts';
import type { Entry } from '../../storage/storage.ts';
import { note } from '../../tracing/index.ts';
import { negotiateOutput } from '../negotiation.ts';
import { presentList } from '../present.ts';
import type { RequestContext } from '../request-context.ts';
import { type HandlerDependencies, type ResourceEndpoint, restContext } from '../resource-endpoint.ts';
import { parseIncludeObject } from '../table.ts';
import { sendEncoded, sendEntry } from './operation.ts';

export async function handleGet(
  context: RequestContext,
  endpoint: ResourceEndpoint,
  dependencies: HandlerDependencies,
): Promise<void> {
  const format = negotiateOutput(context, true, endpoint.untyped);
  const { namespace, name } = context.info;
  if (endpoint.store === undefined) {
    const found = (await virtualEntries(context, endpoint, dependencies)).find(
      (entry) => EntryView.of(entry).attributes(endpoint.reader).name === name,
    );
    const missing = endpoint.registration?.missingName ?? endpoint.resource;
    if (found === undefined) throw notFound({ group: endpoint.group, resource: missing }, name);
    await sendEntry(context, endpoint, dependencies, 200, found, format);
    return;
  }
  note('About to Get from storage');
  const entry = await endpoint.store.get(namespace, name, context.query.get('resourceVersion') ?? '', context.signal);
  await sendEntry(context, endpoint, dependencies, 200, entry, format);
}

/** Objects made up for this request, as if they had been stored at no revision. */
async function virtualEntries(
  context: RequestContext,
  endpoint: ResourceEndpoint,
  dependencies: HandlerDependencies,
): Promise<Entry[]> {
  const { registration } = endpoint;
  if (registration?.virtualList === undefined) {
    throw methodNotSupported({ group: endpoint.group, resource: endpoint.resource }, context.info.verb);
  }
  const objects = await registration.virtualList(restContext(context, dependencies, false));
  return objects.map((object) => ({ key: '', value: encodeForStorage(object), createRevision: 0, modRevision: 0 }));
}

async function virtualPage(
  context: RequestContext,
  endpoint: ResourceEndpoint,
  dependencies: HandlerDependencies,
  options: ListOptions,
): Promise<ListPage> {
  const entries = await virtualEntries(context, endpoint, dependencies);
  const selection = selectionOf(endpoint.reader, options.labelSelector, options.fieldSelector);
  return {
    entries: selection === undefined ? entries : entries.filter(selection),
    revision: 0,
    continue: undefined,
    remaining: undefined,
  };
}

/** The options of a list or watch. Field labels must be known to the kind; a name in the path is a selector. */
export function listOptions(context: RequestContext, endpoint: ResourceEndpoint, forceWatch: boolean): ListOptions {
  const options = parseListOptions(context.query, forceWatch);
  if (options.fieldSelector !== undefined) options.fieldSelector = storeSelector(options.fieldSelector, endpoint);
  const { name } = context.info;
  if (name !== '') {
    const selected = options.fieldSelector?.requiresExactMatch('metadata.name');
    if (options.fieldSelector !== undefined && !options.fieldSelector.empty() && selected !== name) {
      throw badRequest("fieldSelector metadata.name doesn't match requested name");
    }
    options.fieldSelector ??= fieldSelector([{ field: 'metadata.name', operator: '=', value: name }]);
  }
  return options;
}

/** Kinds with labels of their own say it otherwise than the rest. */
function unknownFieldLabel(label: string, endpoint: ResourceEndpoint): string {
  if (endpoint.store?.definition.selectableFields === undefined && endpoint.untyped !== true)
    return `${quote(label)} is not a known field selector: only "metadata.name", "metadata.namespace"`;
  if (endpoint.group === 'batch') return `field label ${quote(label)} not supported for ${endpoint.kind}`;
  if (endpoint.group === 'resource.k8s.io')
    return `field label not supported for ${endpoint.group}/${endpoint.version}, Kind=${endpoint.kind}: ${label}`;
  return `field label not supported: ${label}`;
}

/** The selector in the store's own labels; throws on a label that the kind does not know. */
function storeSelector(selector: FieldSelector, endpoint: ResourceEndpoint): FieldSelector {
  const known = endpoint.store?.definition.selectableFields ?? {};
  let renamed = false;
  const requirements = selector.requirements.map((requirement) => {
    const field = endpoint.fieldLabel === undefined ? requirement.field : endpoint.fieldLabel(requirement.field);
    const generic = field === 'metadata.name' || (field === 'metadata.namespace' && endpoint.namespaced);
    if (field === undefined || (!generic && !Object.hasOwn(known, field))) {
      throw badRequest(unknownFieldLabel(requirement.field, endpoint));
    }
    renamed ||= field !== requirement.field;
    return { ...requirement, field };
  });
  return renamed ? fieldSelector(requirements) : selector;
}

export async function handleList(
  context: RequestContext,
  endpoint: ResourceEndpoint,
  dependencies: HandlerDependencies,
): Promise<void> {
  if (!endpoint.verbs.has('list')) {
    throw methodNotSupported({ group: endpoint.group, resource: endpoint.resource }, 'list');
  }
  const format = negotiateOutput(context, true, endpoint.untyped);
  const options = listOptions(context, endpoint, false);
  const include = parseIncludeObject(context.query);
  const page =
    endpoint.store === undefined
      ? await virtualPage(context, endpoint, dependencies, options)
      : await endpoint.store.list(context.info.namespace, options, context.signal);
  const parts = presentList(page, endpoint, format, include, dependencies.now());
  await sendEncoded(context, 200, format, parts);
}
