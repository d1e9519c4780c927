import assert from 'node:assert/strict';
import https from 'node:https';
import { afterEach, describe, it } from 'node:test';
import { resources, silentLogger, systemClock } from '@typernetes/openapi/client';
import { FakeApiServer } from '@typernetes/openapi/client/testing';
import { controllers, selectControllers } from '../registry.ts';
import { parseBoolean, parseDurationFlag } from './flags.ts';
import { startLeading } from './leading.ts';
import { type Serving, serve } from './serving.ts';

let server: FakeApiServer | undefined;
let serving: Serving | undefined;

afterEach(async () => {
  await serving?.stop();
  await server?.stop();
  serving = undefined;
  server = undefined;
});

function get(
  port: number,
  path: string,
  headers: Record<string, string> = {},
): Promise<{ code: number; body: string }> {
  return new Promise((resolve, reject) => {
    https
      .get({ host: '127.0.0.1', port, path, headers, rejectUnauthorized: false }, (response) => {
        let body = '';
        response.on('data', (chunk: Buffer) => (body += chunk.toString()));
        response.on('end', () => resolve({ code: response.statusCode ?? 0, body }));
      })
      .on('error', reject);
  });
}

describe('flags', () => {
  it("read as Go's do", () => {
    assert.deepEqual(['1m30s', '500ms', '0', '1.5h', '2s'].map(parseDurationFlag), [90_000, 500, 0, 5_400_000, 2000]);
    assert.throws(() => parseDurationFlag('5'));
    assert.deepEqual(['true', 'F', '1'].map(parseBoolean), [true, false, true]);
    assert.throws(() => parseBoolean('yes'));
  });

  it('select controllers', () => {
    const all = selectControllers(['*']);
    // The controllers of bootstrap tokens run only where they are named.
    assert.equal(all.length, controllers.size - 2);
    assert.ok(!all.includes('token-cleaner-controller'));
    assert.ok(selectControllers(['*', 'tokencleaner']).includes('token-cleaner-controller'));
    assert.deepEqual(selectControllers(['deployment', 'namespace-controller']), [
      'deployment-controller',
      'namespace-controller',
    ]);
    assert.equal(selectControllers(['*', '-garbagecollector']).length, all.length - 1);
    assert.throws(() => selectControllers(['typo']), /"typo" is not in the list of known controllers/);
  });
});

describe('the endpoint of a component', () => {
  it('tells its health to everyone, its metrics only where the API server can be asked', async () => {
    server = await FakeApiServer.start();
    let problem: string | undefined;
    // Port 0 means none, as the flag does: find a free one the usual way.
    const probe = https.createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => probe.once('listening', resolve));
    const { port } = probe.address() as { port: number };
    await new Promise((resolve) => probe.close(resolve));
    serving = await serve({
      bindAddress: '127.0.0.1',
      port,
      metrics: () => Promise.resolve('metric 1\n'),
      unhealthy: () => problem,
      client: server.client(),
      logger: silentLogger,
    });
    assert.deepEqual(await get(port, '/healthz'), { code: 200, body: 'ok' });
    problem = 'broken';
    assert.equal((await get(port, '/readyz')).code, 500);
    // Who may see metrics is the API server's to say (serving.test.ts); this one does not know.
    assert.equal((await get(port, '/metrics', { authorization: 'Bearer some' })).code, 500);
  });
});

describe('leading', () => {
  it('works while it holds the lease, and ends when it is lost', async () => {
    server = await FakeApiServer.start();
    const flags = {
      leaderElect: true,
      leaderElectLeaseDuration: 1000,
      leaderElectRenewDeadline: 200,
      leaderElectRetryPeriod: 20,
      leaderElectResourceName: 'test',
      leaderElectResourceNamespace: 'kube-system',
    };
    const working = Promise.withResolvers<void>();
    let stopped = false;
    const component = startLeading({
      flags,
      client: server.client(),
      clock: systemClock,
      logger: silentLogger,
      start: () => {
        working.resolve();
        return {
          ready: Promise.resolve(),
          stop: () => {
            stopped = true;
            return Promise.resolve();
          },
        };
      },
    });
    await component.ready;
    await working.promise;
    const [lease] = server.list(resources.leases);
    server.put(resources.leases, { ...lease, spec: { ...lease?.spec, holderIdentity: 'someone else' } });
    await component.ended;
    assert.equal(stopped, true);
    await component.stop();
  });
});
