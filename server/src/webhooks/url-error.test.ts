import assert from 'node:assert/strict';
import { test } from 'node:test';
import { urlError } from './url-error.ts';

test('what is no URL is told so as Go tells it', () => {
  for (const [text, error] of [
    ['https://example.com:8443/a?b=c#d', undefined],
    ['https://u:p@[::1]:80/', undefined],
    ['mailto:a b', undefined],
    ['', undefined],
    [':', 'missing protocol scheme'],
    ['1a:b', 'first path segment in URL cannot contain colon'],
    ['https://a:b/', 'invalid port ":b" after host'],
    ['https://[::1/', "missing ']' in host"],
    ['https://a b/', 'invalid character " " in host name'],
    ['https://a/%zz', 'invalid URL escape "%zz"'],
    ['https://a%20b/', 'invalid URL escape "%20"'],
    ['https://u[@a/', 'net/url: invalid userinfo'],
    ['https://a/\n', 'net/url: invalid control character in URL'],
  ] as const)
    assert.equal(urlError(text), error === undefined ? undefined : `parse ${JSON.stringify(text)}: ${error}`, text);
});
