/** kubectl auth: can-i, reconcile. */
import assert from 'node:assert/strict';
import { call } from '../src/calls.ts';
import { grant, ownUser, type Rule, rbac } from '../src/identity.ts';
import { area, type PromiseOptions } from '../src/promise.ts';

const promise = area('kubectl auth');
const kubectl: PromiseOptions = { needs: ['kubectl'] };
const group = 'rbac.authorization.k8s.io';

promise(
  'can-i answers yes or no, and with its exit code',
  async (context) => {
    const user = ownUser(context);
    await grant(context, user, [
      { verbs: ['get', 'list'], apiGroups: [''], resources: ['pods'] },
      { verbs: ['create'], apiGroups: [''], resources: ['pods/exec'] },
    ]);
    const canI = async (...args: string[]): Promise<string> => {
      const { code, stdout } = await context.kubectl.result(['auth', 'can-i', ...args, `--as=${user}`]);
      return `${stdout.trim()} ${code}`;
    };
    assert.equal(await canI('get', 'pods'), 'yes 0');
    assert.equal(await canI('delete', 'pods'), 'no 1');
    assert.equal(await canI('get', 'pods', '--namespace=kube-system'), 'no 1');
    assert.equal(await canI('get', 'pods', '--all-namespaces'), 'no 1');
    assert.equal(await canI('create', 'pods', '--subresource=exec'), 'yes 0');
    assert.equal(await canI('get', 'pods', '--subresource=log'), 'no 1');
    assert.equal(await canI('get', 'pod/any'), 'yes 0');
    assert.equal(await canI('get', '/livez'), 'yes 0');
    assert.equal(await canI('get', '/logs'), 'no 1');
    assert.equal(await canI('get', 'pods', '--quiet'), ' 0');
    assert.equal(await canI('delete', 'pods', '-q'), ' 1');
    assert.equal((await context.kubectl.run(['auth', 'can-i', '*', '*'])).trim(), 'yes');
  },
  kubectl,
);

promise(
  'can-i --list lists every right of a user in a namespace',
  async (context) => {
    const user = ownUser(context);
    await grant(context, user, [
      { verbs: ['get', 'list'], apiGroups: ['apps'], resources: ['deployments', 'deployments/scale'] },
      { verbs: ['update'], apiGroups: [''], resources: ['configmaps'], resourceNames: ['one'] },
    ]);
    const list = await context.kubectl.run(['auth', 'can-i', '--list', `--as=${user}`]);
    const rows = list
      .trim()
      .split('\n')
      .map((line) => line.split(/ {2,}/).map((cell) => cell.trim()));
    assert.deepEqual(rows[0], ['Resources', 'Non-Resource URLs', 'Resource Names', 'Verbs']);
    const row = (resource: string): string[] | undefined => rows.find(([name]) => name === resource);
    assert.deepEqual(row('deployments.apps'), ['deployments.apps', '[]', '[]', '[get list]']);
    assert.deepEqual(row('deployments.apps/scale'), ['deployments.apps/scale', '[]', '[]', '[get list]']);
    assert.deepEqual(row('configmaps'), ['configmaps', '[]', '[one]', '[update]']);
    assert.deepEqual(row('selfsubjectreviews.authentication.k8s.io')?.at(-1), '[create]');
    assert.ok(list.includes('[/healthz]') && list.includes('[/api/*]'), list);
  },
  kubectl,
);

promise(
  'reconcile adds what is missing and removes only what it is told to',
  async (context) => {
    const { namespace } = context;
    const role = (...rules: Rule[]): object => ({
      apiVersion: `${group}/v1`,
      kind: 'Role',
      metadata: { name: 'kept', namespace },
      rules,
    });
    const binding = (to: string, ...users: string[]): object => ({
      apiVersion: `${group}/v1`,
      kind: 'RoleBinding',
      metadata: { name: 'kept', namespace },
      roleRef: { apiGroup: group, kind: 'Role', name: to },
      subjects: users.map((name) => ({ apiGroup: group, kind: 'User', name })),
    });
    const rule = (resource: string, ...verbs: string[]): Rule => ({ verbs, apiGroups: [''], resources: [resource] });
    const reconcile = (objects: object[], ...flags: string[]): Promise<string> =>
      context.kubectl.run(
        ['auth', 'reconcile', '-f', '-', ...flags],
        JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }),
      );
    const read = async (): Promise<string> => {
      const path = `${rbac}/namespaces/${namespace}`;
      const { rules } = await call<{ rules: Rule[] }>(context, 200, 'GET', `${path}/roles/kept`);
      const bound = await call<{ roleRef: { name: string }; subjects?: { name: string }[] }>(
        context,
        200,
        'GET',
        `${path}/rolebindings/kept`,
      );
      const rights = rules.flatMap(({ resources = [], verbs }) =>
        resources.map((name) => `${verbs.join('+')} ${name}`),
      );
      return `${rights.join(', ')}; ${bound.roleRef.name} to ${(bound.subjects ?? []).map(({ name }) => name).join()}`;
    };
    const out = await reconcile([role(rule('pods', 'get')), binding('kept', 'jane')]);
    assert.match(out, /^role\.rbac\.authorization\.k8s\.io\/kept reconciled\n/);
    assert.equal(await read(), 'get pods; kept to jane');
    await reconcile([role(rule('pods', 'list')), binding('kept', 'joe')], '--dry-run=client');
    assert.equal(await read(), 'get pods; kept to jane');
    await reconcile([role(rule('pods', 'list')), binding('kept', 'joe')]);
    assert.equal(await read(), 'get pods, list pods; kept to jane,joe');
    await reconcile(
      [role(rule('pods', 'list')), binding('kept', 'joe')],
      '--remove-extra-permissions',
      '--remove-extra-subjects',
    );
    assert.equal(await read(), 'list pods; kept to joe');
    // Another role means another binding: a roleRef never changes.
    await reconcile([binding('other', 'jane')]);
    assert.equal(await read(), 'list pods; other to jane');
  },
  kubectl,
);
