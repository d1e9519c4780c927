/** What a kubelet's requests may carry: only its own node, its own pods, and nothing that would steer work to it. */

import { formatGroupResource, quote } from '@typernetes/openapi/meta';
import { deepEqual } from '@typernetes/openapi/schema';
import type { CertificateSigningRequest } from '@typernetes/openapi/types/certificates/v1';
import type { Node, PersistentVolumeClaim, Pod } from '@typernetes/openapi/types/core/v1';
import type { ResourceSlice } from '@typernetes/openapi/types/resource/v1';
import type { TokenRequest } from '../../authentication/service-account/token-request.ts';
import { nodeIdentity } from '../../authorization/node/node-identity.ts';
import { parseCertificateRequest, type RequestedSubject } from '../../certificates/index.ts';
import type { AdmissionAttributes, AdmissionPlugin } from '../admission.ts';
import type { AdmissionDependencies } from '../dependencies.ts';
import { missing, refuse } from '../refusal.ts';
import { referencedResource } from './mirror-pod-references.ts';
import { forbiddenNodeLabels, modifiedLabels } from './node-labels.ts';
import { mirrorPodAnnotation } from './pods.ts';
import { podUsesAudience, UnknownAudience } from './token-audiences.ts';

type Check = (
  node: string,
  attributes: AdmissionAttributes,
  dependencies: AdmissionDependencies,
) => void | Promise<void>;

export function nodeRestriction(dependencies: AdmissionDependencies): AdmissionPlugin {
  return {
    name: 'NodeRestriction',
    handles: (operation) => operation !== 'CONNECT',
    admit(attributes) {
      const node = nodeIdentity(attributes.user);
      if (node === undefined) return undefined;
      if (node === '') throw refuse(attributes, `could not determine node from user ${quote(attributes.user.name)}`);
      const check = checks[formatGroupResource(attributes.resource)];
      return check?.(node, attributes, dependencies) ?? undefined;
    },
  };
}

const checks: Readonly<Record<string, Check>> = {
  pods: checkPod,
  nodes: checkNode,
  persistentvolumeclaims: checkClaim,
  serviceaccounts: checkToken,
  'leases.coordination.k8s.io': (node, attributes) => {
    if (attributes.namespace !== 'kube-node-lease') {
      throw refuse(attributes, 'can only access leases in the "kube-node-lease" system namespace');
    }
    checkOwnName(node, attributes, 'node lease');
  },
  'csinodes.storage.k8s.io': (node, attributes) => checkOwnName(node, attributes, 'CSINode'),
  'resourceslices.resource.k8s.io': checkSlice,
  'certificatesigningrequests.certificates.k8s.io': checkCertificateRequest,
  'podcertificaterequests.certificates.k8s.io': (_node, attributes) => {
    throw refuse(attributes, 'PodCertificateRequest feature gate is disabled');
  },
};

async function checkPod(
  node: string,
  attributes: AdmissionAttributes,
  { registry }: AdmissionDependencies,
): Promise<void> {
  const shown = quote(node);
  const existing = async (): Promise<Pod> => {
    const found = await registry.get<Pod>(
      { group: '', resource: 'pods' },
      attributes.namespace,
      attributes.name || (attributes.object?.metadata?.name ?? ''),
    );
    if (found === undefined) throw missing('pod', attributes.name || (attributes.object?.metadata?.name ?? ''));
    return found;
  };
  switch (attributes.subresource) {
    case '':
      if (attributes.operation === 'CREATE') return checkMirrorPod(node, attributes, registry);
      if (attributes.operation !== 'DELETE') {
        throw refuse(
          attributes,
          `unexpected operation ${quote(attributes.operation)}, node ${shown} can only create and delete mirror pods`,
        );
      }
      if (((attributes.oldObject as Pod | undefined) ?? (await existing())).spec?.nodeName !== node) {
        throw refuse(attributes, `node ${shown} can only delete pods with spec.nodeName set to itself`);
      }
      return;
    case 'status':
      return checkPodStatus(node, attributes);
    case 'eviction':
      if (attributes.operation !== 'CREATE') throw refuse(attributes, `unexpected operation ${attributes.operation}`);
      if ((await existing()).spec?.nodeName !== node) {
        throw refuse(attributes, `node ${node} can only evict pods with spec.nodeName set to itself`);
      }
      return;
    default:
      throw refuse(
        attributes,
        `unexpected pod subresource ${quote(attributes.subresource)}, only 'status' and 'eviction' are allowed`,
      );
  }
}

async function checkMirrorPod(
  node: string,
  attributes: AdmissionAttributes,
  registry: AdmissionDependencies['registry'],
): Promise<void> {
  const pod = attributes.object as Pod;
  const shown = quote(node);
  const no = (reason: string): Error => refuse(attributes, reason);
  if (pod.metadata?.annotations?.[mirrorPodAnnotation] === undefined) {
    throw no(`pod does not have ${quote(mirrorPodAnnotation)} annotation, node ${shown} can only create mirror pods`);
  }
  if (pod.spec?.nodeName !== node) throw no(`node ${shown} can only create pods with spec.nodeName set to itself`);
  const [owner, ...others] = pod.metadata.ownerReferences ?? [];
  if (others.length > 0) throw no(`node ${shown} can only create pods with a single owner reference set to itself`);
  if (owner?.apiVersion !== 'v1' || owner.kind !== 'Node' || owner.name !== node) {
    throw no(`node ${shown} can only create pods with an owner reference set to itself`);
  }
  if (owner.controller !== true)
    throw no(`node ${shown} can only create pods with a controller owner reference set to itself`);
  if (owner.blockOwnerDeletion === true)
    throw no(`node ${shown} must not set blockOwnerDeletion on an owner reference`);
  const found = await registry.get<Node>({ group: '', resource: 'nodes' }, '', node);
  if (found === undefined) throw missing('node', node);
  if (found.metadata?.uid !== owner.uid)
    throw no(`node ${node} UID mismatch: expected ${owner.uid} got ${found.metadata?.uid ?? ''}`);
  let resource: string | undefined;
  try {
    resource = referencedResource(pod);
  } catch (error) {
    throw no(`error checking mirror pod for API references: ${(error as Error).message}`);
  }
  if (resource !== undefined) throw no(`node ${shown} can not create pods that reference ${resource}`);
}

function checkPodStatus(node: string, attributes: AdmissionAttributes): void {
  if (attributes.operation !== 'UPDATE')
    throw refuse(attributes, `unexpected operation ${quote(attributes.operation)}`);
  const old = attributes.oldObject as Pod;
  const pod = attributes.object as Pod;
  const shown = quote(node);
  if (old.spec?.nodeName !== node)
    throw refuse(attributes, `node ${shown} can only update pod status for pods with spec.nodeName set to itself`);
  if (!deepEqual(old.metadata?.labels ?? {}, pod.metadata?.labels ?? {})) {
    throw refuse(attributes, `node ${shown} cannot update labels through pod status`);
  }
  if (!deepEqual(old.status?.resourceClaimStatuses ?? [], pod.status?.resourceClaimStatuses ?? [])) {
    throw refuse(attributes, `node ${shown} cannot update resource claim statues`);
  }
  if (!deepEqual(old.status?.extendedResourceClaimStatus, pod.status?.extendedResourceClaimStatus)) {
    throw refuse(attributes, `node ${shown} cannot update extended resource claim status`);
  }
}

function checkNode(node: string, attributes: AdmissionAttributes): void {
  const shown = quote(node);
  const name = attributes.name || (attributes.object?.metadata?.name ?? '');
  if (name !== node) throw refuse(attributes, `node ${shown} is not allowed to modify node ${quote(name)}`);
  const object = attributes.object as Node | undefined;
  if (object === undefined) return;
  if (attributes.operation === 'CREATE') {
    if (object.spec?.configSource !== undefined) {
      throw refuse(attributes, `node ${shown} is not allowed to create pods with a non-nil configSource`);
    }
    const labels = forbiddenNodeLabels(modifiedLabels(object.metadata?.labels, undefined));
    if (labels.length > 0)
      throw refuse(attributes, `node ${shown} is not allowed to set the following labels: ${labels.join(', ')}`);
  }
  if (attributes.operation === 'UPDATE') {
    const old = attributes.oldObject as Node;
    if (object.spec?.configSource !== undefined && !deepEqual(object.spec.configSource, old.spec?.configSource)) {
      throw refuse(attributes, `node ${shown} is not allowed to update configSource to a new non-nil configSource`);
    }
    if (!deepEqual(object.spec?.taints ?? [], old.spec?.taints ?? [])) {
      throw refuse(attributes, `node ${shown} is not allowed to modify taints`);
    }
    if (!deepEqual(object.metadata?.ownerReferences ?? [], old.metadata?.ownerReferences ?? [])) {
      throw refuse(attributes, `node ${shown} is not allowed to modify ownerReferences`);
    }
    const labels = forbiddenNodeLabels(modifiedLabels(object.metadata?.labels, old.metadata?.labels));
    if (labels.length > 0) throw refuse(attributes, `is not allowed to modify labels: ${labels.join(', ')}`);
  }
}

function checkClaim(node: string, attributes: AdmissionAttributes): void {
  if (attributes.subresource !== 'status') throw refuse(attributes, 'may only update PVC status');
  if (attributes.operation !== 'UPDATE')
    throw refuse(attributes, `unexpected operation ${quote(attributes.operation)}`);
  const comparable = (claim: PersistentVolumeClaim): unknown => {
    const { resourceVersion: _version, managedFields: _fields, ...metadata } = claim.metadata ?? {};
    const {
      capacity: _capacity,
      conditions: _conditions,
      allocatedResources: _allocated,
      allocatedResourceStatuses: _statuses,
      ...status
    } = claim.status ?? {};
    return { ...claim, metadata, status };
  };
  if (
    !deepEqual(
      comparable(attributes.oldObject as PersistentVolumeClaim),
      comparable(attributes.object as PersistentVolumeClaim),
    )
  ) {
    throw refuse(
      attributes,
      `node ${quote(node)} is not allowed to update fields other than status.quantity and status.conditions`,
    );
  }
}

async function checkToken(
  node: string,
  attributes: AdmissionAttributes,
  dependencies: AdmissionDependencies,
): Promise<void> {
  if (attributes.operation !== 'CREATE' || attributes.subresource !== 'token') return;
  const { spec } = attributes.object as TokenRequest;
  const reference = spec?.boundObjectRef;
  if (reference?.apiVersion !== 'v1' || reference.kind !== 'Pod' || !reference.name) {
    throw refuse(attributes, 'node requested token not bound to a pod');
  }
  if (!reference.uid) throw refuse(attributes, 'node requested token with a pod binding without a uid');
  const pod = await dependencies.registry.get<Pod>(
    { group: '', resource: 'pods' },
    attributes.namespace,
    reference.name,
  );
  if (pod === undefined) throw missing('pod', reference.name);
  if (pod.metadata?.uid !== reference.uid) {
    throw refuse(
      attributes,
      `the UID in the bound object reference (${reference.uid}) does not match the UID in record. The object might have been deleted and then recreated`,
    );
  }
  if (pod.spec?.nodeName !== node)
    throw refuse(attributes, 'node requested token bound to a pod scheduled on a different node');
  await checkAudience(attributes, spec?.audiences ?? [], pod, dependencies);
}

/** A node gets tokens for the audiences that the pod's volumes name, or that it was granted by role. */
async function checkAudience(
  attributes: AdmissionAttributes,
  audiences: readonly string[],
  pod: Pod,
  { registry, authorizer }: AdmissionDependencies,
): Promise<void> {
  if (audiences.length > 1) throw refuse(attributes, 'node may only request 0 or 1 audiences');
  const audience = audiences[0] ?? '';
  try {
    if (await podUsesAudience(registry, pod, audience)) return;
  } catch (error) {
    if (!(error instanceof UnknownAudience)) throw error;
    throw refuse(attributes, `error validating audience ${quote(audience)}: ${error.message}`);
  }
  const { user, namespace, name } = attributes;
  const { decision } = await authorizer.authorize({
    user,
    verb: 'request-serviceaccounts-token-audience',
    resourceRequest: true,
    path: '',
    namespace,
    apiGroup: '',
    apiVersion: 'v1',
    resource: audience,
    subresource: '',
    name,
  });
  if (decision === 'allow') return;
  throw refuse(
    attributes,
    `audience ${quote(audience)} not found in pod spec volume, ${user.name} is not authorized to request tokens for this audience`,
  );
}

function checkOwnName(node: string, attributes: AdmissionAttributes, what: string): void {
  const name = attributes.operation === 'CREATE' ? (attributes.object?.metadata?.name ?? '') : attributes.name;
  if (name !== node) throw refuse(attributes, `can only access ${what} with the same name as the requesting node`);
}

function checkSlice(node: string, attributes: AdmissionAttributes): void {
  const slice = (attributes.operation === 'DELETE' ? attributes.oldObject : attributes.object) as
    | ResourceSlice
    | undefined;
  if (attributes.operation === 'UPDATE' || slice === undefined) return;
  if (slice.spec.nodeName === node) return;
  const verb = attributes.operation === 'CREATE' ? 'create' : 'delete';
  throw refuse(attributes, `can only ${verb} ResourceSlice with the same NodeName as the requesting node`);
}

const nodeSigners = new Set(['kubernetes.io/kubelet-serving', 'kubernetes.io/kube-apiserver-client-kubelet']);

/** A node asks for certificates in its own name only. */
async function checkCertificateRequest(node: string, attributes: AdmissionAttributes): Promise<void> {
  if (attributes.operation !== 'CREATE') return;
  const { spec } = attributes.object as CertificateSigningRequest;
  if (!nodeSigners.has(spec.signerName)) return;
  let subject: RequestedSubject;
  try {
    subject = await parseCertificateRequest(Buffer.from(spec.request, 'base64').toString('utf8'));
  } catch (error) {
    throw refuse(attributes, `unable to parse csr: ${(error as Error).message}`);
  }
  if (subject.commonName !== `system:node:${node}`) {
    throw refuse(attributes, `can only create a node CSR with CN=system:node:${node}`);
  }
}
