/** Approves kubelets' certificate requests, signs what is approved, and cleans up afterwards. */
import { X509Certificate } from 'node:crypto';
import { Controller, keyOf, type Reconciler, type RestClient, type Running } from '@typernetes/openapi/client';
import { isNotFound } from '@typernetes/openapi/meta';
import type { SubjectAccessReview } from '@typernetes/openapi/types/authorization/v1';
import type { CertificateSigningRequest } from '@typernetes/openapi/types/certificates/v1';
import { inspectRequest, signRequest } from '../../certificates/signing.ts';
import type { ControllerContext } from '../context.ts';
import { periodic } from '../periodic.ts';
import { messageOf } from '../pods/pod-control.ts';
import { startControllers } from '../running.ts';
import { millisecondsOf, timestamp } from '../time.ts';
import {
  certificateSigningRequests,
  hasCondition,
  kubeletClientRefusal,
  kubeletClientSigner,
  verify,
} from './requests.ts';

type Request = Readonly<CertificateSigningRequest>;

const hourMs = 3_600_000;
const leastLifeMs = 10 * 60_000;

const textOf = (base64: string): string => Buffer.from(base64, 'base64').toString('utf8');

export function startCertificateSigner(context: ControllerContext): Running {
  const { clusterSigning } = context.options;
  if (!clusterSigning) return { ready: Promise.resolve(), stop: () => Promise.resolve() };
  const client = context.clientFor('certificate-controller').resource(certificateSigningRequests);
  return startRequestController(context, 'certificate_signer', async (request, signal) => {
    if (!hasCondition(request, 'Approved') || hasCondition(request, 'Failed') || hasCondition(request, 'Denied'))
      return;
    if (request.status?.certificate) return;
    const pem = textOf(request.spec.request);
    const { known, refusal } = verify(request, await inspectRequest(pem));
    if (!known) return;
    if (refusal !== undefined) {
      const failed = {
        type: 'Failed',
        status: 'True',
        reason: 'SignerValidationFailure',
        message: refusal,
        lastUpdateTime: timestamp(context.clock),
      };
      const conditions = [...(request.status?.conditions ?? []), failed];
      await client.updateStatus({ ...request, status: { ...request.status, conditions } }, { signal });
      return;
    }
    const asked = (request.spec.expirationSeconds ?? Number.POSITIVE_INFINITY) * 1000;
    const certificate = await signRequest(pem, clusterSigning, {
      usages: request.spec.usages ?? [],
      lifeMs: Math.min(Math.max(asked, leastLifeMs), clusterSigning.durationMs),
      now: context.clock.now(),
    });
    const encoded = Buffer.from(certificate).toString('base64');
    await client.updateStatus({ ...request, status: { ...request.status, certificate: encoded } }, { signal });
  });
}

export function startCertificateApprover(context: ControllerContext): Running {
  const client = context.clientFor('certificate-controller');
  return startRequestController(context, 'certificate_approving', async (request, signal) => {
    const isDecided = hasCondition(request, 'Approved') || hasCondition(request, 'Denied');
    if (request.status?.certificate || isDecided || request.spec.signerName !== kubeletClientSigner) return;
    const details = await inspectRequest(textOf(request.spec.request));
    if (kubeletClientRefusal(details, request.spec.usages ?? []) !== undefined) return;
    const isSelf = request.spec.username === details.commonName;
    for (const [subresource, what] of [
      ['selfnodeclient', 'self kubelet client certificate'],
      ['nodeclient', 'kubelet client certificate'],
    ] as const) {
      if (subresource === 'selfnodeclient' && !isSelf) continue;
      if (!(await mayCreate(client, request, subresource, signal))) continue;
      const approved = {
        type: 'Approved',
        status: 'True',
        reason: 'AutoApproved',
        message: `Auto approving ${what} after SubjectAccessReview.`,
      };
      const conditions = [...(request.status?.conditions ?? []), approved];
      await client.requestJson({
        method: 'PUT',
        path: `/apis/certificates.k8s.io/v1/certificatesigningrequests/${request.metadata?.name ?? ''}/approval`,
        json: { ...request, status: { ...request.status, conditions } },
        signal,
      });
      return;
    }
  });
}

async function mayCreate(
  client: RestClient,
  { spec }: Request,
  subresource: string,
  signal: AbortSignal,
): Promise<boolean> {
  const review: SubjectAccessReview = {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SubjectAccessReview',
    spec: {
      ...(spec.username ? { user: spec.username } : {}),
      ...(spec.uid ? { uid: spec.uid } : {}),
      ...(spec.groups ? { groups: spec.groups } : {}),
      ...(spec.extra ? { extra: spec.extra } : {}),
      resourceAttributes: {
        group: certificateSigningRequests.group,
        version: '*',
        resource: certificateSigningRequests.resource,
        subresource,
        verb: 'create',
      },
    },
  };
  const answer = await client.requestJson<SubjectAccessReview>({
    method: 'POST',
    path: '/apis/authorization.k8s.io/v1/subjectaccessreviews',
    json: review,
    signal,
  });
  return answer.status?.allowed === true;
}

export function startCertificateCleaner(context: ControllerContext): Running {
  const client = context.clientFor('certificate-controller').resource(certificateSigningRequests);
  const requests = context.informers.informer(certificateSigningRequests);
  return periodic(context, {
    name: 'csrcleaner',
    periodMs: hourMs,
    synced: [requests.synced],
    run: async (signal) => {
      for (const request of requests.lister.list()) {
        if (!isSpent(request, context.clock.now())) continue;
        try {
          await client.delete(undefined, request.metadata?.name ?? '', { signal });
        } catch (error) {
          if (!isNotFound(error)) throw error;
        }
      }
    },
  });
}

/** Expired, decided an hour ago, or undecided or unissued for a day. */
export function isSpent({ metadata, status }: Request, now: number): boolean {
  const { conditions = [], certificate } = status ?? {};
  if (conditions.length === 0) return now - millisecondsOf(metadata?.creationTimestamp, now) > 24 * hourMs;
  return conditions.some(({ type, lastUpdateTime }) => {
    const age = now - millisecondsOf(lastUpdateTime, now);
    if (type !== 'Approved') return age > hourMs;
    if (!certificate) return age > 24 * hourMs;
    return age > hourMs || hasExpired(textOf(certificate), now);
  });
}

function hasExpired(certificate: string, now: number): boolean {
  try {
    return new X509Certificate(certificate).validToDate.getTime() < now;
  } catch {
    return false;
  }
}

function startRequestController(
  context: ControllerContext,
  name: string,
  handle: (request: Request, signal: AbortSignal) => Promise<void>,
): Running {
  const requests = context.informers.informer(certificateSigningRequests);
  const reconciler: Reconciler = {
    async reconcile(key, signal) {
      const request = requests.lister.getByKey(key);
      // A request that is issued or cannot be read is not tried for ever.
      if (!request || request.status?.certificate) return undefined;
      try {
        await handle(request, signal);
      } catch (error) {
        context.logger.debug({ controller: name, key, error: messageOf(error) }, 'cannot handle certificate request');
        throw error;
      }
      return undefined;
    },
  };
  const controller = new Controller({
    name,
    reconciler,
    synced: [requests.synced],
    clock: context.clock,
    logger: context.logger,
    baseDelayMs: 200,
    maxDelayMs: 1000_000,
  });
  const enqueue = (request: Request): void => controller.queue.add(keyOf(request));
  const registration = requests.addEventHandler({ add: enqueue, update: (_, request) => enqueue(request) });
  return startControllers([controller], [registration]);
}
