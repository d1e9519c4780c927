import { badRequest, invalid, notFound } from '@typernetes/openapi/meta';
import type { TokenRequest } from '@typernetes/openapi/types/authentication/v1';
import type { Pod, ServiceAccount } from '@typernetes/openapi/types/core/v1';
import type { RegistryDependencies } from '../../dependencies.ts';
import type { RestContext } from '../../generic/rest.ts';
import type { ResourceRegistration } from '../../generic/strategy.ts';
import { age, ageColumn, nameColumn } from '../../printing/index.ts';
import { type FieldError, invalidValue, path } from '../../validation/index.ts';

const SERVICE_ACCOUNTS = { group: '', resource: 'serviceaccounts' };
const PODS = { group: '', resource: 'pods' };

function validateTokenRequest(request: TokenRequest): FieldError[] {
  const at = path('spec', 'expirationSeconds');
  const seconds = request.spec?.expirationSeconds ?? 3600;
  if (seconds < 600) return [invalidValue(at, seconds, 'may not specify a duration less than 10 minutes')];
  if (seconds > 2 ** 32) return [invalidValue(at, seconds, 'may not specify a duration larger than 2^32 seconds')];
  return [];
}

export function serviceaccounts(dependencies: RegistryDependencies): ResourceRegistration<ServiceAccount> {
  async function createToken(name: string, request: TokenRequest, context: RestContext) {
    const account = await context.registry.get<ServiceAccount>(SERVICE_ACCOUNTS, context.namespace, name);
    if (!account) throw notFound(SERVICE_ACCOUNTS, name);
    const { metadata } = request;
    if (metadata?.name && metadata.name !== name) {
      const message = `must match the service account name "${name}"`;
      throw invalid({ group: 'authentication.k8s.io', kind: 'TokenRequest' }, metadata.name, [
        invalidValue(path('metadata', 'name'), metadata.name, message),
      ]);
    }
    if (metadata?.namespace && metadata.namespace !== context.namespace) {
      throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
    }
    request.metadata = { ...metadata, name, namespace: context.namespace };
    const spec = { ...request.spec, audiences: request.spec?.audiences ?? [] };
    spec.expirationSeconds ??= 3600;
    request.spec = spec;
    const errors = validateTokenRequest(request);
    if (errors.length > 0) throw invalid({ group: 'authentication.k8s.io', kind: 'TokenRequest' }, '', errors);
    await checkBoundPod(name, request, context);
    return dependencies.authentication.issueToken(account, request, context);
  }
  return {
    resource: SERVICE_ACCOUNTS,
    strategy: {
      hasGeneration: false,
      prepareForCreate(account) {
        account.secrets = (account.secrets ?? []).map(({ name }) => (name === undefined ? {} : { name }));
        if (account.secrets.length === 0) delete account.secrets;
      },
    },
    table: {
      columns: [nameColumn, ageColumn],
      cells: (account, now) => [account.metadata?.name ?? '', age(account, now)],
    },
    subresources: {
      token: {
        kind: { group: 'authentication.k8s.io', version: 'v1', kind: 'TokenRequest' },
        create: (name, object, context) => createToken(name, object as TokenRequest, context),
      },
    },
  };
}

/** A token bound to a pod is for the account that the pod runs as. */
async function checkBoundPod(account: string, request: TokenRequest, context: RestContext): Promise<void> {
  const bound = request.spec?.boundObjectRef;
  if (bound?.kind !== 'Pod' || !bound.name) return;
  const pod = await context.registry.get<Pod>(PODS, context.namespace, bound.name);
  if (!pod) throw notFound(PODS, bound.name);
  if (pod.spec?.serviceAccountName === account) return;
  throw badRequest(
    `cannot bind token for serviceaccount "${account}" to pod running with different serviceaccount name.`,
  );
}
