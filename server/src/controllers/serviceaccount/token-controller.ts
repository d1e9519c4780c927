/**
 * Fills Secrets of type kubernetes.io/service-account-token with a token that never expires, the cluster's CA and the
 * namespace, and removes them with their account. New ones are made by hand only; pods get tokens that expire.
 */
import { Controller, type Running, resources } from '@typernetes/openapi/client';
import { isConflict, isNotFound } from '@typernetes/openapi/meta';
import type { Secret, ServiceAccount } from '@typernetes/openapi/types/core/v1';
import { ServiceAccountTokens } from '../../authentication/index.ts';
import type { ControllerContext } from '../context.ts';
import { startControllers } from '../running.ts';

const type = 'kubernetes.io/service-account-token';
const nameKey = 'kubernetes.io/service-account.name';
const uidKey = 'kubernetes.io/service-account.uid';

export function startServiceAccountTokenController(context: ControllerContext): Running {
  const { rootCa, serviceAccountKey } = context.options;
  if (serviceAccountKey === undefined) return { ready: Promise.resolve(), stop: () => Promise.resolve() };
  const tokens = new ServiceAccountTokens({
    issuers: ['kubernetes/serviceaccount'],
    signingKey: serviceAccountKey,
    registry: { get: () => Promise.reject(new Error('tokens are only issued here')) },
  });
  // The manager's own identity: every other controller's may depend on what this one does.
  const { client } = context;
  const accounts = context.informers.informer(resources.serviceAccounts);
  const secrets = context.informers.informer(resources.secrets, { fieldSelector: `type=${type}` });

  const wanted = async (secret: Readonly<Secret>, account: ServiceAccount): Promise<Secret | undefined> => {
    const { namespace = '', name = '', uid = '' } = account.metadata ?? {};
    const data: Record<string, string> = { ...secret.data };
    if (rootCa !== undefined) data['ca.crt'] = base64(rootCa);
    data['namespace'] ||= base64(namespace);
    if (!data['token']) {
      const token = await tokens.issueForSecret({ namespace, name, uid }, secret.metadata?.name ?? '');
      data['token'] = base64(token);
    }
    const isRight = Object.entries(data).every(([key, value]) => secret.data?.[key] === value);
    if (isRight) return undefined;
    const annotations = { ...secret.metadata?.annotations, [nameKey]: name, [uidKey]: uid };
    return { ...secret, metadata: { ...secret.metadata, annotations }, data };
  };

  const controller = new Controller({
    name: 'tokens_controller',
    synced: [accounts.synced, secrets.synced],
    clock: context.clock,
    logger: context.logger,
    reconciler: {
      async reconcile(key, signal) {
        const [namespace = '', name = ''] = key.split('/');
        const secret = secrets.lister.get(namespace, name);
        if (secret === undefined || secret.type !== type) return undefined;
        const { [nameKey]: accountName = '', [uidKey]: uid = '' } = secret.metadata?.annotations ?? {};
        const account = await living(namespace, accountName, uid, signal);
        const resource = client.resource(resources.secrets);
        try {
          if (account === undefined) {
            const preconditions = { uid: secret.metadata?.uid ?? '' };
            await resource.delete(namespace, name, { signal, preconditions });
            return undefined;
          }
          const filled = await wanted(secret, account);
          if (filled !== undefined) await resource.update(filled, { signal });
        } catch (error) {
          // Whoever was first, the watch tells.
          if (!isConflict(error) && !isNotFound(error)) throw error;
        }
        return undefined;
      },
    },
  });

  /** The account, or that it is gone for certain: a cache that has not seen it yet must not cost its Secrets. */
  const living = async (
    namespace: string,
    name: string,
    uid: string,
    signal: AbortSignal,
  ): Promise<ServiceAccount | undefined> => {
    const isIt = (account: ServiceAccount | undefined): boolean => uid === '' || account?.metadata?.uid === uid;
    const cached = accounts.lister.get(namespace, name);
    if (cached !== undefined && isIt(cached)) return cached;
    try {
      const account = await client.resource(resources.serviceAccounts).get(namespace, name, { signal });
      return isIt(account) ? account : undefined;
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  };

  const changed = ({ metadata }: Readonly<Secret>): void =>
    controller.queue.add(`${metadata?.namespace ?? ''}/${metadata?.name ?? ''}`);
  const ofAccount = (account: Readonly<ServiceAccount>): void => {
    for (const secret of secrets.lister.list(account.metadata?.namespace)) {
      if (secret.metadata?.annotations?.[nameKey] === account.metadata?.name) changed(secret);
    }
  };
  const registrations = [
    secrets.addEventHandler({ add: changed, update: (_, secret) => changed(secret) }),
    accounts.addEventHandler({ add: ofAccount, update: (_, account) => ofAccount(account), delete: ofAccount }),
  ];
  return startControllers([controller], registrations);
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}
