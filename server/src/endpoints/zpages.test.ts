import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { startTestServer, type TestServer } from '../apiserver/testing/test-server.ts';

let api: TestServer;
before(async () => {
  api = await startTestServer({ requestTimeoutMs: 90_000, serviceAccountIssuer: ['https://one', 'https://two'] });
});
after(() => api.close());

it('/statusz says since when which version runs', async () => {
  const { status, text, headers } = await api.call('GET', '/statusz');
  assert.equal(status, 200);
  assert.equal(headers['content-type'], 'text/plain; charset=utf-8');
  assert.match(text, /^\napiserver statusz\nWarning: /);
  assert.match(text, /^Started\W+(Mon|Tue|Wed|Thu|Fri|Sat|Sun) [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d UTC \d{4}$/m);
  assert.match(text, /^Up\W+0 hr \d\d min \d\d sec$/m);
  assert.match(text, /^Binary version\W+1\.36\.\d+$/m);
  assert.match(text, /^Paths\W+\/flagz \/healthz \/livez \/metrics \/readyz \/statusz \/version$/m);
});

it('/flagz shows every flag in the form that it is given in', async () => {
  const { text } = await api.call('GET', '/flagz', { headers: { accept: 'application/json, */*' } });
  assert.match(text, /^\napiserver flagz\n/);
  assert.match(text, /^request-timeout\W{1,2}1m30s$/m);
  assert.match(text, /^event-ttl\W{1,2}1h0m0s$/m);
  assert.match(text, /^service-account-issuer(:|: |=| )\[https:\/\/one,https:\/\/two\]$/m);
  assert.match(text, /^anonymous-auth\W{1,2}true$/m);
  assert.match(text, /^external-hostname\W{1,2}$/m);
});

it('sends objects to who asks for them by kind and version', async () => {
  const of = (kind: string) => ({ headers: { accept: `application/json;v=v1beta1;g=config.k8s.io;as=${kind}` } });
  const flags = await api.call('GET', '/flagz', of('Flagz'));
  assert.equal(flags.headers['content-type'], 'application/json;g=config.k8s.io;v=v1beta1;as=Flagz');
  const object = JSON.parse(flags.text) as { kind: string; apiVersion: string; flags: Record<string, string> };
  assert.equal(object.kind, 'Flagz');
  assert.equal(object.apiVersion, 'config.k8s.io/v1beta1');
  assert.equal(object.flags['http2-max-streams-per-connection'], '0');
  const status = JSON.parse((await api.call('GET', '/statusz', of('Statusz'))).text) as { uptimeSeconds: number };
  assert.ok(status.uptimeSeconds >= 0);
  assert.equal((await api.call('GET', '/statusz', of('Flagz'))).status, 406);
  assert.equal((await api.call('GET', '/statusz', { headers: { accept: 'application/json' } })).status, 406);
});

it('is in the index, and not for everybody', async () => {
  const { paths } = JSON.parse((await api.call('GET', '/')).text) as { paths: string[] };
  assert.ok(paths.includes('/statusz') && paths.includes('/flagz'));
  assert.equal((await api.call('GET', '/flagz', { anonymous: true })).status, 403);
});
