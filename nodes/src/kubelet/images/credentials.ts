/** Registry credentials out of image pull secrets (`.dockerconfigjson`, `.dockercfg`). */
import type { Secret } from '@typernetes/openapi/types/core/v1';
import type { AuthConfig, Input } from 'cri-client';

interface DockerAuth {
  username?: string;
  password?: string;
  auth?: string;
  identitytoken?: string;
  registrytoken?: string;
}

function entries(secret: Secret): [string, DockerAuth][] {
  const read = (key: string): unknown => {
    const text = secret.data?.[key];
    if (text === undefined) return undefined;
    try {
      return JSON.parse(Buffer.from(text, 'base64').toString('utf8'));
    } catch {
      // A secret that is no JSON gives no credentials; the pull then says that it was refused.
      return undefined;
    }
  };
  const config = read('.dockerconfigjson') as { auths?: Record<string, DockerAuth> } | undefined;
  const legacy = read('.dockercfg') as Record<string, DockerAuth> | undefined;
  return [...Object.entries(config?.auths ?? {}), ...Object.entries(legacy ?? {})];
}

/** `https://index.docker.io/v1/` and `docker.io` are the same registry; a registry may be followed by a path. */
const normalized = (registry: string): string =>
  registry
    .replace(/^https?:\/\//, '')
    .replace(/\/v[12]\/?$/, '')
    .replace(/\/$/, '')
    .replace(/^(index|registry-1)\.docker\.io/, 'docker.io');

function matches(registry: string, image: string): boolean {
  const [host = '', ...path] = normalized(registry).split('/');
  const [imageHost = '', ...imagePath] = image.split('/');
  const pattern = new RegExp(
    `^${host
      .split('.')
      .map((part) => part.replaceAll(/[$()+?[\\\]^{|}]/g, '\\$&').replaceAll('*', '[^.]*'))
      .join('\\.')}$`,
  );
  return pattern.test(imageHost) && imagePath.join('/').startsWith(path.join('/'));
}

/** For the image, the most specific registry first. */
export function credentialsFor(image: string, secrets: readonly Secret[]): Input<AuthConfig>[] {
  const [first = ''] = image.split('/');
  const qualified = image.includes('/') && (/[.:]/.test(first) || first === 'localhost') ? image : `docker.io/${image}`;
  return secrets
    .flatMap(entries)
    .filter(([registry]) => matches(registry, qualified))
    .sort(([a], [b]) => normalized(b).length - normalized(a).length)
    .map(([registry, entry]) => {
      const [username = '', ...password] = Buffer.from(entry.auth ?? '', 'base64')
        .toString('utf8')
        .split(':');
      return {
        username: entry.username ?? username,
        password: entry.password ?? password.join(':'),
        serverAddress: registry,
        identityToken: entry.identitytoken ?? '',
        registryToken: entry.registrytoken ?? '',
      };
    });
}
