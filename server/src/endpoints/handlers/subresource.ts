import { methodNotSupported } from '@typernetes/openapi/meta';
import { EntryView } from '../../registry/generic/entry-view.ts';
import { negotiateOutput } from '../negotiation.ts';
import { presentAsTable } from '../present.ts';
import type { RequestContext } from '../request-context.ts';
import {
  type HandlerDependencies,
  hasTable,
  type ResourceEndpoint,
  restContext,
  type SubresourceEndpoint,
} from '../resource-endpoint.ts';
import { parseIncludeObject } from '../table.ts';
import { sendEntry, sendObject } from './operation.ts';

/** GET of a subresource: its own answer, a view of the parent, or (status) the parent itself. */
export async function handleSubresourceGet(
  context: RequestContext,
  endpoint: ResourceEndpoint,
  dependencies: HandlerDependencies,
  subresource: SubresourceEndpoint,
): Promise<void> {
  const format = negotiateOutput(context, hasTable(endpoint, subresource), endpoint.untyped);
  const { name, namespace } = context.info;
  const { registration } = subresource;
  if (registration?.get !== undefined) {
    const answer = await registration.get(name, restContext(context, dependencies, false));
    await sendObject(context, 200, format, answer);
    return;
  }
  const { store } = endpoint;
  if (store === undefined) throw methodNotSupported({ group: endpoint.group, resource: endpoint.resource }, 'get');
  const entry = await store.get(namespace, name, context.query.get('resourceVersion') ?? '', context.signal);
  if (registration?.view !== undefined) {
    const view = registration.view(EntryView.of(entry).parse());
    const { convert } = format;
    const shown =
      convert?.kind === 'Table' && registration.table !== undefined
        ? presentAsTable(
            view,
            registration.table,
            convert.apiVersion,
            parseIncludeObject(context.query),
            dependencies.now(),
          )
        : view;
    await sendObject(context, 200, format, shown);
  } else await sendEntry(context, endpoint, dependencies, 200, entry, format);
}
