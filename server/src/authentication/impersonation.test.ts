import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isBadRequest, isForbidden } from '@typernetes/openapi/meta';
import type { Authorizer, AuthorizerAttributes } from '../authorization/authorizer.ts';
import type { UserInfo } from './authenticator.ts';
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
      return { decision: allowed.includes(`${verb} *`) || allowed.includes(line) ? 'allow' : 'noOpinion', reason: '' };
    },
  };
}

const me = { name: 'me', groups: ['system:authenticated'] };

/** What the request itself is about: `get pods web/p`. */
function request(user: UserInfo = me): AuthorizerAttributes {
  return {
    user,
    verb: 'get',
    resourceRequest: true,
    path: '',
    namespace: 'web',
    apiGroup: '',
    apiVersion: 'v1',
    resource: 'pods',
    subresource: '',
    name: 'p',
  };
}

test('without headers there is nothing to do', async () => {
  assert.equal(await impersonate({ accept: 'x' }, request(), allowing()), undefined);
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
        'impersonate uids.authentication.k8s.io 7',
        'impersonate groups a',
        'impersonate groups b, c',
        'impersonate userextras.authentication.k8s.io/acme.com/scope x',
        'impersonate userextras.authentication.k8s.io/acme.com/scope y',
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
      headers: { 'impersonate-user': ['system:node:n1'], 'impersonate-group': ['system:nodes'] },
      user: { name: 'system:node:n1', groups: ['system:nodes', 'system:authenticated'] },
      asked: ['impersonate users system:node:n1', 'impersonate groups system:nodes'],
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
      const authorizer = allowing('impersonate *');
      assert.deepEqual(await impersonate(headers, request(), authorizer), { user, constraint: '' });
      assert.deepEqual(
        authorizer.asked.filter((line) => line.startsWith('impersonate ')),
        asked,
      );
    });
  }
});

describe('constrained modes need the identity and the request', () => {
  const account = {
    name: 'system:serviceaccount:ns:agent',
    groups: [],
    extra: { 'authentication.kubernetes.io/node-name': ['n1'], 'authentication.kubernetes.io/pod-name': ['p'] },
  };
  const authn = 'authentication.k8s.io';
  const table: { title: string; user?: UserInfo; headers: NodeJS.Dict<string[]>; allowed: string[]; is?: object }[] = [
    {
      title: 'someone with groups and extra fields',
      headers: { 'impersonate-user': ['jane'], 'impersonate-group': ['a'], 'impersonate-extra-acme.io%2fx': ['1'] },
      allowed: [
        'impersonate-on:user-info:get pods web/p',
        `impersonate:user-info users.${authn} jane`,
        `impersonate:user-info groups.${authn} a`,
        `impersonate:user-info userextras.${authn}/acme.io/x 1`,
      ],
      is: {
        user: { name: 'jane', groups: ['a', 'system:authenticated'], extra: { 'acme.io/x': ['1'] } },
        constraint: 'impersonate:user-info',
      },
    },
    {
      title: 'the identity alone is not enough',
      headers: { 'impersonate-user': ['jane'] },
      allowed: [`impersonate:user-info users.${authn} jane`],
    },
    {
      title: 'nor is the request alone',
      headers: { 'impersonate-user': ['jane'] },
      allowed: ['impersonate-on:user-info:get pods web/p'],
    },
    {
      title: 'many groups at once by the name *',
      headers: { 'impersonate-user': ['jane'], 'impersonate-group': ['a', 'b', 'c', 'd'] },
      allowed: [
        'impersonate-on:user-info:get pods web/p',
        `impersonate:user-info users.${authn} jane`,
        `impersonate:user-info groups.${authn} *`,
      ],
      is: {
        user: { name: 'jane', groups: ['a', 'b', 'c', 'd', 'system:authenticated'] },
        constraint: 'impersonate:user-info',
      },
    },
    {
      title: 'never the privileged group',
      headers: { 'impersonate-user': ['jane'], 'impersonate-group': ['system:masters'] },
      allowed: ['impersonate-on:user-info:get *', 'impersonate:user-info *'],
    },
    {
      title: 'nor an extra field outside a domain',
      headers: { 'impersonate-user': ['jane'], 'impersonate-extra-scope': ['all'] },
      allowed: ['impersonate-on:user-info:get *', 'impersonate:user-info *'],
    },
    {
      title: 'a service account by its own mode',
      headers: { 'impersonate-user': ['system:serviceaccount:ns:sa'] },
      allowed: [
        'impersonate-on:serviceaccount:get pods web/p',
        `impersonate:serviceaccount serviceaccounts.${authn} ns/sa`,
      ],
      is: {
        user: {
          name: 'system:serviceaccount:ns:sa',
          groups: ['system:serviceaccounts', 'system:serviceaccounts:ns', 'system:authenticated'],
        },
        constraint: 'impersonate:serviceaccount',
      },
    },
    {
      title: 'a service account is no user-info',
      headers: { 'impersonate-user': ['system:serviceaccount:ns:sa'] },
      allowed: ['impersonate-on:user-info:get *', 'impersonate:user-info *'],
    },
    {
      title: 'a node gets the group of nodes',
      headers: { 'impersonate-user': ['system:node:n2'] },
      allowed: ['impersonate-on:arbitrary-node:get pods web/p', `impersonate:arbitrary-node nodes.${authn} n2`],
      is: {
        user: { name: 'system:node:n2', groups: ['system:nodes', 'system:authenticated'] },
        constraint: 'impersonate:arbitrary-node',
      },
    },
    {
      title: 'the own node of an agent',
      user: account,
      headers: { 'impersonate-user': ['system:node:n1'] },
      allowed: ['impersonate-on:associated-node:get pods web/p', `impersonate:associated-node nodes.${authn} *`],
      is: {
        user: { name: 'system:node:n1', groups: ['system:nodes', 'system:authenticated'] },
        constraint: 'impersonate:associated-node',
      },
    },
    {
      title: 'no other node of an agent',
      user: account,
      headers: { 'impersonate-user': ['system:node:n2'] },
      allowed: ['impersonate-on:associated-node:get *', 'impersonate:associated-node *'],
    },
    {
      title: 'no node of someone who is no service account',
      user: { ...account, name: 'jane' },
      headers: { 'impersonate-user': ['system:node:n1'] },
      allowed: ['impersonate-on:associated-node:get *', 'impersonate:associated-node *'],
    },
  ];
  for (const { title, user, headers, allowed, is } of table) {
    test(title, async () => {
      const answer = impersonate(headers, request(user), allowing(...allowed));
      if (is === undefined) await assert.rejects(answer, isForbidden);
      else assert.deepEqual(await answer, is);
    });
  }
});

test('the refusal of the narrowest mode is the one told', async () => {
  await assert.rejects(impersonate({ 'impersonate-user': ['jane'] }, request(), allowing()), (error) => {
    assert.ok(isForbidden(error));
    assert.equal(
      error.message,
      'pods "p" is forbidden: User "me" cannot impersonate-on:user-info:get resource "pods" in API group "" in the namespace "web"',
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
    await assert.rejects(impersonate(headers, request(), allowing('impersonate *')), isBadRequest);
  }
});
