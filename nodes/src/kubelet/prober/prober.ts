/** Runs one probe against a real container: a command in it, a GET, a TCP connection or a gRPC health check. */
import { connect } from 'node:net';
import type { Container, Pod, Probe } from '@typernetes/openapi/types/core/v1';
import { isCriError, type RuntimeService } from 'cri-client';
import { grpcHealth } from './grpc.ts';
import { httpGet, resolvePort } from './http.ts';
import type { ProbeKind, ProbeOutcome } from './results.ts';

export interface ProbeTarget {
  kind: ProbeKind;
  pod: Pod;
  container: Container;
  probe: Probe;
  containerId: string;
  podIP: string;
}

export interface ProbeReport {
  outcome: ProbeOutcome;
  output: string;
}

/** Answers probes: of real containers through the network and the runtime, of simulated ones in process. */
export interface Prober {
  /** Rejects when the probe could not be made at all. */
  probe(target: ProbeTarget, signal: AbortSignal): Promise<ProbeReport>;
}

function tcpConnect(host: string, port: number, timeoutMs: number): Promise<ProbeReport> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const finish = (report: ProbeReport): void => {
      socket.destroy();
      resolve(report);
    };
    socket.setTimeout(timeoutMs, () => finish({ outcome: 'failure', output: `dial tcp ${host}:${port}: i/o timeout` }));
    socket.on('connect', () => finish({ outcome: 'success', output: '' }));
    socket.on('error', (error: NodeJS.ErrnoException) => {
      const reason = error.code === 'ECONNREFUSED' ? 'connection refused' : error.message;
      finish({ outcome: 'failure', output: `dial tcp ${host}:${port}: connect: ${reason}` });
    });
  });
}

export class RealProber implements Prober {
  readonly #runtime: RuntimeService;

  constructor(runtime: RuntimeService) {
    this.#runtime = runtime;
  }

  async probe({ probe, container, containerId, podIP, kind }: ProbeTarget, signal: AbortSignal): Promise<ProbeReport> {
    const timeoutMs = (probe.timeoutSeconds ?? 1) * 1000;
    if (probe.exec !== undefined) return this.#exec(containerId, probe.exec.command ?? [], timeoutMs, signal);
    if (probe.httpGet !== undefined) {
      const { host, port, path = '/', scheme, httpHeaders = [] } = probe.httpGet;
      const get = {
        host: host || podIP,
        port: resolvePort(port, container),
        path,
        secure: scheme === 'HTTPS',
        headers: httpHeaders,
      };
      try {
        const { status, body, leftHost } = await httpGet({ ...get, userAgent: 'kube-probe/1.36', timeoutMs, signal });
        if (leftHost) return { outcome: 'success', output: `Probe terminated redirects, Response body: ${body}` };
        if (status >= 200 && status < 400) return { outcome: 'success', output: body };
        return { outcome: 'failure', output: `HTTP probe failed with statuscode: ${status}` };
      } catch (error) {
        const url = `${get.secure ? 'https' : 'http'}://${get.host}:${get.port}${path}`;
        return {
          outcome: 'failure',
          output: `Get "${url}": ${error instanceof Error ? error.message : String(error)}`,
        };
      }
    }
    if (probe.tcpSocket !== undefined)
      return tcpConnect(probe.tcpSocket.host || podIP, resolvePort(probe.tcpSocket.port, container), timeoutMs);
    if (probe.grpc !== undefined) return grpcHealth(podIP, probe.grpc.port, probe.grpc.service ?? '', timeoutMs);
    throw new Error(`missing probe handler for ${kind} of ${container.name}`);
  }

  async #exec(
    containerId: string,
    command: readonly string[],
    timeoutMs: number,
    signal: AbortSignal,
  ): Promise<ProbeReport> {
    try {
      const timeout = BigInt(Math.ceil(timeoutMs / 1000));
      const answer = await this.#runtime.execSync(
        { containerId, cmd: command, timeout },
        { signal, timeoutMs: timeoutMs + 10_000 },
      );
      const output = Buffer.concat([answer.stdout, answer.stderr])
        .subarray(0, 10 * 1024)
        .toString('utf8');
      return { outcome: answer.exitCode === 0 ? 'success' : 'failure', output };
    } catch (error) {
      if (!isCriError(error, 'DEADLINE_EXCEEDED')) throw error;
      return {
        outcome: 'failure',
        output: `command timed out: "${command.join(' ')}" timed out after ${timeoutMs / 1000}s`,
      };
    }
  }
}
