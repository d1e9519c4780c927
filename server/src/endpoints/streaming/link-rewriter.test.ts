import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import type { RestContext } from '../../registry/generic/rest.ts';
import { proxyRequest } from './http-proxy.ts';
import { LinkRewriter } from './link-rewriter.ts';
import { proxiedLink } from './proxied-links.ts';

const from = { host: '10.0.0.1:80', requestHost: 'api:6443', prefix: '/api/v1/x/proxy' };

for (const [link, expected] of [
  ['/', '/api/v1/x/proxy/'],
  ['/a/../b/?q=/c#d', '/api/v1/x/proxy/b/?q=/c#d'],
  ['http://10.0.0.1:80/a', '/api/v1/x/proxy/a'],
  ['https://api:6443/a', 'https://api:6443/api/v1/x/proxy/a'],
  ['/api/v1/x/proxy/a', '/api/v1/x/proxy/a'],
  ['//elsewhere/a', '//elsewhere/a'],
  ['a/b', 'a/b'],
  ['mailto:/a@b', '/api/v1/x/proxy/a@b'],
  ['#here', '#here'],
  ['', ''],
] as const) {
  test(`a link to ${JSON.stringify(link)}`, () => {
    assert.equal(proxiedLink(link, from), expected);
  });
}

const page =
  '<!doctype html>\n<A class=x HREF="/a?b&amp;c=é">é</a><img src=\'/i.png\' alt="/a">' +
  '<script src=/s.js>"<a href=/no>"</script><p title="/x">a &lt; b<constructor href="/x">';
const rewritten =
  '<!doctype html>\n<a class="x" href="/api/v1/x/proxy/a?b&amp;c=é">é</a><img src="/api/v1/x/proxy/i.png" alt="/a">' +
  '<script src="/api/v1/x/proxy/s.js">"<a href=/no>"</script><p title="/x">a &lt; b<constructor href="/x">';

test('a page in pieces keeps everything but its links', async () => {
  const rewriter = new LinkRewriter(from);
  const [result] = await Promise.all([text(rewriter), pipeline(Readable.from(Array.from(page)), rewriter)]);
  assert.equal(result, rewritten);
});

test('a tag that does not end is not kept for ever', async () => {
  const endless = Readable.from(
    (function* () {
      for (let index = 0; index < 200; index++) yield index === 0 ? '<a href="' : 'x'.repeat(65_536);
    })(),
  );
  await assert.rejects(pipeline(endless, new LinkRewriter(from)), /without an end/);
});

test('pages come through the proxy with their links led back through it, compressed or not', async () => {
  const seen: (string | undefined)[] = [];
  const backend = createServer((request, response) => {
    seen.push(String(request.headers['x-forwarded-uri']));
    const zipped = request.url === '/zipped';
    const body = zipped ? gzipSync(page) : Buffer.from(page);
    response.writeHead(200, {
      'content-type': request.url === '/plain' ? 'text/plain' : 'text/html; charset=UTF-8',
      'content-length': body.length,
      ...(zipped ? { 'content-encoding': 'gzip' } : {}),
    });
    response.end(body);
  });
  const proxy = createServer((request, response) => {
    const { port } = backend.address() as AddressInfo;
    const context = { http: { request, response }, signal: AbortSignal.timeout(60_000) } as unknown as RestContext;
    void proxyRequest(context, { url: new URL(`http://127.0.0.1:${port}${request.url}`), prefix: '/api/v1/x/proxy' });
  });
  try {
    for (const server of [backend, proxy])
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
    const get = async (path: string) =>
      (await fetch(`http://127.0.0.1:${(proxy.address() as AddressInfo).port}${path}`)).text();
    assert.equal(await get('/page'), rewritten);
    assert.equal(await get('/zipped'), rewritten);
    assert.equal(await get('/plain'), page);
    assert.deepEqual(seen, ['/api/v1/x/proxy/page', '/api/v1/x/proxy/zipped', '/api/v1/x/proxy/plain']);
  } finally {
    for (const server of [proxy, backend]) {
      server.closeAllConnections();
      server.close();
    }
  }
});
