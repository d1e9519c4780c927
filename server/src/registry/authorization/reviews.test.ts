import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isInvalid } from '@typernetes/openapi/meta';
import type { SubjectAccessReview } from '@typernetes/openapi/types/authorization/v1';
import type { AuthorizerAttributes } from '../../authorization/authorizer.ts';
import { FakeRegistry, restContext, testDependencies } from '../testing/registry.ts';
import { review } from './attributes.ts';
import { fieldSelectorOf, labelSelectorOf, selectorProblems } from './selectors.ts';
import { subjectaccessreviews } from './subjectaccessreviews/index.ts';

type Spec = SubjectAccessReview['spec'];

async function asked(spec: Pick<Spec, 'resourceAttributes' | 'nonResourceAttributes'>): Promise<AuthorizerAttributes> {
  let seen: AuthorizerAttributes | undefined;
  const authorizer = {
    authorize: (attributes: AuthorizerAttributes) => {
      seen = attributes;
      return Promise.resolve({ decision: 'allow', reason: '' } as const);
    },
  };
  await review(authorizer, { name: 'jane', groups: [] }, spec);
  assert.ok(seen);
  return seen;
}

test('a question without a version is about every version', async () => {
  const { apiVersion, resource } = await asked({ resourceAttributes: { verb: 'get', resource: 'pods' } });
  assert.deepEqual([apiVersion, resource], ['*', 'pods']);
});

test('selectors reach the authorizer, raw or as requirements', async () => {
  const requirements = [{ key: 'spec.nodeName', operator: 'In', values: ['n1'] }];
  const attributes = await asked({
    resourceAttributes: { verb: 'list', fieldSelector: { requirements }, labelSelector: { rawSelector: 'app=web' } },
  });
  assert.equal(attributes.fieldSelector, 'spec.nodeName=n1');
  assert.equal(attributes.labelSelector, 'app=web');
});

test('requirements that no selector can express are left out', () => {
  const many = [{ key: 'metadata.name', operator: 'In', values: ['a', 'b'] }];
  assert.equal(fieldSelectorOf({ requirements: many }), undefined);
  assert.equal(
    labelSelectorOf({
      requirements: [
        { key: 'app', operator: 'NotIn', values: ['a', 'b'] },
        { key: 'tier', operator: 'DoesNotExist' },
        { key: 'x', operator: 'Later' },
      ],
    }),
    'app notin (a,b),!tier',
  );
});

test('an answer tells which selectors made no sense, and whether some of them did', () => {
  const later = { key: 'x', operator: 'Later' };
  const app = { key: 'app', operator: 'Exists' };
  const ignored = (name: string, how = 'ignored') => `spec.resourceAttributes.${name} ${how} due to parse error`;
  const rows: [NonNullable<Spec['resourceAttributes']>, string[]][] = [
    [{ labelSelector: { requirements: [app] } }, []],
    [{ labelSelector: { requirements: [later] } }, [ignored('labelSelector')]],
    [{ labelSelector: { requirements: [app, later] } }, [ignored('labelSelector', 'partially ignored')]],
    [{ labelSelector: { rawSelector: 'a in (' } }, [ignored('labelSelector')]],
    [
      { labelSelector: { requirements: [later] }, fieldSelector: { requirements: [{ key: 'a', operator: 'Exists' }] } },
      [ignored('fieldSelector'), ignored('labelSelector')],
    ],
  ];
  for (const [attributes, problems] of rows) assert.deepEqual(selectorProblems(attributes), problems);
});

test('a selector says one thing', async () => {
  const create = async (fieldSelector: NonNullable<Spec['resourceAttributes']>['fieldSelector']): Promise<unknown> => {
    const object = { spec: { user: 'jane', resourceAttributes: { verb: 'list', fieldSelector } } };
    const registry = new FakeRegistry();
    const dependencies = testDependencies(registry);
    const context = restContext(registry, { user: { name: 'admin', groups: [] }, namespace: '' });
    return subjectaccessreviews(dependencies).virtualCreate?.(object as SubjectAccessReview, context);
  };
  const refused = (text: string) => (error: unknown) => isInvalid(error) && String(error).includes(text);
  await assert.rejects(
    create({}),
    refused('when spec.resourceAttributes.fieldSelector is specified, requirements or rawSelector is required'),
  );
  await assert.rejects(
    create({ rawSelector: 'a=b', requirements: [{ key: 'a', operator: 'In', values: ['b'] }] }),
    refused('may not specified at the same time as requirements'),
  );
});
