/** POST …/serviceaccounts/NAME/token: a token for a service account, bound to what the request names. */
import {
  badRequest,
  conflict,
  type FieldError,
  formatTime,
  internalError,
  invalid,
  invalidValue,
  type KubernetesObject,
  notFound,
  path,
} from '@typernetes/openapi/meta';
import type { RegistryReader, RestContext } from '../../registry/generic/rest.ts';
import type { KubernetesClaims, ObjectClaim } from './claims.ts';
import type { ServiceAccountTokens } from './tokens.ts';

export interface TokenRequest extends KubernetesObject {
  spec?: {
    audiences?: string[];
    expirationSeconds?: number;
    boundObjectRef?: { kind?: string; apiVersion?: string; name?: string; uid?: string };
  };
  status?: { token: string; expirationTimestamp: string };
}

export interface TokenRequestOptions {
  tokens: ServiceAccountTokens;
  registry: Pick<RegistryReader, 'get'>;
  /** --service-account-max-token-expiration; 0 is no limit. */
  maxExpirationSeconds?: number;
  /** --service-account-extend-token-expiration, default true. */
  extendExpiration?: boolean;
  /** What that extends it to; default a year. */
  extendedExpirationSeconds?: number;
}

const group = 'authentication.k8s.io';
const kind = { group, kind: 'TokenRequest' };
const defaultExpirationSeconds = 3600;
const minimumExpirationSeconds = 600;
/** The kubelet asks for this odd number on behalf of pods that may never reread their token: they get a year, and warnings. */
const extendableExpirationSeconds = 3607;
const yearSeconds = 365 * 24 * 3600;

export type TokenIssuer = (
  serviceAccount: KubernetesObject,
  request: TokenRequest,
  context: Pick<RestContext, 'now' | 'warn'>,
) => Promise<TokenRequest>;

export function tokenIssuer(options: TokenRequestOptions): TokenIssuer {
  const { tokens } = options;
  return async (serviceAccount, request, context) => {
    const { name = '', namespace = '', uid = '' } = serviceAccount.metadata ?? {};
    checkMetadata(request, { name, namespace, uid });
    const audiences = request.spec?.audiences?.length ? request.spec.audiences : [...tokens.audiences];
    let expirationSeconds = request.spec?.expirationSeconds ?? defaultExpirationSeconds;
    const errors = validateExpiration(expirationSeconds);
    if (errors.length > 0) throw invalid(kind, '', errors);

    const bound = await boundClaims(options.registry, request, name, namespace);
    const maximum = options.maxExpirationSeconds ?? 0;
    if (maximum > 0 && expirationSeconds > maximum) {
      context.warn(`requested expiration of ${expirationSeconds} seconds shortened to ${maximum} seconds`);
      expirationSeconds = maximum;
    }
    const extend =
      options.extendExpiration !== false &&
      bound.pod !== undefined &&
      expirationSeconds === extendableExpirationSeconds &&
      audiences.every((audience) => tokens.audiences.includes(audience));
    let token: string;
    try {
      const issued = await tokens.issue({
        audiences,
        expirationSeconds: extend ? (options.extendedExpirationSeconds ?? yearSeconds) : expirationSeconds,
        ...(extend ? { warnAfterSeconds: expirationSeconds } : {}),
        claims: { namespace, serviceaccount: { name, uid }, ...bound },
      });
      token = issued.token;
    } catch (error) {
      throw internalError(`failed to generate token: ${(error as Error).message}`);
    }
    return {
      ...request,
      apiVersion: `${group}/v1`,
      kind: 'TokenRequest',
      metadata: { ...request.metadata, name, namespace, uid, creationTimestamp: formatTime(context.now) },
      spec: { ...request.spec, audiences, expirationSeconds },
      status: { token, expirationTimestamp: formatTime(new Date(context.now.getTime() + expirationSeconds * 1000)) },
    };
  };
}

function checkMetadata(request: TokenRequest, account: { name: string; namespace: string; uid: string }): void {
  const asked = request.metadata ?? {};
  const at = path('metadata');
  if (asked.name && asked.name !== account.name) {
    throw invalid(kind, account.name, [
      invalidValue(at.child('name'), asked.name, 'must match the service account name if specified'),
    ]);
  }
  if (asked.namespace && asked.namespace !== account.namespace) {
    throw invalid(kind, account.name, [
      invalidValue(at.child('namespace'), asked.namespace, 'must match the service account namespace if specified'),
    ]);
  }
  if (asked.uid && asked.uid !== account.uid) {
    const message = `the UID in the token request (${asked.uid}) does not match the UID of the service account (${account.uid})`;
    throw conflict({ group, resource: 'TokenRequest' }, account.name, message);
  }
}

function validateExpiration(seconds: number): FieldError[] {
  const at = path('spec').child('expirationSeconds');
  if (seconds < minimumExpirationSeconds)
    return [invalidValue(at, seconds, 'may not specify a duration less than 10 minutes')];
  if (seconds > 2 ** 32) return [invalidValue(at, seconds, 'may not specify a duration larger than 2^32 seconds')];
  return [];
}

/** Looks up the object the token is to live and die with. */
async function boundClaims(
  registry: Pick<RegistryReader, 'get'>,
  request: TokenRequest,
  serviceAccountName: string,
  namespace: string,
): Promise<Pick<KubernetesClaims, 'pod' | 'secret' | 'node'>> {
  const reference = request.spec?.boundObjectRef;
  if (reference === undefined || reference === null) return {};
  const name = reference.name ?? '';
  const apiVersion = reference.apiVersion ?? '';
  const find = async <T extends KubernetesObject>(
    resource: string,
    home: string,
  ): Promise<T & { claim: ObjectClaim }> => {
    const object = await registry.get<T>({ group: '', resource }, home, name);
    if (object === undefined) throw notFound({ group: '', resource }, name);
    const uid = object.metadata?.uid ?? '';
    if (reference.uid && reference.uid !== uid) {
      const message = `the UID in the bound object reference (${reference.uid}) does not match the UID in record. The object might have been deleted and then recreated`;
      throw conflict({ group: '', resource: reference.kind ?? '' }, name, message);
    }
    return { ...object, claim: { name, uid } };
  };
  switch (apiVersion === 'v1' ? reference.kind : undefined) {
    case 'Pod': {
      const pod = await find<KubernetesObject & { spec?: { serviceAccountName?: string; nodeName?: string } }>(
        'pods',
        namespace,
      );
      if (pod.spec?.serviceAccountName !== serviceAccountName) {
        throw badRequest(
          `cannot bind token for serviceaccount ${JSON.stringify(serviceAccountName)} to pod running with different serviceaccount name.`,
        );
      }
      return { pod: pod.claim, ...(await nodeClaim(registry, pod.spec.nodeName)) };
    }
    case 'Secret':
      return { secret: (await find('secrets', namespace)).claim };
    case 'Node':
      return { node: (await find('nodes', '')).claim };
    default: {
      const [first = '', second] = apiVersion.split('/');
      const shown = second === undefined ? `/${first}` : apiVersion;
      throw badRequest(`cannot bind token to object of type ${shown}, Kind=${reference.kind ?? ''}`);
    }
  }
}

/** A node that is gone still shows by name. */
async function nodeClaim(
  registry: Pick<RegistryReader, 'get'>,
  nodeName: string | undefined,
): Promise<{ node?: ObjectClaim }> {
  if (!nodeName) return {};
  const node = await registry.get({ group: '', resource: 'nodes' }, '', nodeName);
  const uid = node?.metadata?.uid;
  return { node: { name: nodeName, ...(uid === undefined ? {} : { uid }) } };
}
