/** Deletes expired bootstrap tokens, and signs the public cluster-info with those that may sign. */
import { createHmac } from 'node:crypto';
import { Controller, keyOf, type Running, resources } from '@typernetes/openapi/client';
import { isNotFound } from '@typernetes/openapi/meta';
import type { ControllerContext } from '../context.ts';
import { semanticallyEqual } from '../objects/equality.ts';
import { startControllers } from '../running.ts';
import { expirationOf, signingToken, tokenSecrets } from './tokens.ts';

const publicNamespace = 'kube-public';
const clusterInfo = 'cluster-info';
const signaturePrefix = 'jws-kubeconfig-';

export function startTokenCleaner(context: ControllerContext): Running {
  const { clock, logger } = context;
  const client = context.clientFor('token-cleaner').resource(resources.secrets);
  const secrets = tokenSecrets(context);
  const controller = new Controller({
    name: 'token_cleaner',
    synced: [secrets.synced],
    clock,
    logger,
    reconciler: {
      async reconcile(key, signal) {
        const secret = secrets.lister.getByKey(key);
        const expiration = secret && expirationOf(secret);
        if (!secret || expiration === undefined) return undefined;
        const left = expiration - clock.now();
        if (left > 0) return { requeueAfter: left };
        const { namespace, name = '', uid } = secret.metadata ?? {};
        try {
          await client.delete(namespace, name, { preconditions: { uid }, signal });
        } catch (error) {
          if (!isNotFound(error)) throw error;
        }
        return undefined;
      },
    },
  });
  const registration = secrets.addEventHandler({
    add: (secret) => controller.queue.add(keyOf(secret)),
    update: (_, secret) => controller.queue.add(keyOf(secret)),
  });
  return startControllers([controller], [registration]);
}

export function startBootstrapSigner(context: ControllerContext): Running {
  const { clock, logger } = context;
  const client = context.clientFor('bootstrap-signer').resource(resources.configMaps);
  const secrets = tokenSecrets(context);
  const configMaps = context.informers.informer(resources.configMaps, {
    namespace: publicNamespace,
    fieldSelector: `metadata.name=${clusterInfo}`,
  });
  const controller = new Controller({
    name: 'bootstrap_signer_queue',
    synced: [secrets.synced, configMaps.synced],
    clock,
    logger,
    reconciler: {
      async reconcile(_, signal) {
        const configMap = configMaps.lister.get(publicNamespace, clusterInfo);
        const content = configMap?.data?.['kubeconfig'];
        if (content === undefined) return undefined;
        const entries = Object.entries(configMap?.data ?? {}).filter(([name]) => !name.startsWith(signaturePrefix));
        for (const secret of secrets.lister.list()) {
          const token = signingToken(secret, clock.now());
          if (token) entries.push([`${signaturePrefix}${token.id}`, detachedSignature(content, token)]);
        }
        const data = Object.fromEntries(entries);
        if (!semanticallyEqual(data, configMap?.data)) await client.update({ ...configMap, data }, { signal });
        return undefined;
      },
    },
  });
  const enqueue = (): void => controller.queue.add(clusterInfo);
  const registrations = [
    secrets.addEventHandler({ add: enqueue, update: enqueue, delete: enqueue }),
    configMaps.addEventHandler({ add: enqueue, update: enqueue }),
  ];
  return startControllers([controller], registrations);
}

/** A JSON web signature without its payload, under the token's secret. */
function detachedSignature(content: string, { id, secret }: { id: string; secret: string }): string {
  const header = Buffer.from(JSON.stringify({ alg: 'HS256', kid: id })).toString('base64url');
  const payload = Buffer.from(content).toString('base64url');
  const signature = createHmac('sha256', secret).update(`${header}.${payload}`).digest('base64url');
  return `${header}..${signature}`;
}
