import { badRequest, notFound } from '@typernetes/openapi/meta';
import type { TokenRequest } from '@typernetes/openapi/types/authentication/v1';
import type { ServiceAccount } from '@typernetes/openapi/types/core/v1';
import type { RegistryDependencies } from '../../dependencies.ts';
import type { RestContext } from '../../generic/rest.ts';
import type { ResourceRegistration } from '../../generic/strategy.ts';
import { age, ageColumn, nameColumn } from '../../printing/index.ts';

const SERVICE_ACCOUNTS = { group: '', resource: 'serviceaccounts' };
const DEFAULT_LIFETIME_SECONDS = 3600;

const MOUNTABLE = 'kubernetes.io/enforce-mountable-secrets';
const MOUNTABLE_WARNING = `metadata.annotations[${MOUNTABLE}]: deprecated in v1.32+; prefer separate namespaces to isolate access to mounted secrets`;

const limitsSecrets = ({ metadata }: Readonly<ServiceAccount>): boolean =>
  metadata?.annotations?.[MOUNTABLE] !== undefined;

export function serviceaccounts(dependencies: RegistryDependencies): ResourceRegistration<ServiceAccount> {
  async function createToken(name: string, request: TokenRequest, context: RestContext) {
    const account = await context.registry.get<ServiceAccount>(SERVICE_ACCOUNTS, context.namespace, name);
    if (!account) throw notFound(SERVICE_ACCOUNTS, name);
    const { namespace } = request.metadata ?? {};
    if (namespace && namespace !== context.namespace)
      throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
    return dependencies.authentication.issueToken(account, request, context);
  }
  return {
    resource: SERVICE_ACCOUNTS,
    strategy: {
      hasGeneration: false,
      warningsOnCreate: (account) => (limitsSecrets(account) ? [MOUNTABLE_WARNING] : []),
      warningsOnUpdate: (account, old) => (limitsSecrets(account) && !limitsSecrets(old) ? [MOUNTABLE_WARNING] : []),
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
        defaults(object) {
          ((object as Partial<TokenRequest>).spec ??= { audiences: [] }).expirationSeconds ??= DEFAULT_LIFETIME_SECONDS;
        },
        create: (name, object, context) => createToken(name, object as TokenRequest, context),
      },
    },
  };
}
