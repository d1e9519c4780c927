import assert from 'node:assert/strict';
import { mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { type CriConnection, connectCri, criTarget } from './client.ts';
import { complete } from './codec.ts';
import { CriError, isCriError } from './error.ts';
import type { CallOptions } from './input.ts';
import { services } from './protocol/descriptors.ts';
import type { ImageService, RuntimeService } from './protocol/services.ts';
import { serveCri } from './server.ts';

/** A service that answers UNIMPLEMENTED but for the methods given. */
function only<Service extends object>(name: string, methods: Partial<Service>): Service {
  const all: Record<string, unknown> = {};
  for (const method of Object.keys(services[name] ?? {})) {
    all[method] = () => {
      throw new CriError('UNIMPLEMENTED', `${method} is not served`);
    };
  }
  return { ...all, ...methods } as Service;
}

async function withRuntime(
  runtime: Partial<RuntimeService>,
  body: (cri: CriConnection, socket: string) => Promise<void>,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'cri-'));
  const socket = join(folder, 'cri.sock');
  const server = await serveCri(
    { runtime: only<RuntimeService>('RuntimeService', runtime), images: only<ImageService>('ImageService', {}) },
    socket,
  );
  const cri = connectCri(server.endpoint);
  try {
    await cri.waitForReady(60_000);
    await body(cri, socket);
  } finally {
    cri.close();
    await server.stop();
    await rm(folder, { recursive: true });
  }
}

const forEver = (options?: CallOptions): Promise<never> =>
  new Promise((_, reject) =>
    options?.signal?.addEventListener('abort', () => reject(new CriError('CANCELLED', 'gone'))),
  );

test('endpoints', () => {
  assert.equal(criTarget('unix:///run/a.sock'), 'unix:/run/a.sock');
  assert.equal(criTarget('unix:/run/a.sock'), 'unix:/run/a.sock');
  assert.equal(criTarget('/run/a.sock'), 'unix:/run/a.sock');
  assert.throws(() => criTarget('tcp://1.2.3.4:5'), CriError);
});

test('a call crosses the socket with 64-bit integers, maps and nested messages intact', async () => {
  await withRuntime(
    {
      runPodSandbox: async ({ config }) => ({
        podSandboxId: `${config?.metadata?.name}-${config?.labels?.a}-${config?.linux?.resources?.cpuQuota}`,
      }),
    },
    async (cri) => {
      const request = {
        config: { metadata: { name: 'p' }, labels: { a: 'b' }, linux: { resources: { cpuQuota: -9007199254740993n } } },
      };
      assert.deepEqual(await cri.runtime.runPodSandbox(request), { podSandboxId: 'p-b--9007199254740993' });
    },
  );
});

test('errors carry their code and message', async () => {
  await withRuntime(
    {
      containerStatus: async () => {
        throw new CriError('NOT_FOUND', 'no such container "ä"');
      },
      stopContainer: async () => {
        throw new TypeError('broken');
      },
    },
    async (cri) => {
      await assert.rejects(
        cri.runtime.containerStatus({}),
        (error) => isCriError(error, 'NOT_FOUND') && error.message === 'no such container "ä"',
      );
      await assert.rejects(
        cri.runtime.stopContainer({}),
        (error) => isCriError(error, 'UNKNOWN') && error.message === 'broken',
      );
      await assert.rejects(cri.images.listImages({}), (error) => isCriError(error, 'UNIMPLEMENTED'));
    },
  );
});

test('deadlines and signals end a call, and the server hears of it', async () => {
  const { promise: called, resolve: call } = Promise.withResolvers<void>();
  const { promise: heard, resolve: hear } = Promise.withResolvers<void>();
  await withRuntime(
    {
      version: () => forEver(),
      status: (_, options) => {
        call();
        return forEver(options).catch((error: unknown) => {
          hear();
          throw error;
        });
      },
    },
    async (cri) => {
      await assert.rejects(cri.runtime.version({}, { timeoutMs: 50 }), (error) =>
        isCriError(error, 'DEADLINE_EXCEEDED'),
      );
      const abort = new AbortController();
      const status = cri.runtime.status({}, { signal: abort.signal });
      void called.then(() => abort.abort());
      await assert.rejects(status, (error) => isCriError(error, 'CANCELLED'));
      await heard;
      await assert.rejects(cri.runtime.version({}, { signal: abort.signal }), (error) =>
        isCriError(error, 'CANCELLED'),
      );
    },
  );
});

test('a stream delivers in order and ends when its reader leaves', async () => {
  let left = false;
  await withRuntime(
    {
      async *getContainerEvents(_, options) {
        for (let count = 1; count <= 1000; count++)
          yield complete('ContainerEventResponse', { containerId: String(count) });
        await forEver(options).catch(() => {
          left = true;
        });
      },
    },
    async (cri) => {
      const seen: string[] = [];
      for await (const event of cri.runtime.getContainerEvents({})) {
        seen.push(event.containerId);
        if (seen.length === 1000) break;
      }
      assert.equal(seen.length, 1000);
      assert.equal(seen[999], '1000');
      await cri.runtime.version({}).catch(() => undefined);
    },
  );
  assert.ok(left);
});

test('a runtime that is away is UNAVAILABLE, and found again when it is back', async () => {
  await withRuntime(
    { version: async () => complete('VersionResponse', { runtimeName: 'first' }) },
    async (cri, socket) => {
      const other = connectCri(`${socket}.second`);
      await assert.rejects(other.runtime.version({}), (error) => isCriError(error, 'UNAVAILABLE'));
      const second = await serveCri(
        {
          runtime: only<RuntimeService>('RuntimeService', {
            version: async () => complete('VersionResponse', { runtimeName: 'second' }),
          }),
          images: only<ImageService>('ImageService', {}),
        },
        `${socket}.second`,
      );
      await other.waitForReady(60_000);
      assert.equal((await other.runtime.version({})).runtimeName, 'second');
      other.close();
      await second.stop();
      assert.equal((await cri.runtime.version({})).runtimeName, 'first');
    },
  );
});

test('a new connection is not ready through an older one, whose runtime may be gone', async () => {
  await withRuntime({ version: async () => complete('VersionResponse', {}) }, async (cri, socket) => {
    await rename(socket, `${socket}.moved`);
    const late = connectCri(socket);
    try {
      await assert.rejects(late.waitForReady(100), (error) => isCriError(error, 'UNAVAILABLE'));
      await cri.runtime.version({});
      await rename(`${socket}.moved`, socket);
      await late.waitForReady(60_000);
    } finally {
      late.close();
    }
  });
});
