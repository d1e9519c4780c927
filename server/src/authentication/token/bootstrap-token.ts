/** Bootstrap tokens (`abcdef.0123456789abcdef`), kept as secrets of their own type in kube-system: how new nodes get in. */
import { createHash, timingSafeEqual } from 'node:crypto';
import { type KubernetesObject, parseTime } from '@typernetes/openapi/meta';
import type { RegistryReader } from '../../registry/generic/rest.ts';
import type { TokenAuthenticator } from '../authenticator.ts';

const tokenPattern = /^([a-z0-9]{6})\.([a-z0-9]{16})$/;
const groupPattern = /^system:bootstrappers:[a-z0-9:-]{0,255}[a-z0-9]$/;
const defaultGroup = 'system:bootstrappers';

export function bootstrapTokenAuthenticator(
  registry: Pick<RegistryReader, 'get'>,
  now: () => Date = () => new Date(),
): TokenAuthenticator {
  return {
    async authenticateToken(token) {
      const [, id, secretPart] = tokenPattern.exec(token) ?? [];
      if (id === undefined || secretPart === undefined) return undefined;
      const secret = await registry.get<KubernetesObject & { type?: string; data?: Record<string, string> }>(
        { group: '', resource: 'secrets' },
        'kube-system',
        `bootstrap-token-${id}`,
      );
      if (secret === undefined || secret.metadata?.deletionTimestamp !== undefined) return undefined;
      if (secret.type !== 'bootstrap.kubernetes.io/token') return undefined;
      const value = (key: string): string => Buffer.from(secret.data?.[key] ?? '', 'base64').toString('utf8');
      if (!sameText(value('token-secret'), secretPart) || value('token-id') !== id) return undefined;
      const expiration = value('expiration');
      // What cannot be read as a time counts as past, though JavaScript finds a date in much.
      if (expiration !== '' && !((parseTime(expiration)?.getTime() ?? 0) > now().getTime())) return undefined;
      if (value('usage-bootstrap-authentication') !== 'true') return undefined;
      const extra = value('auth-extra-groups')
        .split(',')
        .map((group) => group.trim())
        .filter((group) => group !== '');
      if (!extra.every((group) => groupPattern.test(group))) return undefined;
      return { user: { name: `system:bootstrap:${id}`, groups: [...new Set([defaultGroup, ...extra])] } };
    },
  };
}

function sameText(left: string, right: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(left), digest(right));
}
