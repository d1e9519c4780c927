/** grpc.health.v1.Health/Check over plain HTTP/2, as one request of Node's own client. */
import http2 from 'node:http2';
import type { ProbeReport } from './prober.ts';

const serving = 1;

function requestFrame(service: string): Buffer {
  const name = Buffer.from(service);
  const message = name.length === 0 ? Buffer.alloc(0) : Buffer.concat([Buffer.from([0x0a, name.length]), name]);
  const header = Buffer.alloc(5);
  header.writeUInt32BE(message.length, 1);
  return Buffer.concat([header, message]);
}

/** The status field of HealthCheckResponse; undefined when the frame holds none (UNKNOWN). */
function servingStatus(body: Buffer): number | undefined {
  return body.length >= 7 && body[5] === 0x08 ? body[6] : undefined;
}

export function grpcHealth(host: string, port: number, service: string, timeoutMs: number): Promise<ProbeReport> {
  return new Promise((resolve) => {
    const address = `${host.includes(':') ? `[${host}]` : host}:${port}`;
    const session = http2.connect(`http://${address}`);
    const timer = setTimeout(
      () =>
        finish(
          'failure',
          `timeout: failed to connect service "${address}" within ${timeoutMs / 1000}s: context deadline exceeded`,
        ),
      timeoutMs,
    );
    const finish = (outcome: ProbeReport['outcome'], output: string): void => {
      clearTimeout(timer);
      session.destroy();
      resolve({ outcome, output });
    };
    session.on('error', (error) => finish('failure', `error: health rpc failed: ${error.message}`));
    const stream = session.request({
      ':method': 'POST',
      ':path': '/grpc.health.v1.Health/Check',
      'content-type': 'application/grpc',
      te: 'trailers',
      'user-agent': 'kube-probe/1.36',
    });
    const chunks: Buffer[] = [];
    let code = '0';
    const readCode = (headers: http2.IncomingHttpHeaders): void => {
      if (headers['grpc-status'] !== undefined) code = String(headers['grpc-status']);
    };
    stream.on('response', readCode);
    stream.on('trailers', readCode);
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('error', (error) => finish('failure', `error: health rpc failed: ${error.message}`));
    stream.on('end', () => {
      if (code === '12')
        finish('failure', 'error: this server does not implement the grpc health protocol (grpc.health.v1.Health)');
      else if (code !== '0') finish('failure', `error: health rpc probe failed with code ${code}`);
      else if (servingStatus(Buffer.concat(chunks)) === serving) finish('success', 'service healthy');
      else finish('failure', 'service unhealthy (responded with "NOT_SERVING")');
    });
    stream.end(requestFrame(service));
  });
}
