/**
 * What kubelets may do: read the objects their pods need and no others, see and write their own node, lease, CSINode
 * and slices. Everything else of the system:node rules is granted to all nodes alike; NodeRestriction admission checks
 * what only the body of a write shows.
 */
import { quote } from '@typernetes/openapi/meta';
import type { Authorizer, AuthorizerAttributes, AuthorizerResult, RuleResolver } from '../authorizer.ts';
import { type PolicyRule, ruleAllows } from '../rbac/policy-rule.ts';
import type { GraphKind, NodeGraph } from './node-graph.ts';
import { nodeIdentity } from './node-identity.ts';

const allow: AuthorizerResult = { decision: 'allow', reason: '' };
const refuse = (reason: string): AuthorizerResult => ({ decision: 'noOpinion', reason });
const leaseNamespace = 'kube-node-lease';
const ownObjectVerbs = new Set(['get', 'create', 'update', 'patch', 'delete']);

export class NodeAuthorizer implements Authorizer, RuleResolver {
  readonly #graph: NodeGraph;
  readonly #rules: readonly PolicyRule[];
  #filling: Promise<void> | undefined;

  /** `rules` are those of the ClusterRole system:node. */
  constructor(graph: NodeGraph, rules: readonly PolicyRule[], ready: Promise<void> = Promise.resolve()) {
    this.#graph = graph;
    this.#rules = rules;
    this.#filling = ready;
    ready.then(
      () => (this.#filling = undefined),
      () => undefined, // every decision that waits for it reports the failure
    );
  }

  async authorize(attributes: AuthorizerAttributes): Promise<AuthorizerResult> {
    const node = nodeIdentity(attributes.user);
    if (node === undefined) return refuse('');
    if (node === '') return refuse(`unknown node for user ${quote(attributes.user.name)}`);
    if (this.#filling !== undefined) await this.#filling;
    return this.#decide(node, attributes);
  }

  /** A node's rights depend on its pods: they cannot be listed as rules. */
  async rulesFor(user: AuthorizerAttributes['user']): ReturnType<RuleResolver['rulesFor']> {
    const none = { resourceRules: [], nonResourceRules: [] };
    if (nodeIdentity(user) === undefined) return { ...none, incomplete: false };
    return { ...none, incomplete: true, evaluationError: 'node authorizer does not support user rule resolution' };
  }

  #decide(node: string, attributes: AuthorizerAttributes): AuthorizerResult {
    const resource = attributes.apiGroup === '' ? attributes.resource : `${attributes.resource}.${attributes.apiGroup}`;
    switch (attributes.resourceRequest ? resource : '') {
      case 'secrets':
        return this.#readNamespaced(node, 'secret', attributes);
      case 'configmaps':
        return this.#readNamespaced(node, 'configMap', attributes);
      case 'persistentvolumeclaims':
        return attributes.subresource === 'status'
          ? this.#updateStatus(node, 'persistentVolumeClaim', attributes)
          : this.#get(node, 'persistentVolumeClaim', attributes);
      case 'persistentvolumes':
        return this.#get(node, 'persistentVolume', attributes);
      case 'resourceclaims.resource.k8s.io':
        return this.#get(node, 'resourceClaim', attributes);
      case 'volumeattachments.storage.k8s.io':
        return this.#get(node, 'volumeAttachment', attributes);
      case 'serviceaccounts':
        return attributes.verb === 'get' && attributes.subresource === ''
          ? this.#readNamespaced(node, 'serviceAccount', attributes)
          : this.#createToken(node, attributes);
      case 'leases.coordination.k8s.io':
        return lease(node, attributes);
      case 'csinodes.storage.k8s.io':
        return csiNode(node, attributes);
      case 'resourceslices.resource.k8s.io':
        return this.#resourceSlice(node, attributes);
      case 'nodes':
        return ownNode(node, attributes);
      case 'pods':
        return this.#pod(node, attributes);
      case 'podcertificaterequests.certificates.k8s.io':
        return refuse('');
      default:
        return this.#rules.some((rule) => ruleAllows(attributes, rule)) ? allow : refuse('');
    }
  }

  #related(node: string, kind: GraphKind, { namespace, name }: AuthorizerAttributes): AuthorizerResult {
    if (name === '') return refuse('No Object name found');
    if (this.#graph.isRelated(node, kind, namespace, name)) return allow;
    return refuse(`no relationship found between node '${node}' and this object`);
  }

  #get(node: string, kind: GraphKind, attributes: AuthorizerAttributes): AuthorizerResult {
    if (attributes.verb !== 'get') return refuse('can only get individual resources of this type');
    if (attributes.subresource !== '') return refuse('cannot get subresource');
    return this.#related(node, kind, attributes);
  }

  #readNamespaced(node: string, kind: GraphKind, attributes: AuthorizerAttributes): AuthorizerResult {
    if (!['get', 'list', 'watch'].includes(attributes.verb)) return refuse('can only read resources of this type');
    if (attributes.subresource !== '') return refuse('cannot read subresource');
    if (attributes.namespace === '') return refuse('can only read namespaced object of this type');
    return this.#related(node, kind, attributes);
  }

  #updateStatus(node: string, kind: GraphKind, attributes: AuthorizerAttributes): AuthorizerResult {
    if (!['update', 'patch'].includes(attributes.verb)) return refuse('can only get/update/patch this type');
    return this.#related(node, kind, attributes);
  }

  #createToken(node: string, attributes: AuthorizerAttributes): AuthorizerResult {
    if (attributes.verb !== 'create' || attributes.name === '') {
      return refuse('can only create tokens for individual service accounts');
    }
    if (attributes.subresource !== 'token') return refuse('can only create token subresource of serviceaccount');
    return this.#related(node, 'serviceAccount', attributes);
  }

  #resourceSlice(node: string, attributes: AuthorizerAttributes): AuthorizerResult {
    if (attributes.subresource !== '') return refuse('cannot authorize ResourceSlice subresources');
    switch (attributes.verb) {
      case 'create':
        return allow;
      case 'get':
      case 'update':
      case 'patch':
      case 'delete':
        return this.#related(node, 'resourceSlice', attributes);
      case 'watch':
      case 'list':
      case 'deletecollection':
        if (selects(attributes.fieldSelector, 'spec.nodeName', node)) return allow;
        return refuse('can only list/watch/deletecollection resourceslices with nodeName field selector');
      default:
        return refuse(
          'only the following verbs are allowed for a ResourceSlice: get, watch, list, create, update, patch, delete, deletecollection',
        );
    }
  }

  #pod(node: string, attributes: AuthorizerAttributes): AuthorizerResult {
    switch (`${attributes.verb} ${attributes.subresource}`.trim()) {
      case 'get':
        return this.#related(node, 'pod', attributes);
      case 'list':
      case 'watch':
        if (selects(attributes.fieldSelector, 'spec.nodeName', node)) return allow;
        if (attributes.name !== '') return this.#related(node, 'pod', attributes);
        return refuse('can only list/watch pods with spec.nodeName field selector');
      case 'create':
      case 'delete':
      case 'update status':
      case 'patch status':
      case 'create eviction':
        return allow;
      default:
        return refuse('');
    }
  }
}

function lease(node: string, attributes: AuthorizerAttributes): AuthorizerResult {
  if (!ownObjectVerbs.has(attributes.verb))
    return refuse('can only get, create, update, patch, or delete a node lease');
  if (attributes.namespace !== leaseNamespace) {
    return refuse(`can only access leases in the ${quote(leaseNamespace)} system namespace`);
  }
  if (attributes.verb !== 'create' && attributes.name !== node) {
    return refuse('can only access node lease with the same name as the requesting node');
  }
  return allow;
}

function csiNode(node: string, attributes: AuthorizerAttributes): AuthorizerResult {
  if (!ownObjectVerbs.has(attributes.verb)) return refuse('can only get, create, update, patch, or delete a CSINode');
  if (attributes.subresource !== '') return refuse('cannot authorize CSINode subresources');
  if (attributes.verb !== 'create' && attributes.name !== node) {
    return refuse('can only access CSINode with the same name as the requesting node');
  }
  return allow;
}

/** Compares names, not the graph: a kubelet looks for its Node before it has made it. */
function ownNode(node: string, attributes: AuthorizerAttributes): AuthorizerResult {
  switch (`${attributes.verb} ${attributes.subresource}`.trim()) {
    case 'create':
    case 'update':
    case 'patch':
    case 'update status':
    case 'patch status':
      return allow;
    case 'get':
    case 'list':
    case 'watch':
      if (attributes.name === node) return allow;
      if (attributes.name === '') return refuse(`node '${node}' cannot read all nodes, only its own Node object`);
      return refuse(`node '${node}' cannot read '${attributes.name}', only its own Node object`);
    default:
      return refuse('');
  }
}

/** Whether the selector requires `field` to equal `value`; escaped values never match a node's name. */
function selects(selector: string | undefined, field: string, value: string): boolean {
  return (selector ?? '').split(',').some((term) => {
    const match = /^([^=!]+)==?([^=]*)$/.exec(term);
    return match?.[1] === field && match[2] === value;
  });
}
