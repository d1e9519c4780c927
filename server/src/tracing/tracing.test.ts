/** Traces as a collector gets them: a real API server, a gRPC collector, a webhook and an aggregated server. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { before, describe, it } from 'node:test';
import { startTestCluster, type TestCluster, type WebhookServer } from '../admission/testing/cluster.ts';
import { configMaps, rules } from '../admission/testing/webhooks.ts';
import { startExtensionServer } from '../aggregator/testing/extension-server.ts';
import { parseTracingConfiguration } from './configuration.ts';
import { extract } from './propagation.ts';
import { type Collector, type ReceivedSpan, startCollector } from './testing/collector.ts';

const callerTrace = '11111111111111111111111111111111';
const callerSpan = '2222222222222222';
const traceparent = `00-${callerTrace}-${callerSpan}-01`;

async function withTracing(
  samplingRatePerMillion: number,
  run: (cluster: TestCluster, collector: Collector) => Promise<void>,
): Promise<void> {
  const directory = await mkdtemp(path.join(tmpdir(), 'typernetes-tracing-'));
  const collector = await startCollector();
  const tracingConfigFile = path.join(directory, 'tracing.yaml');
  await writeFile(
    tracingConfigFile,
    `apiVersion: apiserver.config.k8s.io/v1
kind: TracingConfiguration
endpoint: ${collector.endpoint}
samplingRatePerMillion: ${samplingRatePerMillion}
`,
  );
  try {
    const cluster = await startTestCluster({ tracingConfigFile });
    let stopped = false;
    try {
      await run(
        {
          ...cluster,
          async stop() {
            stopped = true;
            await cluster.stop();
          },
        },
        collector,
      );
    } finally {
      if (!stopped) await cluster.stop();
    }
  } finally {
    collector.close();
    await rm(directory, { recursive: true });
  }
}

describe('a server that keeps every trace', () => {
  let spans: readonly ReceivedSpan[] = [];
  let webhooks: WebhookServer;
  let proxied: string | undefined;

  const named = (name: string, trace?: string): ReceivedSpan => {
    const found = spans.find((span) => span.name === name && (trace === undefined || span.traceId === trace));
    assert.ok(found, `no span ${name} of ${trace}`);
    return found;
  };
  /** The names of a span and of all it is part of, innermost first. */
  const path = (span: ReceivedSpan): string[] => {
    const parent = spans.find(({ traceId, spanId }) => traceId === span.traceId && spanId === span.parentSpanId);
    return [span.name, ...(parent === undefined ? [] : path(parent))];
  };

  before(async () => {
    await withTracing(1_000_000, async (cluster, collector) => {
      webhooks = await cluster.webhooks(() => ({ allowed: true }));
      const configured = await cluster.call(
        'POST',
        '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations',
        {
          metadata: { name: 'watcher' },
          webhooks: [
            {
              name: 'watcher.example.com',
              clientConfig: { url: `${webhooks.url}watcher`, caBundle: webhooks.caBundle },
              sideEffects: 'None',
              admissionReviewVersions: ['v1'],
              rules: rules(['CREATE'], ['configmaps']),
            },
          ],
        },
      );
      assert.equal(configured.status, 201);
      const object = { metadata: { name: 'one' } };
      const headers = { traceparent, 'user-agent': 'tracer' };
      for (let attempt = 0; webhooks.requests.length === 0; attempt++) {
        assert.ok(attempt < 500, 'the webhook is never called');
        await cluster.call('DELETE', `${configMaps}/one`);
        await cluster.call('POST', configMaps, object, { headers });
      }
      await cluster.call('GET', `${configMaps}/one`, undefined, { headers });
      await cluster.call('GET', configMaps, undefined, { headers });
      const watch = 'watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true';
      await cluster.call('GET', `${configMaps}?${watch}&timeoutSeconds=1`, undefined, { headers });
      await cluster.call('PUT', `${configMaps}/one`, object, { headers });
      await cluster.call('DELETE', `${configMaps}/one`, undefined, { headers });
      await cluster.call('GET', '/api/v1/nodes', undefined, { headers, anonymous: true });
      await cluster.call('GET', '/api/v1/namespaces/default/secrets');

      const extension = await startExtensionServer({ name: 'remote.default.svc', proxyCa: '' });
      extension.answer = (_, response) => {
        response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
        return true;
      };
      try {
        await cluster.call('POST', '/api/v1/namespaces/default/services', {
          metadata: { name: 'remote' },
          spec: { type: 'ExternalName', externalName: 'localhost' },
        });
        await cluster.call('POST', '/apis/apiregistration.k8s.io/v1/apiservices', {
          metadata: { name: 'v1.wardle.example.com' },
          spec: {
            group: 'wardle.example.com',
            version: 'v1',
            groupPriorityMinimum: 2000,
            versionPriority: 200,
            service: { name: 'remote', namespace: 'default', port: extension.port },
            caBundle: extension.caBundle,
          },
        });
        const url = '/apis/wardle.example.com/v1/flunders';
        for (let attempt = 0; (await cluster.call('GET', url, undefined, { headers })).status === 503; attempt++)
          assert.ok(attempt < 1000, 'the aggregated server is never available');
        proxied = extension.requests.find((request) => request.url === url)?.headers['traceparent']?.[0];
      } finally {
        await extension.stop();
      }
      await cluster.stop();
      spans = [...collector.spans];
    });
  });

  it('continues the trace of a trusted caller through filters, handler and storage', () => {
    assert.deepEqual(path(named('Create embedded', callerTrace)), [
      'Create embedded',
      'Create',
      'authorization',
      'priorityandfairness',
      'constrainedimpersonation',
      'POST /api/v1/namespaces/{:namespace}/configmaps',
    ]);
    const server = named('POST /api/v1/namespaces/{:namespace}/configmaps', callerTrace);
    assert.equal(server.parentSpanId, callerSpan);
    assert.equal(server.kind, 2);
    const { attributes, start, end } = server;
    assert.equal(attributes['http.request.method'], 'POST');
    assert.equal(attributes['http.response.status_code'], 201);
    assert.equal(attributes['http.target'], configMaps);
    assert.equal(attributes['user_agent.original'], 'tracer');
    assert.ok(start < end && end - start < 60_000_000_000n);
    assert.ok(Math.abs(Number(end / 1_000_000n) - Date.now()) < 600_000, 'in nanoseconds of Unix time');
    assert.equal(server.resource['service.name'], 'apiserver');
    const create = named('Create', callerTrace);
    assert.equal(create.attributes['resource'], 'configmaps');
    assert.equal(create.attributes['audit-id'], attributes['audit-id']);
    assert.equal(create.scope, 'k8s.io/component-base/tracing');
  });

  it('has the cacher and the encoding in the spans of reads', () => {
    const paths = spans.filter(({ traceId }) => traceId === callerTrace).map((span) => path(span).slice(0, 3));
    assert.ok(paths.some((each) => each.join() === 'cacher.Get,Get,authorization'));
    assert.ok(paths.some((each) => each.join() === 'SerializeObject,Get,authorization'));
    assert.ok(paths.some((each) => each.join() === 'cacher.GetList,List,authorization'));
    assert.ok(spans.some(({ name, attributes }) => name === 'cacher.GetList' && attributes['type'] === 'configmaps'));
  });

  it('notes in spans what a request has come to', () => {
    const events = (name: string) => named(name, callerTrace).events.map((event) => event.name);
    const written = ['About to store object in database', 'Write to database call succeeded'];
    const answered = ['About to write a response', 'Writing http response done'];
    const converted = ['limitedReadBody succeeded', 'About to convert to expected version', 'Conversion done'];
    assert.deepEqual(events('Update'), [...converted, ...written, ...answered]);
    const read = named('Update', callerTrace).events[0]!;
    assert.deepEqual(read.attributes, { len: JSON.stringify({ metadata: { name: 'one' } }).length });
    assert.deepEqual(events('Create embedded'), ['Txn call succeeded']);
    assert.deepEqual(events('cacher.GetList'), ['Ready', 'Filtered items']);
    assert.deepEqual(events('Delete'), [
      'limitedReadBody succeeded',
      'About to delete object from database',
      'Object deleted from database',
      ...answered,
    ]);
    assert.deepEqual(events('SerializeObject'), ['About to start writing response', 'Write call succeeded']);
  });

  it('has a span for the initial events of a watch', () => {
    const span = named('WatchList', callerTrace);
    assert.equal(span.attributes['resource'], 'configmaps');
    assert.ok(span.end - span.start < 900_000_000n, 'it does not last as long as the watch');
  });

  it('begins a trace of its own for a caller that is not trusted, and links it', () => {
    const server = named('GET /api/v1/nodes');
    assert.notEqual(server.traceId, callerTrace);
    assert.equal(server.parentSpanId, '');
    assert.deepEqual(server.links, [{ traceId: callerTrace, spanId: callerSpan }]);
    assert.equal(server.attributes['http.response.status_code'], 403);
  });

  it('begins with authentication where a trusted caller has no trace', () => {
    const server = named('GET /api/v1/namespaces/{:namespace}/secrets');
    assert.deepEqual(path(server).slice(1), ['authentication']);
  });

  it('names its span to webhooks', () => {
    const call = named('Call validating webhook', callerTrace);
    assert.equal(call.attributes['configuration'], 'watcher');
    assert.equal(call.attributes['webhook'], 'watcher.example.com');
    const client = spans.find(({ parentSpanId }) => parentSpanId === call.spanId)!;
    assert.equal(client.name, 'HTTP POST');
    assert.equal(client.kind, 3);
    const sent = webhooks.requests.map(({ headers }) => headers['traceparent']);
    assert.ok(sent.includes(`00-${callerTrace}-${client.spanId}-01`), String(sent));
  });

  it('names its span to aggregated servers', () => {
    assert.match(proxied ?? '', new RegExp(`^00-${callerTrace}-[0-9a-f]{16}-01$`));
    const [, , spanId] = proxied!.split('-');
    assert.equal(spans.find((span) => span.spanId === spanId)?.name, 'HTTP GET');
  });
});

it('keeps what a trusted caller keeps, and nothing else, where no rate is set', async () => {
  await withTracing(0, async (cluster, collector) => {
    await cluster.call('GET', configMaps);
    await cluster.call('GET', '/api/v1/nodes', undefined, { headers: { traceparent }, anonymous: true });
    await cluster.call('GET', '/api/v1/pods', undefined, { headers: { traceparent } });
    await cluster.stop();
    assert.ok(collector.spans.length > 0);
    for (const { traceId, name } of collector.spans) assert.equal(traceId, callerTrace, name);
    assert.ok(collector.spans.some(({ name }) => name === 'GET /api/v1/pods'));
    assert.ok(!collector.spans.some(({ name }) => name === 'GET /api/v1/nodes'));
  });
});

it('does not start with a configuration that is wrong', async () => {
  await assert.rejects(startTestCluster({ tracingConfigFile: '/nowhere/tracing.yaml' }), /does not exist/);
});

describe('TracingConfiguration', () => {
  const parse = (fields: object) =>
    parseTracingConfiguration(
      JSON.stringify({ apiVersion: 'apiserver.config.k8s.io/v1', kind: 'TracingConfiguration', ...fields }),
    );
  it('has upstream’s defaults', () => {
    assert.deepEqual(parse({}), { endpoint: 'localhost:4317', samplingRatePerMillion: 0 });
  });
  for (const [fields, message] of [
    [{ samplingRatePerMillion: -1 }, /samplingRatePerMillion: Invalid value: -1: sampling rate must be positive/],
    [{ samplingRatePerMillion: 1_000_001 }, /must be less than or equal to one million/],
    [{ endpoint: 'http://localhost:4317' }, /endpoint: .*unsupported scheme: http\. {2}Options are none, dns, unix/],
    [{ endpiont: 'localhost:4317' }, /unknown field "endpiont"/],
    [{ kind: 'AuditPolicy' }, /no kind "AuditPolicy" is registered/],
  ] as const)
    it(`refuses ${JSON.stringify(fields)}`, () => assert.throws(() => parse(fields), message));
});

describe('traceparent', () => {
  it('is read', () => {
    assert.deepEqual(extract({ traceparent, tracestate: 'a=1' }), {
      traceId: callerTrace,
      spanId: callerSpan,
      sampled: true,
      state: 'a=1',
    });
    assert.equal(extract({ traceparent: traceparent.replace(/01$/, '00') })?.sampled, false);
    assert.ok(extract({ traceparent: `01-${callerTrace}-${callerSpan}-01-more` }), 'a later version may say more');
  });
  for (const wrong of [
    '',
    'no',
    `ff-${callerTrace}-${callerSpan}-01`,
    `00-${callerTrace}-${callerSpan}-01-more`,
    `00-${'0'.repeat(32)}-${callerSpan}-01`,
    `00-${callerTrace}-${'0'.repeat(16)}-01`,
    `00-${callerTrace.slice(1)}-${callerSpan}-01`,
  ])
    it(`is ignored where it is ${JSON.stringify(wrong)}`, () => {
      assert.equal(extract({ traceparent: wrong }), undefined);
    });
});
