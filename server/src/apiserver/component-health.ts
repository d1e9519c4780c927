/** How the parts of the control plane are, for ComponentStatus: asked where upstream looks for them, on this machine. */
import https from 'node:https';
import { kubernetesVersion } from '@typernetes/openapi/catalogue';
import type { HealthCheck } from '../endpoints/health.ts';
import type { ComponentHealth } from '../registry/dependencies.ts';
import { networkErrorText } from '../webhooks/network-error.ts';

const timeoutMs = 20_000;
const userAgent = `kube-probe/${kubernetesVersion.major}.${kubernetesVersion.minor}`;

export async function componentHealth(
  storage: HealthCheck,
  servers: readonly { name: string; port: number }[],
): Promise<ComponentHealth[]> {
  return Promise.all([...servers.map(({ name, port }) => probe(name, port)), storageHealth(storage)]);
}

async function storageHealth(storage: HealthCheck): Promise<ComponentHealth> {
  const name = 'etcd-0';
  try {
    await storage.check();
    return { name, healthy: true, message: 'ok', error: '' };
  } catch (error) {
    return { name, healthy: false, message: '', error: (error as Error).message };
  }
}

/** Whoever answers there is believed: the certificate is not checked, and nothing but health is asked. */
function probe(name: string, port: number): Promise<ComponentHealth> {
  const url = `https://127.0.0.1:${port}/healthz`;
  return new Promise((resolve) => {
    const finish = (healthy: boolean, message: string): void => resolve({ name, healthy, message, error: '' });
    const signal = AbortSignal.timeout(timeoutMs);
    const fail = (error: Error): void => {
      const reason = signal.aborted
        ? 'context deadline exceeded (Client.Timeout exceeded while awaiting headers)'
        : networkErrorText(error);
      finish(false, `Get ${JSON.stringify(url)}: ${reason}`);
    };
    const headers = { 'user-agent': userAgent, accept: '*/*' };
    https
      .get(url, { agent: false, rejectUnauthorized: false, headers, signal }, (response) => {
        const { statusCode = 0 } = response;
        let body = '';
        response
          .setEncoding('utf8')
          .on('data', (chunk: string) => (body += chunk))
          .once('error', fail)
          .once('end', () => {
            if (statusCode >= 200 && statusCode < 400) finish(true, body);
            else finish(false, `HTTP probe failed with statuscode: ${statusCode}`);
          });
      })
      .once('error', fail);
  });
}
