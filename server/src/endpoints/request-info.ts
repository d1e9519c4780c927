/**
 * RequestInfo: what a request asks for, read from its method, path and query alone. Authorization, admission, metrics
 * and routing all decide on this one reading, so that none of them can be tricked into seeing another request.
 */
import { parseFieldSelector } from '@typernetes/openapi/meta';

export interface RequestInfo {
  /** False for /healthz, /version and whatever else is no API resource. */
  isResourceRequest: boolean;
  path: string;
  /** get, list, watch, create, update, patch, delete, deletecollection, proxy; lower-cased method off resources. */
  verb: string;
  apiPrefix: string;
  apiGroup: string;
  apiVersion: string;
  namespace: string;
  resource: string;
  subresource: string;
  name: string;
  /** Path parts from the resource on. */
  parts: string[];
  fieldSelector: string;
  labelSelector: string;
  /** The request came over the deprecated /api/v1/watch/… or /proxy/… paths. */
  verbViaPathPrefix: boolean;
}

const specialVerbs = new Set(['proxy', 'watch']);
const namespaceSubresources = new Set(['status', 'finalize']);
const verbsWithSelectors = new Set(['list', 'watch', 'deletecollection']);
const verbOfMethod: Record<string, string> = {
  POST: 'create',
  GET: 'get',
  HEAD: 'get',
  PUT: 'update',
  PATCH: 'patch',
  DELETE: 'delete',
};

/** A path that cannot be read as a request (upstream answers 500). */
export class RequestInfoError extends Error {}

function splitPath(path: string): string[] {
  let start = 0;
  let end = path.length;
  while (start < end && path.charCodeAt(start) === 47) start++;
  while (end > start && path.charCodeAt(end - 1) === 47) end--;
  return start === end ? [] : path.slice(start, end).split('/');
}

/** True as Go's strconv-like form decoding of a bool parameter reads it: present and not `false` or `0`. */
export function isTrueParameter(value: string | null): boolean {
  if (value === null) return false;
  const lower = value.toLowerCase();
  return lower !== 'false' && lower !== '0';
}

/** `path` is decoded once, as upstream's URL.Path is. */
export function resolveRequestInfo(method: string, path: string, query: URLSearchParams): RequestInfo {
  const info: RequestInfo = {
    isResourceRequest: false,
    path,
    verb: method.toLowerCase(),
    apiPrefix: '',
    apiGroup: '',
    apiVersion: '',
    namespace: '',
    resource: '',
    subresource: '',
    name: '',
    parts: [],
    fieldSelector: '',
    labelSelector: '',
    verbViaPathPrefix: false,
  };
  let parts = splitPath(path);
  if (parts.length < 3) return info;
  const prefix = parts[0]!;
  if (prefix !== 'api' && prefix !== 'apis') return info;
  info.apiPrefix = prefix;
  parts = parts.slice(1);
  if (prefix === 'apis') {
    if (parts.length < 3) return info;
    info.apiGroup = parts[0]!;
    parts = parts.slice(1);
  }
  info.isResourceRequest = true;
  info.apiVersion = parts[0]!;
  parts = parts.slice(1);

  if (specialVerbs.has(parts[0]!)) {
    if (parts.length < 2) throw new RequestInfoError(`unable to determine kind and namespace from url, ${path}`);
    info.verb = parts[0]!;
    info.verbViaPathPrefix = true;
    parts = parts.slice(1);
  } else {
    info.verb = verbOfMethod[method] ?? '';
  }
  if (parts[0] === 'namespaces' && parts.length > 1) {
    info.namespace = parts[1]!;
    if (parts.length > 2 && !namespaceSubresources.has(parts[2]!)) parts = parts.slice(2);
  }
  info.parts = parts;
  if (parts.length >= 3 && info.verb !== 'proxy') info.subresource = parts[2]!;
  if (parts.length >= 2) info.name = parts[1]!;
  info.resource = parts[0]!;

  if (info.name === '' && info.verb === 'get') {
    info.verb = isTrueParameter(query.get('watch')) ? 'watch' : 'list';
    const name = nameOfFieldSelector(query.get('fieldSelector'));
    if (name !== undefined && isPathSegmentName(name)) info.name = name;
  }
  if (info.name === '' && info.verb === 'delete') info.verb = 'deletecollection';
  if (!info.verbViaPathPrefix && verbsWithSelectors.has(info.verb)) {
    info.fieldSelector = query.get('fieldSelector') ?? '';
    info.labelSelector = query.get('labelSelector') ?? '';
  }
  return info;
}

function nameOfFieldSelector(text: string | null): string | undefined {
  if (text === null || !text.includes('metadata.name')) return undefined;
  try {
    return parseFieldSelector(text).requiresExactMatch('metadata.name');
  } catch {
    return undefined;
  }
}

function isPathSegmentName(name: string): boolean {
  return name !== '.' && name !== '..' && !name.includes('/') && !name.includes('%');
}
