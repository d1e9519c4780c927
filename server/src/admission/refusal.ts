import {
  forbidden,
  formatGroupResource,
  isForbidden,
  notFound,
  type StatusError,
  statusErrorFrom,
} from '@typernetes/openapi/meta';
import type { AdmissionAttributes } from './admission.ts';

/** The 403 of admission: names the object as well as it can be named before it has a name. */
export function refuse(attributes: AdmissionAttributes, reason: string | Error): StatusError {
  if (isForbidden(reason)) return reason;
  const { name: own, generateName } = attributes.object?.metadata ?? {};
  const name = attributes.name || own || generateName || 'Unknown';
  return forbidden(attributes.resource, name, typeof reason === 'string' ? reason : reason.message);
}

/** What upstream's plugins return without making a Status of it: 500, and no reason. */
export function plainError(message: string): StatusError {
  return statusErrorFrom({ status: 'Failure', code: 500, message });
}

/** As upstream's caches tell of what they do not have: `resource` in the singular. */
export function missing(resource: string, name: string, group = ''): StatusError {
  return notFound({ group, resource }, name);
}

/** Whether the request is about this resource: `pods`, `pods/status`, `leases.coordination.k8s.io`. */
export function concerns(attributes: AdmissionAttributes, what: string): boolean {
  const full = formatGroupResource(attributes.resource);
  return what === (attributes.subresource === '' ? full : `${full}/${attributes.subresource}`);
}
