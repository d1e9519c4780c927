/**
 * Whoever may write the status of claims may not write all of it: allocating and reserving takes permission for
 * `resourceclaims/binding`, reporting on a driver's devices permission for `resourceclaims/driver` of that driver.
 */
import type { ResourceClaim } from '@typernetes/openapi/types/resource/v1';
import type { UserInfo } from '../../../authentication/authenticator.ts';
import type { Authorizer, AuthorizerAttributes } from '../../../authorization/authorizer.ts';
import { forbiddenError } from '../../../authorization/forbidden.ts';
import type { RestContext } from '../../generic/rest.ts';
import { dns1123Subdomain, type FieldError, forbiddenField, path, semanticEqual } from '../../validation/index.ts';
import { driversOfChanges, reportedDevices } from './devices.ts';

type Status = NonNullable<ResourceClaim['status']>;
type Synthetic = Pick<AuthorizerAttributes, 'verb' | 'subresource' | 'namespace' | 'name'>;
type Ask = (what: Synthetic) => Promise<string | undefined>;

export async function authorizeStatus(
  status: Status,
  old: Status | undefined,
  authorizer: Authorizer,
  { user, namespace, asked: { verb, apiVersion } }: RestContext,
): Promise<FieldError[]> {
  const ask: Ask = async (what) => {
    const attributes: AuthorizerAttributes = {
      ...what,
      user,
      resourceRequest: true,
      path: '',
      apiGroup: 'resource.k8s.io',
      apiVersion,
      resource: 'resourceclaims',
    };
    const { decision, reason, evaluationError } = await authorizer.authorize(attributes);
    if (decision === 'allow') return undefined;
    return forbiddenError(attributes, [evaluationError, reason].filter(Boolean).join(': ')).message;
  };
  return [
    ...(await bindingErrors(status, old, verb, ask)),
    ...(await driverErrors(status, old, user, namespace, verb, ask)),
  ];
}

async function bindingErrors(status: Status, old: Status | undefined, verb: string, ask: Ask): Promise<FieldError[]> {
  if (semanticEqual(status.allocation, old?.allocation) && semanticEqual(status.reservedFor, old?.reservedFor))
    return [];
  const refusal = await ask({ verb, subresource: 'binding', namespace: '', name: '' });
  if (refusal === undefined) return [];
  const what = 'changing status.allocation or status.reservedFor requires resource="resourceclaims/binding"';
  return [forbiddenField(path('status', 'allocation'), `${what}, verb="${verb}" permission: ${refusal}`)];
}

/** Reports go with the allocation; while there is one, each driver's are its own. */
async function driverErrors(
  status: Status,
  old: Status | undefined,
  user: UserInfo,
  namespace: string,
  verb: string,
  ask: Ask,
): Promise<FieldError[]> {
  if (!status.allocation) return [];
  const verbs = [...(isOfNode(user, nodeOf(status)) ? [`associated-node:${verb}`] : []), `arbitrary-node:${verb}`];
  const kept: Status = { ...status, devices: reportedDevices(status, old) ?? [] };
  const errors: FieldError[] = [];
  for (const driver of driversOfChanges(kept, old)) {
    const refusal = await firstRefusal(verbs, (each) =>
      ask({ verb: each, subresource: 'driver', namespace, name: driver }),
    );
    if (refusal === undefined) continue;
    const what = `changing status.devices requires resource="resourceclaims/driver", verb="[${verbs.join(' ')}]"`;
    errors.push(forbiddenField(path('status', 'devices'), `${what} permission: ${refusal}`));
  }
  return errors;
}

/** Undefined if one of them is allowed. */
async function firstRefusal(
  verbs: readonly string[],
  ask: (verb: string) => Promise<string | undefined>,
): Promise<string | undefined> {
  let first: string | undefined;
  for (const verb of verbs) {
    const refusal = await ask(verb);
    if (refusal === undefined) return undefined;
    first ??= refusal;
  }
  return first;
}

/** The one node that the devices can be used from, if there is but one. */
function nodeOf({ allocation }: Status): string | undefined {
  const [term, ...others] = allocation?.nodeSelector?.nodeSelectorTerms ?? [];
  const [field, ...more] = term?.matchFields ?? [];
  if (others.length > 0 || more.length > 0 || (term?.matchExpressions ?? []).length > 0) return undefined;
  if (field?.key !== 'metadata.name' || field.operator !== 'In' || field.values?.length !== 1) return undefined;
  return field.values[0];
}

/** A ServiceAccount whose token is bound to a pod on that node. */
function isOfNode({ name, extra }: UserInfo, node: string | undefined): boolean {
  const nodes = extra?.['authentication.kubernetes.io/node-name'] ?? [];
  return (
    node !== undefined &&
    /^system:serviceaccount:[^:]+:[^:]+$/.test(name) &&
    nodes.length === 1 &&
    nodes[0] === node &&
    dns1123Subdomain(node).length === 0
  );
}
