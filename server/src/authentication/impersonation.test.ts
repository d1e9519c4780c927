import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isBadRequest, isForbidden } from '@typernetes/openapi/meta';
import type { Authorizer } from '../authorization/authorizer.ts';
import { impersonate } from './impersonation.ts';

/** Allows exactly the given `verb resource[/subresource] [namespace/]name` lines, and notes what is asked. */
function allowing(...allowed: string[]): Authorizer & { asked: string[] } {
  const asked: string[] = [];
  return {
    asked,
    async authorize({ verb, apiGroup, resource, subresource, namespace, name }) {
      const group = apiGroup === '' ? '' : `.${apiGroup}`;
      const line = `${verb} ${resource}${group}${subresource && `/${subresource}`} ${namespace && `${namespace}/`}${name}`;
      asked.push(line);
      return { decision: allowed.includes('*') || allowed.includes(line) ? 'allow' : 'noOpinion', reason: '' };
    },
  };
}

const me = { name: 'me', groups: ['system:authenticated'] };

test('without headers there is nothing to do', async () => {
  assert.equal(await impersonate({ accept: 'x' }, me, allowing()), undefined);
});

describe('who one becomes', () => {
  const table: { headers: NodeJS.Dict<string | string[]>; user: object; asked: string[] }[] = [
    {
      headers: { 'impersonate-user': ['jane'] },
      user: { name: 'jane', groups: ['system:authenticated'] },
      asked: ['impersonate users jane'],
    },
    {
      headers: {
        'impersonate-user': ['jane'],
        'impersonate-group': ['a', 'b, c'],
        'impersonate-uid': ['7'],
        'impersonate-extra-acme.com%2Fscope': ['x', 'y'],
      },
      user: {
        name: 'jane',
        uid: '7',
        groups: ['a', 'b, c', 'system:authenticated'],
        extra: { 'acme.com/scope': ['x', 'y'] },
      },
      asked: [
        'impersonate users jane',
        'impersonate groups a',
        'impersonate groups b, c',
        'impersonate userextras.authentication.k8s.io/acme.com/scope x',
        'impersonate userextras.authentication.k8s.io/acme.com/scope y',
        'impersonate uids.authentication.k8s.io 7',
      ],
    },
    {
      headers: { 'impersonate-user': ['system:serviceaccount:ns:sa'] },
      user: {
        name: 'system:serviceaccount:ns:sa',
        groups: ['system:serviceaccounts', 'system:serviceaccounts:ns', 'system:authenticated'],
      },
      asked: ['impersonate serviceaccounts ns/sa'],
    },
    {
      headers: { 'impersonate-user': ['system:serviceaccount:ns:sa'], 'impersonate-group': ['own'] },
      user: { name: 'system:serviceaccount:ns:sa', groups: ['own', 'system:authenticated'] },
      asked: ['impersonate serviceaccounts ns/sa', 'impersonate groups own'],
    },
    {
      headers: { 'impersonate-user': ['system:anonymous'] },
      user: { name: 'system:anonymous', groups: ['system:unauthenticated'] },
      asked: ['impersonate users system:anonymous'],
    },
    {
      headers: { 'impersonate-user': ['jane'], 'impersonate-group': ['system:unauthenticated'] },
      user: { name: 'jane', groups: ['system:unauthenticated'] },
      asked: ['impersonate users jane', 'impersonate groups system:unauthenticated'],
    },
    {
      headers: { 'impersonate-user': ['system:serviceaccount:ns:a:b'] },
      user: { name: 'system:serviceaccount:ns:a:b', groups: ['system:authenticated'] },
      asked: ['impersonate users system:serviceaccount:ns:a:b'],
    },
    {
      headers: { 'impersonate-user': 'jane', 'impersonate-group': 'a, b' },
      user: { name: 'jane', groups: ['a', 'b', 'system:authenticated'] },
      asked: ['impersonate users jane', 'impersonate groups a', 'impersonate groups b'],
    },
    {
      headers: { 'impersonate-user': ['jane'], 'impersonate-extra-__proto__': ['x'] },
      user: { name: 'jane', groups: ['system:authenticated'], extra: JSON.parse('{"__proto__":["x"]}') as object },
      asked: ['impersonate users jane', 'impersonate userextras.authentication.k8s.io/__proto__ x'],
    },
  ];
  for (const { headers, user, asked } of table) {
    test(JSON.stringify(headers), async () => {
      const authorizer = allowing('*');
      assert.deepEqual(await impersonate(headers, me, authorizer), user);
      assert.deepEqual(authorizer.asked, asked);
    });
  }
});

test('every part has to be allowed', async () => {
  const headers = { 'impersonate-user': ['jane'], 'impersonate-group': ['system:masters'] };
  await assert.rejects(impersonate(headers, me, allowing('impersonate users jane')), (error) => {
    assert.ok(isForbidden(error));
    assert.equal(
      error.message,
      'groups "system:masters" is forbidden: User "me" cannot impersonate resource "groups" in API group "" at the cluster scope',
    );
    return true;
  });
});

test('groups, uid or extra without a user are refused', async () => {
  for (const headers of [
    { 'impersonate-group': ['a'] },
    { 'impersonate-uid': ['1'] },
    { 'impersonate-extra-a': ['1'] },
  ]) {
    await assert.rejects(impersonate(headers, me, allowing('*')), isBadRequest);
  }
});
