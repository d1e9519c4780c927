/** One GET of a probe or hook: certificates are not verified, redirects to the same host are followed, bodies are capped. */
import http from 'node:http';
import https from 'node:https';
import type { Container } from '@typernetes/openapi/types/core/v1';

export interface ProbeGet {
  host: string;
  port: number;
  path: string;
  secure: boolean;
  headers: readonly { name: string; value: string }[];
  userAgent: string;
  timeoutMs: number;
  signal?: AbortSignal;
}

export interface ProbeAnswer {
  status: number;
  body: string;
  /** Sent to another host: the answer says nothing about this one. */
  leftHost: boolean;
}

const maximumBody = 10 * 1024;
const maximumRedirects = 10;

/** A number, or the name of one of the container's ports. */
export function resolvePort(port: string | number, container: Container): number {
  if (typeof port === 'number' || /^\d+$/.test(port)) return Number(port);
  const found = container.ports?.find(({ name }) => name === port)?.containerPort;
  if (found === undefined) throw new Error(`couldn't find port: ${port}`);
  return found;
}

function requestHeaders(get: ProbeGet): Record<string, string | string[]> {
  const headers: Record<string, string | string[]> = {
    'user-agent': get.userAgent,
    accept: '*/*',
    connection: 'close',
  };
  for (const { name, value } of get.headers) {
    const key = name.toLowerCase();
    const before = get.headers.filter((header) => header.name.toLowerCase() === key).map((header) => header.value);
    headers[key] = before.length > 1 ? before : value;
  }
  // An empty value takes the default away, as upstream's probes do.
  for (const key of ['user-agent', 'accept']) if (headers[key] === '') delete headers[key];
  return headers;
}

function once(url: URL, get: ProbeGet): Promise<{ status: number; body: string; location: string | undefined }> {
  return new Promise((resolve, reject) => {
    const options = { headers: requestHeaders(get), timeout: get.timeoutMs, agent: false as const, signal: get.signal };
    const request =
      url.protocol === 'https:' ? https.get(url, { ...options, rejectUnauthorized: false }) : http.get(url, options);
    request.on('timeout', () =>
      request.destroy(new Error('context deadline exceeded (Client.Timeout exceeded while awaiting headers)')),
    );
    request.on('error', reject);
    request.on('response', (response) => {
      const chunks: Buffer[] = [];
      let size = 0;
      const finish = (): void => {
        resolve({
          status: response.statusCode ?? 0,
          body: Buffer.concat(chunks).subarray(0, maximumBody).toString('utf8'),
          location: response.headers.location,
        });
        request.destroy();
      };
      response.on('data', (chunk: Buffer) => {
        chunks.push(chunk);
        size += chunk.length;
        if (size >= maximumBody) finish();
      });
      response.on('end', finish);
      response.on('error', reject);
    });
  });
}

export async function httpGet(get: ProbeGet): Promise<ProbeAnswer> {
  const host = get.host.includes(':') ? `[${get.host}]` : get.host;
  let url = new URL(`${get.secure ? 'https' : 'http'}://${host}:${get.port}`);
  const [path = '/', query] = get.path.split('?', 2);
  url.pathname = path.startsWith('/') ? path : `/${path}`;
  if (query !== undefined) url.search = query;
  for (let redirects = 0; ; redirects++) {
    const { status, body, location } = await once(url, get);
    const isRedirect = status >= 300 && status < 400 && location !== undefined;
    if (!isRedirect) return { status, body, leftHost: false };
    const next = new URL(location, url);
    if (next.hostname !== url.hostname) return { status, body, leftHost: true };
    if (redirects >= maximumRedirects) throw new Error(`stopped after ${maximumRedirects} redirects`);
    url = next;
  }
}
