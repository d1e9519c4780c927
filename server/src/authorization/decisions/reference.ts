/** A real kube-apiserver as an authorizer: asked by SubjectAccessReview. */
import assert from 'node:assert/strict';
import type { TestClient } from '../../apiserver/testing/client.ts';
import { until } from '../../apiserver/testing/grants.ts';
import { startTarget } from '../../apiserver/testing/target.ts';
import type { AuthorizerAttributes } from '../authorizer.ts';
import { world } from './world.ts';

export async function startReference(): Promise<{
  allows: (attributes: AuthorizerAttributes) => Promise<boolean>;
  stop: () => Promise<void>;
}> {
  const target = await startTarget();
  const { admin } = target;
  const allows = async ({ user, ...asked }: AuthorizerAttributes): Promise<boolean> => {
    const { verb, path, namespace, apiGroup: group, resource, subresource, name } = asked;
    const what = asked.resourceRequest
      ? { resourceAttributes: { verb, namespace, group, resource, subresource, name } }
      : { nonResourceAttributes: { verb, path } };
    const answer = await admin.post('/apis/authorization.k8s.io/v1/subjectaccessreviews', {
      spec: { user: user.name, groups: user.groups, ...what },
    });
    assert.equal(answer.status, 201, answer.text);
    return answer.json<{ status: { allowed: boolean } }>().status.allowed;
  };
  for (const { resource, object } of world) {
    const [plain = '', ...group] = resource.split('.');
    const { namespace } = object.metadata ?? {};
    const root = group.length === 0 ? '/api/v1' : `/apis/${group.join('.')}/v1`;
    const answer = await admin.post(
      `${root}${namespace === undefined ? '' : `/namespaces/${namespace}`}/${plain}`,
      object,
    );
    assert.equal(answer.status, 201, answer.text);
  }
  await aggregate(admin);
  const ask = (user: string, groups: string[], resource: string): Promise<boolean> =>
    allows({
      user: { name: user, groups },
      verb: 'get',
      resourceRequest: true,
      path: '',
      namespace: 'team',
      apiGroup: '',
      apiVersion: 'v1',
      resource,
      subresource: '',
      name: 'used',
    });
  await until(() => ask('system:node:node-a', ['system:nodes'], 'secrets'));
  await until(() => ask('team-admin', [], 'pods'));
  await until(() => ask('by-name', [], 'secrets'));
  return { allows, stop: () => target.stop() };
}

interface Role {
  metadata: { name: string; labels?: Record<string, string> };
  rules?: object[] | null;
}

/** A bare kube-apiserver has no controller that fills the aggregated roles: done here as it would. */
async function aggregate(admin: TestClient): Promise<void> {
  const path = '/apis/rbac.authorization.k8s.io/v1/clusterroles';
  for (const name of ['view', 'edit', 'admin']) {
    const { items } = (await admin.get(path)).json<{ items: Role[] }>();
    const label = `rbac.authorization.k8s.io/aggregate-to-${name}`;
    const rules = items
      .filter(({ metadata }) => metadata.labels?.[label] === 'true')
      .flatMap((role) => role.rules ?? []);
    const role = items.find(({ metadata }) => metadata.name === name);
    const body = { ...role, apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', rules };
    const answer = await admin.call('PUT', `${path}/${name}`, { body });
    assert.equal(answer.status, 200, answer.text);
  }
}
