/** Admission policies, webhook configurations and APIServices: expressions that do not compile, and every other rule. */
import type { Case, Changes, Json, JsonObject } from '../case.ts';
import {
  apiServices,
  mutatingPolicies,
  mutatingPolicyBindings,
  mutatingWebhooks,
  validatingPolicies,
  validatingPolicyBindings,
  validatingWebhooks,
} from '../kinds.ts';
import { updates, variants } from '../requests.ts';

const validation = (more: Json): Changes => ({ 'spec/validations': [more] });
/** Each expression as that of a validation. */
const expressions = (each: Record<string, string>, more: Changes = {}) =>
  variants(
    validatingPolicies,
    Object.fromEntries(
      Object.entries(each).map(([label, expression]) => [label, { ...validation({ expression }), ...more }]),
    ),
  );
const params: Changes = { 'spec/paramKind': { apiVersion: 'v1', kind: 'ConfigMap' } };
const conditions = (...each: Json[]): Changes => ({ 'spec/matchConditions': each });
const rule: JsonObject = {
  apiGroups: ['none.example.com'],
  apiVersions: ['v1'],
  operations: ['CREATE'],
  resources: ['x'],
};
const matchRule = (more: JsonObject): Changes => ({ 'spec/matchConstraints/resourceRules': [{ ...rule, ...more }] });
const mutation = (more: JsonObject): Changes => ({ 'spec/mutations': [more] });
const applied = (expression: string): Changes =>
  mutation({ patchType: 'ApplyConfiguration', applyConfiguration: { expression } });
const patched = (expression: string): Changes => mutation({ patchType: 'JSONPatch', jsonPatch: { expression } });
const selector = { matchExpressions: [{ key: 'a b', operator: 'Nonsense', values: ['x'] }] };

const webhookVariants: Record<string, Changes> = {
  'no name': { 'webhooks/0/name': '' },
  'a name of one part': { 'webhooks/0/name': 'x' },
  'no client': { 'webhooks/0/clientConfig': {} },
  'two clients': { 'webhooks/0/clientConfig/service': { namespace: 'n', name: 's' } },
  'a URL of nonsense': { 'webhooks/0/clientConfig/url': ':' },
  'a URL without s': { 'webhooks/0/clientConfig/url': 'http://example.com?a=b#c' },
  'a service with a bad path': {
    'webhooks/0/clientConfig': { service: { namespace: 'n', name: 's', path: 'x y', port: 0 } },
  },
  'a bundle of nonsense': { 'webhooks/0/clientConfig/caBundle': 'eA==' },
  'no side effects': { 'webhooks/0/sideEffects': undefined },
  'some side effects': { 'webhooks/0/sideEffects': 'Some' },
  'side effects of nonsense': { 'webhooks/0/sideEffects': 'Nonsense' },
  'no versions': { 'webhooks/0/admissionReviewVersions': [] },
  'unknown versions': { 'webhooks/0/admissionReviewVersions': ['v7', 'v7', 'V 1'] },
  'a failure policy of nonsense': { 'webhooks/0/failurePolicy': 'Nonsense' },
  'a match policy of nonsense': { 'webhooks/0/matchPolicy': 'Nonsense' },
  'no time': { 'webhooks/0/timeoutSeconds': 0 },
  'too much time': { 'webhooks/0/timeoutSeconds': 31 },
  'a bad selector': { 'webhooks/0/namespaceSelector': selector, 'webhooks/0/objectSelector': selector },
  'no rules': { 'webhooks/0/rules': [] },
  'an empty rule': { 'webhooks/0/rules': [{}] },
  'all operations and more': { 'webhooks/0/rules/0/operations': ['*', 'CREATE', 'NONSENSE'] },
  'all groups and more': { 'webhooks/0/rules/0/apiGroups': ['*', ''], 'webhooks/0/rules/0/apiVersions': ['*', 'v1'] },
  'resources that overlap': { 'webhooks/0/rules/0/resources': ['*', '*/*', 'pods', '*/status', 'pods/*', 'pods/x'] },
  'empty resources': { 'webhooks/0/rules/0/resources': ['', '/x'] },
  'a scope of nonsense': { 'webhooks/0/rules/0/scope': 'Nonsense' },
  'a condition': { 'webhooks/0/matchConditions': [{ name: 'a', expression: "request.name != 'x'" }] },
  'a condition that does not compile': {
    'webhooks/0/matchConditions': [{ name: 'a', expression: 'request.nonsense' }],
  },
  'a condition of another type': { 'webhooks/0/matchConditions': [{ name: 'a', expression: '1' }] },
  'conditions without names': {
    'webhooks/0/matchConditions': [{ expression: 'true' }, { name: 'A B', expression: '' }],
  },
  'one condition twice': {
    'webhooks/0/matchConditions': [
      { name: 'a', expression: 'true' },
      { name: 'a', expression: 'true' },
    ],
  },
  'too many conditions': {
    'webhooks/0/matchConditions': Array.from({ length: 65 }, (_, index) => ({ name: `c${index}`, expression: 'true' })),
  },
  'a condition with the authorizer': {
    'webhooks/0/matchConditions': [
      { name: 'a', expression: "authorizer.group('').resource('pods').check('get').allowed()" },
    ],
  },
  'a condition with params': { 'webhooks/0/matchConditions': [{ name: 'a', expression: 'params == null' }] },
  'no webhooks': { webhooks: [] },
  'an unknown field': { 'webhooks/0/nonsense': 1 },
};

export const policyCases: readonly Case[] = [
  {
    name: 'policies/expressions of validations',
    steps: [
      ...expressions({
        'the object': "object.metadata.name == 'x' && object.spec.anything > 1",
        'the old object': 'oldObject == null || object.a == oldObject.a',
        'the request': "request.operation == 'CREATE' && request.userInfo.username != 'x' && request.dryRun != true",
        'an unknown field of the request': 'request.nonsense',
        'a field of a kind': "request.kind.nonsense == 'x'",
        'the namespace': "namespaceObject.metadata.labels['a'] == 'b' || namespaceObject.status.phase == 'x'",
        'an unknown field of the namespace': 'namespaceObject.nonsense == 1',
        'params without a kind': "params.data.x == 'y'",
        'unknown variables': 'variables.x',
        'another name': 'nonsense',
        'broken syntax': 'object.',
        'no boolean': "'x'",
        'a dynamic value': 'object.flag',
        'the authorizer': "authorizer.group('apps').resource('deployments').namespace('x').check('create').allowed()",
        'the resource of the request': "authorizer.requestResource.check('custom').reason() == ''",
        'an unknown method': "authorizer.nonsense('x')",
        'an expression over lines': "object.x ==\n  'y'",
        'a bind': "cel.bind(x, object.x, x == 'y')",
        empty: '',
        blank: ' ',
        long: Array.from({ length: 100 }, () => "object.a == 'x'").join(' || '),
        quantities: "quantity(object.x).compareTo(quantity('1')) > 0 && ip('10.0.0.1') == ip(object.ip)",
        'a struct': 'Object{spec: Object.spec{a: 1}} == object',
      }),
      ...expressions({ params: "params.data.x == 'y'", 'params that may be none': 'params == null' }, params),
      ...variants(validatingPolicies, {
        'a message': validation({ expression: 'true', message: 'some' }),
        'a blank message': validation({ expression: 'true', message: ' ' }),
        'a message of lines': validation({ expression: 'true', message: 'a\nb' }),
        'lines without message': validation({ expression: "object.a ==\n'x'" }),
        'a message of an expression': validation({ expression: 'true', messageExpression: "'is ' + object.x" }),
        'a message of numbers': validation({ expression: 'true', messageExpression: '1' }),
        'a broken message': validation({ expression: 'true', messageExpression: "'x" }),
        'a blank expression of a message': validation({ expression: 'true', messageExpression: ' ' }),
        'a message of the authorizer': validation({
          expression: 'true',
          messageExpression: "authorizer.path('/').check('get').reason()",
        }),
        'a reason': validation({ expression: 'true', reason: 'Forbidden' }),
        'a reason of nonsense': validation({ expression: 'true', reason: 'Nonsense' }),
        'no validations': { 'spec/validations': [] },
        'annotations only': {
          'spec/validations': undefined,
          'spec/auditAnnotations': [{ key: 'a', valueExpression: "'x'" }],
        },
        'annotations of nonsense': {
          'spec/auditAnnotations': [
            { key: 'A B', valueExpression: '1' },
            { key: '', valueExpression: '' },
            { key: 'c', valueExpression: "'x" },
          ],
        },
        'one annotation twice': {
          'spec/auditAnnotations': [
            { key: 'a', valueExpression: "'x'" },
            { key: 'a', valueExpression: 'null' },
          ],
        },
        'too many annotations': {
          'spec/auditAnnotations': Array.from({ length: 21 }, (_, index) => ({
            key: `a${index}`,
            valueExpression: "'x'",
          })),
        },
        'an annotation that may be null': {
          'spec/auditAnnotations': [{ key: 'a', valueExpression: "object.x == 'x' ? 'y' : null" }],
        },
      }),
    ],
  },
  {
    name: 'policies/variables, conditions, constraints',
    steps: [
      ...variants(validatingPolicies, {
        variables: {
          'spec/variables': [
            { name: 'a', expression: 'object.x' },
            { name: 'b', expression: "variables.a + 'x'" },
          ],
          ...validation({ expression: "variables.b == 'x'" }),
        },
        'a variable of a later one': {
          'spec/variables': [
            { name: 'a', expression: 'variables.b' },
            { name: 'b', expression: '1' },
          ],
        },
        'a variable of a type': {
          'spec/variables': [{ name: 'a', expression: '1' }],
          ...validation({ expression: "variables.a == 'x'" }),
        },
        'variables of nonsense': { 'spec/variables': [{ name: 'a b', expression: '' }, { expression: 'nonsense' }] },
        'one variable twice': {
          'spec/variables': [
            { name: 'a', expression: '1' },
            { name: 'a', expression: '2' },
          ],
        },
        'a variable with a reserved name': { 'spec/variables': [{ name: 'for', expression: '1' }] },
        'a condition': conditions({ name: 'a', expression: "object.x == 'y'" }),
        'a condition of variables': conditions({ name: 'a', expression: 'variables.x' }),
        'a condition of params': conditions({ name: 'a', expression: 'params.x' }),
        'a condition that is none': conditions({ name: 'A B', expression: '1' }, { name: '', expression: '' }),
        'params of another version': { 'spec/paramKind': { apiVersion: 'x/y/z', kind: 'A B' } },
        'params without kind': { 'spec/paramKind': {} },
        'a failure policy of nonsense': { 'spec/failurePolicy': 'Nonsense' },
        'no constraints': { 'spec/matchConstraints': undefined },
        'no rules': { 'spec/matchConstraints': {} },
        'a match policy of nonsense': { 'spec/matchConstraints/matchPolicy': 'Nonsense' },
        'bad selectors': {
          'spec/matchConstraints/namespaceSelector': selector,
          'spec/matchConstraints/objectSelector': selector,
        },
        'a rule without groups': matchRule({ apiGroups: [] }),
        'operations of nonsense': matchRule({ operations: ['*', 'NONSENSE'] }),
        'names of resources': matchRule({ resourceNames: ['a', 'a', 'A B', ''] }),
        'resources that overlap': matchRule({ resources: ['*', 'pods', 'pods/*', 'pods/x'] }),
        'a scope of nonsense': matchRule({ scope: 'Nonsense' }),
        'rules that exclude': { 'spec/matchConstraints/excludeResourceRules': [{ ...rule, apiVersions: [] }] },
        'no spec': { spec: undefined },
        status: { status: { observedGeneration: 7, typeChecking: { expressionWarnings: [] } } },
      }),
      ...updates(validatingPolicies, {
        'an expression that does not compile': validation({ expression: 'nonsense' }),
        'params gone': params,
        'no validations': { 'spec/validations': [] },
      }),
      ...variants(validatingPolicyBindings, {
        'no policy': { 'spec/policyName': '' },
        'a bad name': { 'spec/policyName': 'A B' },
        'no actions': { 'spec/validationActions': [] },
        'actions of nonsense': { 'spec/validationActions': ['Nonsense', 'Deny', 'Deny'] },
        'deny and warn': { 'spec/validationActions': ['Deny', 'Warn'] },
        'params by name and selector': {
          'spec/paramRef': { name: 'a', selector: {}, parameterNotFoundAction: 'Deny' },
        },
        'params by nothing': { 'spec/paramRef': { parameterNotFoundAction: 'Deny' } },
        'params without action': { 'spec/paramRef': { name: 'a' } },
        'params with an action of nonsense': { 'spec/paramRef': { name: 'A B', parameterNotFoundAction: 'Nonsense' } },
        'resources that match': { 'spec/matchResources': { resourceRules: [{ ...rule, resources: ['*', 'x'] }] } },
        'a bad selector': { 'spec/matchResources': { namespaceSelector: selector } },
      }),
      ...updates(validatingPolicyBindings, { 'another policy': { 'spec/policyName': 'other' } }),
    ],
  },
  {
    name: 'policies/mutations',
    steps: [
      ...variants(mutatingPolicies, {
        'an apply configuration': applied('Object{metadata: Object.metadata{labels: Object.metadata.labels{a: "b"}}}'),
        'an apply configuration of another type': applied("'x'"),
        'an apply configuration that does not compile': applied('Object{nonsense'),
        'an unknown type': applied('Nonsense{}'),
        'a wrong field': applied('Object{metadata: 1}'),
        'an unknown name': applied('Object{spec: nonsense}'),
        'an empty expression': applied(''),
        'a patch': patched('[JSONPatch{op: "add", path: "/metadata/labels/a", value: "b"}]'),
        'a patch of values': patched(
          '[JSONPatch{op: "test", path: "/x", value: 1}, JSONPatch{op: "remove", path: "/x"}]',
        ),
        'a patch of objects': patched('[JSONPatch{op: "add", path: "/spec", value: Object.spec{a: 1}}]'),
        'a patch with escapes': patched('[JSONPatch{op: "remove", path: "/" + jsonpatch.escapeKey("a/b")}]'),
        'a patch of another type': patched('1'),
        'a patch of text': patched("['x']"),
        'a patch with an unknown field': patched('[JSONPatch{nonsense: "add"}]'),
        'a patch of a wrong type': patched('[JSONPatch{op: 1}]'),
        'no type': mutation({ jsonPatch: { expression: '[]' } }),
        'a type of nonsense': mutation({ patchType: 'Nonsense', jsonPatch: { expression: '[]' } }),
        'a type without its patch': mutation({ patchType: 'JSONPatch' }),
        'a type with the other': mutation({ patchType: 'JSONPatch', applyConfiguration: { expression: 'Object{}' } }),
        both: mutation({
          patchType: 'JSONPatch',
          jsonPatch: { expression: '[]' },
          applyConfiguration: { expression: 'Object{}' },
        }),
        'no mutations': { 'spec/mutations': [] },
        'no reinvocation policy': { 'spec/reinvocationPolicy': undefined },
        'a reinvocation policy of nonsense': { 'spec/reinvocationPolicy': 'Nonsense' },
        'no constraints': { 'spec/matchConstraints': undefined },
        'deletes and connections': matchRule({ operations: ['CREATE', 'DELETE', 'CONNECT', '*'] }),
        subresources: matchRule({ resources: ['pods/status'] }),
        'a failure policy of nonsense': { 'spec/failurePolicy': 'Nonsense' },
        variables: {
          'spec/variables': [{ name: 'a', expression: 'object.x' }],
          ...applied('Object{spec: Object.spec{b: variables.a}}'),
        },
        'variables of nonsense': { 'spec/variables': [{ name: 'a b', expression: 'nonsense' }] },
        'a condition of nonsense': conditions({ name: 'a', expression: 'variables.x' }),
        'params without a kind': applied('Object{spec: Object.spec{b: params.x}}'),
        params: { ...params, ...applied('Object{spec: Object.spec{b: params.data.x}}') },
        'an unknown parameter kind': { 'spec/paramKind': { apiVersion: '', kind: '' } },
      }),
      ...variants(mutatingPolicyBindings, {
        'no policy': { 'spec/policyName': '' },
        'params by nothing': { 'spec/paramRef': { parameterNotFoundAction: 'Deny' } },
        'params of nonsense': { 'spec/paramRef': { name: 'a', selector, parameterNotFoundAction: 'Nonsense' } },
        'operations of nonsense': { 'spec/matchResources': { resourceRules: [{ ...rule, operations: ['DELETE'] }] } },
      }),
    ],
  },
  {
    name: 'policies/webhooks',
    steps: [
      ...variants(validatingWebhooks, webhookVariants),
      ...variants(mutatingWebhooks, {
        ...webhookVariants,
        'a reinvocation policy of nonsense': { 'webhooks/0/reinvocationPolicy': 'Nonsense' },
        'asked again': { 'webhooks/0/reinvocationPolicy': 'IfNeeded' },
      }),
      ...updates(validatingWebhooks, {
        'a bundle of nonsense': { 'webhooks/0/clientConfig/caBundle': 'eA==' },
        'unknown versions': { 'webhooks/0/admissionReviewVersions': ['v7'] },
        'a condition that does not compile': webhookVariants['a condition that does not compile'] ?? {},
      }),
    ],
  },
  {
    name: 'policies/API services',
    steps: variants(apiServices, {
      'another name': { 'metadata/name': 'v2.$ns.example.com' },
      'no group': { 'spec/group': '' },
      'a group of nonsense': { 'spec/group': 'A B', 'metadata/name': 'v1.x' },
      'no version': { 'spec/version': '' },
      'a version of nonsense': { 'spec/version': 'V 1' },
      'no priority of the group': { 'spec/groupPriorityMinimum': 0 },
      'too much priority of the group': { 'spec/groupPriorityMinimum': 20_001 },
      'no priority of the version': { 'spec/versionPriority': 0 },
      'too much priority of the version': { 'spec/versionPriority': 1001 },
      'no service': { 'spec/service': undefined },
      'no service, and a bundle': {
        'spec/service': undefined,
        'spec/insecureSkipTLSVerify': undefined,
        'spec/caBundle': 'eA==',
      },
      'a service without name': { 'spec/service': { namespace: 'n' } },
      'a service without namespace': { 'spec/service': { name: 's' } },
      'a port of nonsense': { 'spec/service/port': 70_000 },
      'no port': { 'spec/service/port': 0 },
      'insecure with a bundle': { 'spec/caBundle': 'eA==' },
      'a bundle of nonsense': { 'spec/caBundle': 'eA==', 'spec/insecureSkipTLSVerify': undefined },
      'no bundle': { 'spec/insecureSkipTLSVerify': undefined },
      status: { status: { conditions: [{ type: 'Available', status: 'True' }] } },
      'no spec': { spec: undefined },
    }),
  },
];
