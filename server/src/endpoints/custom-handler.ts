/** Custom resources have one handler for all paths upstream: what it does with a request follows from its verb alone. */
import { badRequest, methodNotSupported, notFound } from '@typernetes/openapi/meta';
import { handleCreate } from './handlers/create.ts';
import { handleDelete, handleDeleteCollection } from './handlers/delete.ts';
import { handleGet, handleList } from './handlers/get.ts';
import { handlePatch } from './handlers/patch.ts';
import { handleSubresourceGet } from './handlers/subresource.ts';
import { handleUpdate } from './handlers/update.ts';
import { handleWatch } from './handlers/watch.ts';
import { negotiatePatch } from './negotiation.ts';
import type { Handler, RequestContext } from './request-context.ts';
import type { HandlerDependencies, ResourceEndpoint, SubresourceEndpoint } from './resource-endpoint.ts';

type Handle = (
  context: RequestContext,
  endpoint: ResourceEndpoint,
  dependencies: HandlerDependencies,
  subresource?: SubresourceEndpoint,
) => Promise<void>;

const handlers: Readonly<Record<string, Handle>> = {
  get: handleGet,
  list: handleList,
  watch: handleWatch,
  create: handleCreate,
  update: named(handleUpdate),
  patch: named(handlePatch),
  delete: handleDelete,
  deletecollection: handleDeleteCollection,
};

const ofSubresources: Readonly<Record<string, Handle>> = {
  get: (context, endpoint, dependencies, subresource) =>
    handleSubresourceGet(context, endpoint, dependencies, subresource!),
  update: handleUpdate,
  patch: handlePatch,
};

/** Throws the Status of what there is not. */
export function customHandler(
  { info }: RequestContext,
  endpoint: ResourceEndpoint,
  dependencies: HandlerDependencies,
): Handler {
  const { group, resource } = endpoint;
  const subresource = info.subresource === '' ? undefined : endpoint.subresources.get(info.subresource);
  if (info.subresource !== '' && subresource === undefined) throw notFound({ group, resource }, info.name);
  const { verb } = info;
  const known = subresource === undefined ? handlers : ofSubresources;
  const handle = Object.hasOwn(known, verb) ? known[verb] : undefined;
  if (handle === undefined) throw methodNotSupported({ group, resource }, verb);
  return (context) => handle(context, endpoint, dependencies, subresource);
}

/** A patch is asked for its type before anything else. */
function named(handle: Handle): Handle {
  return (context, ...rest) => {
    if (context.info.name !== '') return handle(context, ...rest);
    if (context.info.verb === 'patch') negotiatePatch(context, true);
    throw badRequest('name must be provided');
  };
}
