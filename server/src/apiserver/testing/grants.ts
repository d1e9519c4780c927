/** Roles for the users of a test, and what refusals say. */
import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import type { PolicyRule } from '@typernetes/openapi/types/rbac/v1';
import type { Answer, TestClient } from './client.ts';

const rbac = '/apis/rbac.authorization.k8s.io/v1';
const apiGroup = 'rbac.authorization.k8s.io';

/** Gives the rules to a user, in one namespace or everywhere, and waits until they count. */
export async function grant(
  admin: TestClient,
  { user, namespace }: { user: string; namespace?: string },
  rules: readonly PolicyRule[],
): Promise<void> {
  const [role, at] =
    namespace === undefined
      ? (['ClusterRole', `${rbac}/cluster`] as const)
      : (['Role', `${rbac}/namespaces/${namespace}/`] as const);
  const metadata = { generateName: 'test-' };
  const created = await admin.post(`${at}roles`, { metadata, rules });
  assert.equal(created.status, 201, created.text);
  const { name } = created.json<{ metadata: { name: string } }>().metadata;
  const subjects = [{ kind: 'User', apiGroup, name: user }];
  const bound = await admin.post(`${at}rolebindings`, { metadata, roleRef: { kind: role, apiGroup, name }, subjects });
  assert.equal(bound.status, 201, bound.text);
  const [first] = rules;
  const { verbs = [], apiGroups = [''], resources = [], resourceNames = [''] } = first ?? {};
  const [resource = '', subresource] = (resources[0] ?? '').split('/');
  await until(async () => {
    const answer = await admin.post('/apis/authorization.k8s.io/v1/subjectaccessreviews', {
      spec: {
        user,
        resourceAttributes: {
          verb: verbs[0],
          group: apiGroups[0],
          resource,
          name: resourceNames[0],
          ...(subresource === undefined ? {} : { subresource }),
          ...(namespace === undefined ? {} : { namespace }),
        },
      },
    });
    return answer.json<{ status: { allowed: boolean } }>().status.allowed;
  });
}

/** Informers are behind writes by some milliseconds, at upstream as here. */
export async function until(done: () => Promise<boolean>, limitMs = 10_000): Promise<void> {
  const end = performance.now() + limitMs;
  while (!(await done())) {
    if (performance.now() > end) throw new Error('it did not come to pass in time');
    await delay(20);
  }
}

/** `Reason: message` of a Status. */
export function reason(answer: Answer): string {
  const { reason: word = '', message = '' } = answer.json();
  return `${word}: ${message}`;
}
