/** AdmissionReviews: what is sent to a webhook, and what of its answer is accepted. */
import { randomUUID } from 'node:crypto';
import type { JsonValue, Status } from '@typernetes/openapi/meta';
import { quote } from '@typernetes/openapi/meta';
import { isObject } from '@typernetes/openapi/schema';
import type { AdmissionAttributes } from '../admission.ts';
import { kindText } from '../objects.ts';
import { admissionRequest } from '../request.ts';
import type { VersionedObjects } from '../versioned.ts';
import type { Invocation } from './match.ts';

export type ReviewVersion = 'v1' | 'v1beta1';

export interface AdmissionReview {
  uid: string;
  version: ReviewVersion;
  body: { [key: string]: JsonValue };
}

/** Undefined where the webhook takes no version that we know. */
export function makeReview(
  versions: readonly string[],
  attributes: AdmissionAttributes,
  { resource, kind }: Invocation,
  { object, oldObject }: VersionedObjects,
): AdmissionReview | undefined {
  const version = versions.find((each): each is ReviewVersion => each === 'v1' || each === 'v1beta1');
  if (version === undefined) return undefined;
  const uid = randomUUID();
  return {
    uid,
    version,
    body: {
      kind: 'AdmissionReview',
      apiVersion: `admission.k8s.io/${version}`,
      request: {
        uid,
        ...admissionRequest(attributes, resource, kind),
        object: (object ?? null) as JsonValue,
        oldObject: (oldObject ?? null) as JsonValue,
      },
    },
  };
}

export interface ReviewResponse {
  allowed: boolean;
  auditAnnotations: Record<string, string>;
  warnings: string[];
  /** Decoded, but not yet known to be a JSON patch; undefined where there is none. */
  patch: Buffer | undefined;
  patchType: string;
  result: Partial<Status> | undefined;
}

/** Throws an Error that says what is wrong with the answer. */
export function readReview(answer: JsonValue, { uid, version }: AdmissionReview, mutating: boolean): ReviewResponse {
  const review = isObject(answer) ? answer : {};
  const { response } = review;
  if (!isObject(response)) throw new Error('webhook response was absent');
  const patch = typeof response.patch === 'string' && response.patch !== '' ? response.patch : undefined;
  const patchType = typeof response.patchType === 'string' ? response.patchType : undefined;
  if (version === 'v1') {
    checkEnvelope(review, response, uid);
    if (mutating) checkPatch(patch, patchType);
    else if (patch !== undefined) throw new Error('validating webhook may not return response.patch');
    else if (patchType !== undefined) throw new Error('validating webhook may not return response.patchType');
  }
  return {
    allowed: response.allowed === true,
    auditAnnotations: textsByKey(response.auditAnnotations),
    warnings: texts(response.warnings),
    patch: patch === undefined || !mutating ? undefined : Buffer.from(patch, 'base64'),
    patchType: version === 'v1' ? (patchType ?? '') : 'JSONPatch',
    result: isObject(response.status) ? (response.status as Partial<Status>) : undefined,
  };
}

function checkEnvelope(
  review: { [key: string]: JsonValue },
  response: { [key: string]: JsonValue },
  uid: string,
): void {
  const found = typeof response.uid === 'string' ? response.uid : '';
  if (found !== uid) throw new Error(`expected response.uid=${quote(uid)}, got ${quote(found)}`);
  const { apiVersion, kind } = review;
  if (apiVersion === 'admission.k8s.io/v1' && kind === 'AdmissionReview') return;
  const [group = '', version = ''] = typeof apiVersion === 'string' ? apiVersion.split('/') : [];
  const expected = kindText({ group: 'admission.k8s.io', version: 'v1', kind: 'AdmissionReview' });
  const got = kindText({ group, version, kind: typeof kind === 'string' ? kind : '' });
  throw new Error(`expected webhook response of ${expected}, got ${got}`);
}

function checkPatch(patch: string | undefined, patchType: string | undefined): void {
  if (patch !== undefined && patchType === undefined)
    throw new Error('webhook returned response.patch but not response.patchType');
  if (patch === undefined && patchType !== undefined)
    throw new Error('webhook returned response.patchType but not response.patch');
  if (patchType === '') throw new Error('webhook returned invalid response.patchType of ""');
}

function textsByKey(value: JsonValue | undefined): Record<string, string> {
  if (!isObject(value)) return {};
  return Object.fromEntries(
    Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}

function texts(value: JsonValue | undefined): string[] {
  return Array.isArray(value) ? value.filter((each) => typeof each === 'string') : [];
}
