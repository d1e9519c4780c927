/**
 * What kube-apiserver's routes ask of a request's media types before a handler sees it, in go-restful's words. It looks
 * at the types alone: parameters are the handler's, and of ranges it knows only the one of everything.
 */
import { genericServerResponse, type StatusError } from '@typernetes/openapi/meta';
import { patchTypesOf, streamedTypesOf, supportedBy } from './negotiation.ts';
import { header, type RequestContext } from './request-context.ts';
import type { ResourceEndpoint } from './resource-endpoint.ts';

const none = { group: '', resource: '' };
const refuse = (code: number, message: string): StatusError =>
  genericServerResponse(code, '', none, '', message, 0, false);

const namesOneOf = (value: string, types: readonly string[]): boolean =>
  value.split(',').some((each) => types.includes(each.split(';', 1)[0]!.trim()));

/** Throws 406 unless the client takes one of the types, or anything. */
export function confirmAccepted(context: RequestContext, produced: readonly string[]): void {
  const accept = header(context, 'accept');
  if (accept === '' || namesOneOf(accept, [...produced, '*/*'])) return;
  throw refuse(406, `406: Not Acceptable\n\nAvailable representations: ${produced.join(', ')}`);
}

/** Throws 415 or 406 where no route of a built-in resource would take the request. */
export function confirmMediaTypes(context: RequestContext, endpoint: ResourceEndpoint): void {
  const { info, method } = context;
  const isLog = info.subresource === 'log';
  if (!isLog && endpoint.subresources.get(info.subresource)?.registration?.connect !== undefined) return;
  if (method === 'PATCH' && !namesOneOf(header(context, 'content-type'), patchTypesOf(context)))
    throw refuse(415, '415: Unsupported Media Type');
  const whole = supportedBy(context);
  const lists = method === 'GET' && (info.parts.length === 1 || info.verbViaPathPrefix);
  if (isLog) confirmAccepted(context, ['text/plain', ...whole]);
  else confirmAccepted(context, lists ? [...whole, ...streamedTypesOf(context)] : whole);
}
