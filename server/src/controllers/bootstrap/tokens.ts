/** Bootstrap tokens: secrets in kube-system by which new nodes join. */
import type { SharedInformer } from '@typernetes/openapi/client';
import { resources } from '@typernetes/openapi/client';
import type { Secret } from '@typernetes/openapi/types/core/v1';
import type { ControllerContext } from '../context.ts';

const namePrefix = 'bootstrap-token-';

export function tokenSecrets(context: ControllerContext): SharedInformer<Secret> {
  return context.informers.informer(resources.secrets, {
    namespace: 'kube-system',
    fieldSelector: 'type=bootstrap.kubernetes.io/token',
  });
}

export function dataOf(secret: Readonly<Secret>, key: string): string {
  return Buffer.from(secret.data?.[key] ?? '', 'base64').toString('utf8');
}

/** Milliseconds since the epoch; undefined: never. What cannot be read has expired. */
export function expirationOf(secret: Readonly<Secret>): number | undefined {
  const text = dataOf(secret, 'expiration');
  if (text === '') return undefined;
  const at = Date.parse(text);
  return Number.isNaN(at) ? 0 : at;
}

/** A token that may sign; undefined: it may not, or is not one. */
export function signingToken(secret: Readonly<Secret>, now: number): { id: string; secret: string } | undefined {
  const { name = '' } = secret.metadata ?? {};
  const id = dataOf(secret, 'token-id');
  const value = dataOf(secret, 'token-secret');
  const isToken = name === `${namePrefix}${id}` && /^[a-z0-9]{6}$/.test(id) && value !== '';
  const isValid = (expirationOf(secret) ?? Number.POSITIVE_INFINITY) > now;
  const maySign = dataOf(secret, 'usage-bootstrap-signing') === 'true';
  return isToken && isValid && maySign && !secret.metadata?.deletionTimestamp ? { id, secret: value } : undefined;
}
