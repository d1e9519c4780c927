/** Subresources that take the connection over: log, exec, attach, portforward, proxy. */
import { badRequest, methodNotSupported } from '@typernetes/openapi/meta';
import type { RequestContext } from '../request-context.ts';
import {
  type HandlerDependencies,
  type ResourceEndpoint,
  restContext,
  type SubresourceEndpoint,
} from '../resource-endpoint.ts';
import { connectOptions } from './connect-options.ts';
import { type AdmissionRequest, admissionAttributes } from './operation.ts';

export async function handleConnect(
  context: RequestContext,
  endpoint: ResourceEndpoint,
  dependencies: HandlerDependencies,
  subresource: SubresourceEndpoint,
): Promise<void> {
  const connect = subresource.registration?.connect;
  if (connect === undefined) {
    throw methodNotSupported({ group: endpoint.group, resource: endpoint.resource }, context.method.toLowerCase());
  }
  if (context.query.has('dryRun')) throw badRequest('dryRun is not supported');
  const { info } = context;
  const options = connectOptions(subresource.kind.kind, context.query, subpath(context));
  const request: AdmissionRequest = {
    operation: 'CONNECT',
    kind: subresource.kind,
    options: {},
    dryRun: false,
    name: info.name,
  };
  const attributes = admissionAttributes(context, request, options, undefined);
  // Logs are read, not connected to, even though their answer is a stream.
  if (subresource.name !== 'log') {
    await dependencies.admission.mutate(attributes);
    await dependencies.admission.validate(attributes);
  }
  context.outcome = { code: 200, bytes: 0 };
  await connect(info.name, subpath(context), restContext(context, dependencies, false));
}

/** What follows the subresource in the path as sent, so that encoded characters reach the proxied server unchanged. */
function subpath(context: RequestContext): string {
  const raw = context.rawUrl.split('?', 1)[0]!;
  const segments = raw.split('/');
  // info.parts starts at the resource: resource, name, subresource, rest. An encoded slash makes one segment several parts.
  let end = context.path.length;
  while (context.path[end - 1] === '/') end--;
  const before = context.path.slice(0, end).split('/').length - (context.info.parts.length - 3);
  let passed = 0;
  let index = 0;
  for (; passed < before && index < segments.length; index++)
    passed += decodeURIComponent(segments[index]!).split('/').length;
  const rest = segments.slice(index);
  return rest.length === 0 ? '' : `/${rest.join('/')}`;
}
