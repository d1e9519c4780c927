/** One of the two clusters: sends a request, gives the whole answer. */
import { parse } from 'yaml';
import { ApiHttp } from '../src/http.ts';
import { loadClusterAccess } from '../src/kubeconfig.ts';
import type { Json } from './case.ts';

export interface Answer {
  status: number;
  contentType: string;
  warnings: readonly string[];
  /** Parsed where it is JSON; a watch is the array of its events. */
  body: Json;
}

export interface Request {
  method: string;
  path: string;
  body: string | undefined;
  headers: Record<string, string>;
}

export interface Target {
  readonly name: string;
  send(request: Request): Promise<Answer>;
  close(): void;
}

const deadlineMs = 20_000;

export function clusterTarget(kubeconfig: string): Target {
  const access = loadClusterAccess(kubeconfig);
  const http = new ApiHttp(access);
  return {
    name: access.server.href,
    async send({ method, path, body, headers }) {
      const signal = AbortSignal.timeout(deadlineMs);
      const response = await http.request(method, path, { headers, signal, ...(body === undefined ? {} : { body }) });
      const contentType = response.headers['content-type'] ?? '';
      const { warning } = response.headers;
      return {
        status: response.status,
        contentType,
        warnings: warning === undefined ? [] : splitWarnings(warning),
        body: parseBody(contentType, response.body),
      };
    },
    close: () => http.close(),
  };
}

/** `299 - "text", 299 - "other"`: node joins repeated headers, and the quoted texts may hold commas. */
export function splitWarnings(header: string): string[] {
  return [...header.matchAll(/\d{3} \S+ "((?:[^"\\]|\\.)*)"/g)].map(([, text = '']) => text.replaceAll(/\\(.)/g, '$1'));
}

export function parseBody(contentType: string, body: Buffer): Json {
  if (contentType.includes('yaml')) return (parse(body.toString('utf8'), { logLevel: 'error' }) ?? null) as Json;
  if (!contentType.includes('json')) {
    // Bytes of protobuf hold uids and times of their own; that it is protobuf is what can be compared.
    return contentType.includes('protobuf') ? `${body.length === 0 ? 'no' : 'some'} bytes` : body.toString('utf8');
  }
  const text = body.toString('utf8');
  try {
    return JSON.parse(text) as Json;
  } catch {
    const lines = text.split('\n').filter((line) => line !== '');
    try {
      return lines.map((line) => JSON.parse(line) as Json);
    } catch {
      return text;
    }
  }
}
