/**
 * Deletes service account tokens that were made by themselves, long ago, and that nobody has used for a year: first
 * they are marked invalid, and if nobody misses them for as long again, they go.
 */
import { type Running, resources } from '@typernetes/openapi/client';
import { isConflict, isNotFound } from '@typernetes/openapi/meta';
import type { Pod, Secret, ServiceAccount } from '@typernetes/openapi/types/core/v1';
import { podReferences } from '../../authorization/node/pod-references.ts';
import type { ControllerContext } from '../context.ts';
import { periodic } from '../periodic.ts';

const type = 'kubernetes.io/service-account-token';
const lastUsed = 'kubernetes.io/legacy-token-last-used';
const invalidSince = 'kubernetes.io/legacy-token-invalid-since';
const tracking = { namespace: 'kube-system', name: 'kube-apiserver-legacy-service-account-token-tracking' };
const dayMs = 86_400_000;

export function startLegacyTokenCleaner(context: ControllerContext): Running {
  const { clock, informers, logger, options } = context;
  const client = context.clientFor('legacy-service-account-token-cleaner');
  const [secretClient, configMaps] = [client.resource(resources.secrets), client.resource(resources.configMaps)];
  const accounts = informers.informer(resources.serviceAccounts);
  const secrets = informers.informer(resources.secrets, { fieldSelector: `type=${type}` });
  const pods = informers.informer(resources.pods);
  const passing = (error: unknown): void => {
    if (!isConflict(error) && !isNotFound(error))
      logger.warn({ error: String(error) }, 'a legacy token is left as it is');
  };
  return periodic(context, {
    name: 'legacy-service-account-token-cleaner',
    periodMs: dayMs,
    synced: [accounts.synced, secrets.synced, pods.synced],
    async run(signal) {
      const { data } = await configMaps.get(tracking.namespace, tracking.name, { signal });
      const { mark, remove } = legacyTokens({
        secrets: secrets.lister.list(),
        account: (namespace, name) => accounts.lister.get(namespace, name),
        pods: pods.lister.list(),
        trackedSince: data?.['since'] ?? '',
        now: clock.now(),
        cleanUpPeriodMs: options.legacyTokenCleanUpPeriodMs,
      });
      for (const { metadata } of mark) {
        const { namespace, name = '', uid } = metadata ?? {};
        const patch = { metadata: { uid, labels: { [invalidSince]: day(clock.now()) } } };
        await secretClient.patch(namespace, name, patch, { type: 'merge', signal }).catch(passing);
      }
      for (const { metadata } of remove) {
        const { namespace, name = '', resourceVersion } = metadata ?? {};
        await secretClient.delete(namespace, name, { preconditions: { resourceVersion }, signal }).catch(passing);
      }
    },
  });
}

export interface LegacyTokenInputs {
  secrets: readonly Readonly<Secret>[];
  account: (namespace: string, name: string) => Readonly<ServiceAccount> | undefined;
  pods: readonly Readonly<Pod>[];
  /** The day from which on uses are noted: `2026-11-23`. */
  trackedSince: string;
  now: number;
  cleanUpPeriodMs: number;
}

/** Which tokens are to be marked invalid, and which were so for long enough. */
export function legacyTokens(inputs: LegacyTokenInputs): { mark: Readonly<Secret>[]; remove: Readonly<Secret>[] } {
  const { secrets, account, pods, trackedSince, now, cleanUpPeriodMs } = inputs;
  const result = { mark: [] as Readonly<Secret>[], remove: [] as Readonly<Secret>[] };
  // Of that day itself not every use was noted.
  const trackedFrom = Date.parse(trackedSince) + dayMs;
  if (!isDay(trackedSince) || now < trackedFrom + cleanUpPeriodMs) return result;
  const recent = now - cleanUpPeriodMs;
  const recentDay = day(recent);
  const mounted = new Set(
    pods.flatMap((pod) => Array.from(podReferences(pod).secrets, (name) => `${pod.metadata?.namespace ?? ''}/${name}`)),
  );
  for (const secret of secrets) {
    const {
      namespace = '',
      name = '',
      labels = {},
      annotations = {},
      creationTimestamp,
      deletionTimestamp,
    } = secret.metadata ?? {};
    if (secret.type !== type || deletionTimestamp !== undefined) continue;
    if (!(Date.parse(creationTimestamp ?? '') < recent)) continue;
    const used = labels[lastUsed];
    if (used !== undefined && (!isDay(used) || used >= recentDay)) continue;
    // Only accounts of old name the tokens that were made for them; one that somebody made is theirs to delete.
    const owner = account(namespace, annotations['kubernetes.io/service-account.name'] ?? '');
    const uid = annotations['kubernetes.io/service-account.uid'] ?? '';
    if (owner === undefined || (uid !== '' && uid !== owner.metadata?.uid)) continue;
    if (!(owner.secrets ?? []).some((reference) => reference.name === name)) continue;
    if (mounted.has(`${namespace}/${name}`)) continue;
    const since = labels[invalidSince] ?? '';
    if (!isDay(since)) result.mark.push(secret);
    else if (since < recentDay) result.remove.push(secret);
  }
  return result;
}

function day(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}

function isDay(text: string): boolean {
  return /^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(Date.parse(text));
}
