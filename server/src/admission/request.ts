/** The AdmissionRequest that webhooks are sent and expressions read as `request`. */
import type { GroupVersionKind, GroupVersionResource, JsonValue } from '@typernetes/openapi/meta';
import type { UserInfo } from '../authentication/authenticator.ts';
import type { AdmissionAttributes } from './admission.ts';

type Json = { [key: string]: JsonValue };

/** `resource` and `kind` are those that were matched; what the client asked for is told beside them. */
export function admissionRequest(
  attributes: AdmissionAttributes,
  resource: GroupVersionResource,
  kind: GroupVersionKind,
): Json {
  const { subresource, name, namespace, options } = attributes;
  const below: Json = subresource === '' ? {} : { subResource: subresource, requestSubResource: subresource };
  return {
    kind: gvk(kind),
    resource: gvr(resource),
    requestKind: gvk(attributes.kind),
    requestResource: gvr(attributes.resource),
    ...below,
    ...(name === '' ? {} : { name }),
    ...(namespace === '' ? {} : { namespace }),
    operation: attributes.operation,
    userInfo: userInfo(attributes.user),
    dryRun: attributes.dryRun,
    options: Object.keys(options).length === 0 ? null : withoutAbsent(options),
  };
}

const gvk = ({ group, version, kind }: GroupVersionKind): Json => ({ group, version, kind });
const gvr = ({ group, version, resource }: GroupVersionResource): Json => ({ group, version, resource });

function withoutAbsent(options: Readonly<Record<string, unknown>>): Json {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Json;
}

function userInfo({ name, uid = '', groups, extra = {} }: UserInfo): Json {
  return {
    ...(name === '' ? {} : { username: name }),
    ...(uid === '' ? {} : { uid }),
    ...(groups.length === 0 ? {} : { groups: [...groups] }),
    ...(Object.keys(extra).length === 0
      ? {}
      : { extra: Object.fromEntries(Object.entries(extra).map(([key, values]) => [key, [...values]])) }),
  };
}
