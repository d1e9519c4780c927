/** postStart and preStop handlers: a command in the container, a GET to it, or a sleep. Rejects when the handler fails. */

import { type Clock, delay } from '@typernetes/openapi/client';
import type { Container, LifecycleHandler, Pod } from '@typernetes/openapi/types/core/v1';
import type { RuntimeService } from 'cri-client';
import { identityOf } from '../pod/pod.ts';
import { httpGet, resolvePort } from '../prober/http.ts';

export class HookError extends Error {
  override readonly name = 'HookError';
}

export class LifecycleRunner {
  readonly #runtime: RuntimeService;
  readonly #clock: Clock;
  readonly #podIP: (uid: string) => Promise<string>;

  constructor(runtime: RuntimeService, clock: Clock, podIP: (uid: string) => Promise<string>) {
    this.#runtime = runtime;
    this.#clock = clock;
    this.#podIP = podIP;
  }

  async run(
    handler: LifecycleHandler,
    pod: Pod,
    container: Container,
    containerId: string,
    podIPs: readonly string[],
    signal: AbortSignal,
  ): Promise<void> {
    const { exec, httpGet: http, sleep } = handler;
    if (exec !== undefined) {
      const { exitCode, stdout, stderr } = await this.#runtime.execSync(
        { containerId, cmd: exec.command ?? [] },
        { signal, timeoutMs: 0 },
      );
      if (exitCode !== 0) {
        const output = Buffer.concat([stdout, stderr]).toString('utf8').trim();
        throw new HookError(`command '${(exec.command ?? []).join(' ')}' exited with ${exitCode}: ${output}`);
      }
    } else if (http !== undefined) {
      const host = http.host ?? podIPs[0] ?? (await this.#podIP(identityOf(pod).uid));
      const answer = await httpGet({
        host,
        port: resolvePort(http.port, container),
        path: http.path ?? '/',
        secure: http.scheme === 'HTTPS',
        headers: http.httpHeaders ?? [],
        userAgent: 'kube-lifecycle/1.36',
        timeoutMs: 60_000,
        signal,
      });
      if (answer.status < 200 || answer.status >= 400)
        throw new HookError(`HTTP lifecycle hook (${http.path ?? '/'}) answered ${answer.status}`);
    } else if (sleep !== undefined) {
      await delay(this.#clock, sleep.seconds * 1000, signal);
    } else {
      throw new HookError('invalid handler: it says nothing to do');
    }
  }
}
