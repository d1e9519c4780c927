/** Off by default: setting owners takes the right to delete, blocking an owner's deletion the right to finalize it. */
import { findKind } from '@typernetes/openapi/catalogue';
import { type GroupVersionKind, type OwnerReference, parseApiVersion } from '@typernetes/openapi/meta';
import { deepEqual } from '@typernetes/openapi/schema';
import type { AuthorizerAttributes } from '../../authorization/authorizer.ts';
import type { AdmissionAttributes, AdmissionPlugin } from '../admission.ts';
import type { AdmissionDependencies } from '../dependencies.ts';
import { refuse } from '../refusal.ts';

export function ownerReferencesPermissionEnforcement({ authorizer, objects }: AdmissionDependencies): AdmissionPlugin {
  const may = async (
    attributes: AdmissionAttributes,
    asked: Partial<AuthorizerAttributes>,
  ): Promise<string | undefined> => {
    const { decision, reason } = await authorizer.authorize({
      user: attributes.user,
      verb: 'update',
      resourceRequest: true,
      path: '',
      namespace: '',
      apiGroup: '*',
      apiVersion: '*',
      resource: '*',
      subresource: 'finalizers',
      name: '*',
      ...asked,
    });
    return decision === 'allow' ? undefined : reason;
  };
  return {
    name: 'OwnerReferencesPermissionEnforcement',
    handles: (operation) => operation === 'CREATE' || operation === 'UPDATE',
    async validate(attributes) {
      const { resource, subresource } = attributes;
      if (resource.group === '' && resource.resource === 'pods' && subresource === 'status') return;
      const owners = attributes.object?.metadata?.ownerReferences ?? [];
      const oldOwners = attributes.oldObject?.metadata?.ownerReferences ?? [];
      if (deepEqual(owners, oldOwners)) return;
      if (attributes.operation !== 'CREATE') {
        const refusal = await may(attributes, {
          verb: 'delete',
          namespace: attributes.namespace,
          apiGroup: resource.group,
          apiVersion: resource.version,
          resource: resource.resource,
          subresource,
          name: attributes.name,
        });
        if (refusal !== undefined)
          throw refuse(attributes, `cannot set an ownerRef on a resource you can't delete: ${refusal}, <nil>`);
      }
      const blocking = newlyBlocking(owners, oldOwners);
      if (blocking.length === 0 || (await may(attributes, {})) === undefined) return;
      for (const owner of blocking) {
        const { group, version } = parseApiVersion(owner.apiVersion);
        const found = scopeOf({ group, version, kind: owner.kind }, objects);
        if (found === undefined) {
          throw refuse(
            attributes,
            `cannot set blockOwnerDeletion in this case because cannot find RESTMapping for APIVersion ${owner.apiVersion} Kind ${owner.kind}: no matches for kind "${owner.kind}" in version "${owner.apiVersion}"`,
          );
        }
        const refusal = await may(attributes, {
          namespace: found.namespaced ? attributes.namespace : '',
          apiGroup: group,
          apiVersion: version,
          resource: found.resource,
          name: owner.name,
        });
        if (refusal !== undefined) {
          throw refuse(
            attributes,
            `cannot set blockOwnerDeletion if an ownerReference refers to a resource you can't set finalizers on: ${refusal}, <nil>`,
          );
        }
      }
    },
  };
}

/** Of built-in kinds and of custom ones. */
function scopeOf(
  kind: GroupVersionKind,
  objects: AdmissionDependencies['objects'],
): { resource: string; namespaced: boolean } | undefined {
  const custom = objects?.params(kind);
  return findKind(kind) ?? (custom && { resource: custom.resource.resource, namespaced: custom.namespaced });
}

function newlyBlocking(owners: readonly OwnerReference[], old: readonly OwnerReference[]): OwnerReference[] {
  const blocked = new Set(old.filter((owner) => owner.blockOwnerDeletion === true).map((owner) => owner.uid));
  return owners.filter((owner) => owner.blockOwnerDeletion === true && !blocked.has(owner.uid));
}
