/** Subresources that take the connection over: log, exec, attach, portforward, proxy. */
import { badRequest, methodNotSupported } from '@typernetes/openapi/meta';
import { negotiateOutput } from '../negotiation.ts';
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
  // Logs are read, not connected to, even though their answer is a stream.
  const isRead = subresource.name === 'log';
  if (isRead) negotiateOutput(context, false);
  const options = connectOptions(subresource.kind.kind, context.query, subpath(context));
  const request: AdmissionRequest = {
    operation: 'CONNECT',
    kind: subresource.kind,
    options: {},
    dryRun: false,
    name: info.name,
  };
  const attributes = admissionAttributes(context, request, options, undefined);
  if (!isRead) {
    await dependencies.admission.mutate(attributes);
    await dependencies.admission.validate(attributes);
  }
  context.outcome = { code: 200, bytes: 0 };
  await connect(info.name, subpath(context), restContext(context, dependencies, false));
}

/** What follows the subresource in the path, decoded, with the slash at its end if there is one. */
function subpath({ info }: RequestContext): string {
  const below = info.parts.slice(3).join('/');
  const path = below === '' || below.startsWith('/') ? below : `/${below}`;
  return info.path.endsWith('/') && !path.endsWith('/') ? `${path}/` : path;
}
