/** Off by default: a remote service says whether a pod's images may run (imagepolicy.k8s.io ImageReview). */
import { LruMap } from '@typernetes/openapi/client';
import { isObject } from '@typernetes/openapi/schema';
import type { Pod } from '@typernetes/openapi/types/core/v1';
import { ReviewClient } from '../../webhooks/index.ts';
import type { AdmissionAttributes, AdmissionPlugin } from '../admission.ts';
import { readImagePolicy } from '../configuration/image-policy.ts';
import type { AdmissionDependencies } from '../dependencies.ts';
import { refuse } from '../refusal.ts';

const apiVersion = 'imagepolicy.k8s.io/v1alpha1';
const auditPrefix = 'imagepolicywebhook.image-policy.k8s.io/';
/** Only such annotations of pods are told to the service. */
const ownAnnotation = '.image-policy.k8s.io/';
const cacheSize = 1024;

interface ImageReviewStatus {
  allowed: boolean;
  reason?: string;
  auditAnnotations?: Record<string, string>;
}

export function imagePolicyWebhook(
  { now = () => new Date() }: AdmissionDependencies,
  configuration: string | undefined,
): AdmissionPlugin {
  const { kubeConfigFile, allowTtlMs, denyTtlMs, retryBackoffMs, defaultAllow } = readImagePolicy(configuration);
  const client = new ReviewClient(kubeConfigFile, { firstPauseMs: retryBackoffMs });
  const known = new LruMap<{ status: ImageReviewStatus; until: number }>(cacheSize);
  const review = async (spec: object): Promise<ImageReviewStatus> => {
    const key = JSON.stringify(spec);
    const time = (): number => now().getTime();
    const found = known.get(key);
    if (found !== undefined && time() < found.until) return found.status;
    const status = await ask(client, spec);
    known.set(key, { status, until: time() + (status.allowed ? allowTtlMs : denyTtlMs) });
    return status;
  };
  return {
    name: 'ImagePolicyWebhook',
    resources: ['pods', 'pods/ephemeralcontainers'],
    handles: (operation) => operation === 'CREATE' || operation === 'UPDATE',
    async validate(attributes) {
      let status: ImageReviewStatus;
      try {
        status = await review(specOf(attributes));
      } catch (error) {
        if (!defaultAllow) throw refuse(attributes, error as Error);
        attributes.annotate(`${auditPrefix}failed-open`, 'true');
        return;
      }
      for (const [key, value] of Object.entries(status.auditAnnotations ?? {}))
        attributes.annotate(auditPrefix + key, value);
      if (status.allowed) return;
      throw refuse(
        attributes,
        status.reason
          ? `image policy webhook backend denied one or more images: ${status.reason}`
          : 'one or more images rejected by webhook backend',
      );
    },
    stop: () => client.close(),
  };
}

function specOf({ object, subresource, namespace }: AdmissionAttributes): object {
  const { metadata, spec } = object as Pod;
  const containers =
    subresource === ''
      ? [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])]
      : (spec?.ephemeralContainers ?? []);
  const annotations = Object.entries(metadata?.annotations ?? {})
    .filter(([key]) => key.includes(ownAnnotation))
    .sort(([left], [right]) => (left < right ? -1 : 1));
  return {
    ...(containers.length === 0 ? {} : { containers: containers.map(({ image }) => ({ image })) }),
    ...(annotations.length === 0 ? {} : { annotations: Object.fromEntries(annotations) }),
    namespace,
  };
}

async function ask(client: ReviewClient, spec: object): Promise<ImageReviewStatus> {
  const answer: { apiVersion?: unknown; kind?: unknown; status?: unknown } = await client.ask({
    apiVersion,
    kind: 'ImageReview',
    metadata: {},
    spec,
    status: { allowed: false },
  });
  if (answer.kind !== 'ImageReview' || answer.apiVersion !== apiVersion) {
    const version = String(answer.apiVersion).replace(/^.*\//, '');
    throw new Error(`converting (${version}.${String(answer.kind)}) to (v1alpha1.ImageReview): unknown conversion`);
  }
  const { status } = answer;
  if (!isObject(status)) return { allowed: false };
  const { allowed = false } = status;
  if (typeof allowed !== 'boolean')
    throw new Error(
      `json: cannot unmarshal ${typeof allowed} into Go struct field ImageReviewStatus.status.allowed of type bool`,
    );
  return { ...status, allowed };
}
