import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type FieldError, fieldErrorMessage, type KubernetesObject, type StatusError } from '@typernetes/openapi/meta';
import type { ResourceRegistration, StrategyContext } from '../generic/strategy.ts';
import { FakeRegistry, restContext, testDependencies } from '../testing/registry.ts';
import { mutatingadmissionpolicies } from './mutatingadmissionpolicies/index.ts';
import { mutatingwebhookconfigurations } from './mutatingwebhookconfigurations/index.ts';
import { validatingadmissionpolicies } from './validatingadmissionpolicies/index.ts';
import { validatingadmissionpolicybindings } from './validatingadmissionpolicybindings/index.ts';
import { validatingwebhookconfigurations } from './validatingwebhookconfigurations/index.ts';

const context = {} as StrategyContext;
const dependencies = testDependencies(new FakeRegistry());

function validate<T extends KubernetesObject>(
  { strategy }: ResourceRegistration<T>,
  object: object,
  old?: object,
): string[] {
  const [given, before] = [object, old].map((each) => structuredClone(each) as T);
  if (given !== undefined) strategy?.default?.(given);
  if (before !== undefined) strategy?.default?.(before);
  let errors: FieldError[] | undefined;
  if (given !== undefined)
    errors =
      before === undefined ? strategy?.validate?.(given, context) : strategy?.validateUpdate?.(given, before, context);
  return (errors ?? []).map(fieldErrorMessage);
}

const rule = { operations: ['*'], apiGroups: [''], apiVersions: ['v1'], resources: ['pods'] };
const hook = (more: object = {}): object => ({
  name: 'a.example.com',
  clientConfig: { url: 'https://example.com/hook' },
  sideEffects: 'None',
  admissionReviewVersions: ['v1'],
  rules: [rule],
  ...more,
});
const webhooks = (...hooks: object[]): object => ({ metadata: { name: 'x' }, webhooks: hooks });

test('webhooks: what is wrong with them, in the words of kube-apiserver', () => {
  const at = (more: object): string[] =>
    validate(mutatingwebhookconfigurations, webhooks(hook(more))).map((text) => text.replace('webhooks[0].', ''));
  assert.deepEqual(at({}), []);
  assert.deepEqual(at({ name: 'a.b' }), [
    'name: Invalid value: "a.b": should be a domain with at least three segments separated by dots',
  ]);
  assert.deepEqual(at({ clientConfig: {} }), [
    'clientConfig: Required value: exactly one of url or service is required',
  ]);
  assert.deepEqual(at({ clientConfig: { url: 'http://u:p@a.b/?q=1#f' } }), [
    `clientConfig.url: Invalid value: "http": 'https' is the only allowed URL scheme; desired format: https://host[/path]`,
    'clientConfig.url: Invalid value: "u:p": user information is not permitted in the URL',
    'clientConfig.url: Invalid value: "f": fragments are not permitted in the URL',
    'clientConfig.url: Invalid value: "q=1": query parameters are not permitted in the URL',
  ]);
  assert.deepEqual(at({ clientConfig: { url: 'https://a b' } }), [
    'clientConfig.url: Required value: url must be a valid URL: parse "https://a b": invalid character " " in host name; desired format: https://host[/path]',
  ]);
  assert.deepEqual(at({ clientConfig: { service: { name: 'a', namespace: 'b', port: 70000, path: '//' } } }), [
    'clientConfig.service.port: Invalid value: 70000: port is not valid: must be between 1 and 65535, inclusive',
    'clientConfig.service.path: Invalid value: "//": segment[0] may not be empty',
  ]);
  assert.deepEqual(at({ sideEffects: 'Some', timeoutSeconds: 31, reinvocationPolicy: 'Often' }), [
    'sideEffects: Unsupported value: "Some": supported values: "None", "NoneOnDryRun"',
    'timeoutSeconds: Invalid value: 31: the timeout value must be between 1 and 30 seconds',
    'reinvocationPolicy: Unsupported value: "Often": supported values: "IfNeeded", "Never"',
  ]);
  assert.deepEqual(at({ admissionReviewVersions: ['v9', 'v9'] }), [
    'admissionReviewVersions[1]: Invalid value: "v9": duplicate version',
    'admissionReviewVersions: Invalid value: ["v9","v9"]: must include at least one of v1, v1beta1',
  ]);
  assert.deepEqual(
    at({ rules: [{ ...rule, operations: ['*', 'CREATE'], resources: ['pods/*', 'pods/log', '*/*'] }] }),
    [
      `rules[0].operations: Invalid value: ["*","CREATE"]: if '*' is present, must not specify other operations`,
      `rules[0].resources[1]: Invalid value: "pods/log": if 'pods/*' is present, must not specify pods/log`,
      `rules[0].resources: Invalid value: ["pods/*","pods/log","*/*"]: if '*/*' is present, must not specify other resources`,
    ],
  );
  assert.deepEqual(at({ matchConditions: [{ name: 'a', expression: 'object.x' }] }), [
    'matchConditions[0].expression: Invalid value: "object.x": must evaluate to bool but got dyn',
  ]);
  const twice = validate(validatingwebhookconfigurations, webhooks(hook(), hook()));
  assert.deepEqual(twice, ['webhooks[1].name: Duplicate value: "a.example.com"']);
});

test('webhooks: what was there before its rule may stay', () => {
  const old = webhooks(hook({ sideEffects: 'Some', matchConditions: [{ name: 'a', expression: 'nonsense' }] }));
  assert.deepEqual(validate(validatingwebhookconfigurations, old, old), []);
  const added = webhooks(hook({ matchConditions: [{ name: 'b', expression: 'nonsense' }] }));
  assert.equal(validate(validatingwebhookconfigurations, added, old).length, 1);
});

const matchConstraints = { resourceRules: [{ ...rule, operations: ['CREATE'] }] };
const policy = (spec: object): object => ({ metadata: { name: 'p' }, spec: { matchConstraints, ...spec } });

test('validating policies: fields and expressions', () => {
  const at = (spec: object): string[] => validate(validatingadmissionpolicies(dependencies), policy(spec));
  assert.deepEqual(at({ validations: [{ expression: 'true' }] }), []);
  assert.deepEqual(at({}), [
    'spec.validations: Required value: validations or auditAnnotations must contain at least one item',
    'spec.auditAnnotations: Required value: validations or auditAnnotations must contain at least one item',
  ]);
  assert.deepEqual(
    at({
      variables: [{ name: 'in', expression: '1' }],
      validations: [
        { expression: "'text'" },
        { expression: 'true', message: ' ', messageExpression: '1', reason: 'Whim' },
        { expression: 'params.x == 1' },
      ],
      auditAnnotations: [{ key: 'a', valueExpression: 'object.x' }],
    }),
    [
      'spec.variables[0].name: Invalid value: "in": must be a valid CEL identifier',
      `spec.validations[0].expression: Invalid value: "'text'": must evaluate to bool but got string`,
      'spec.validations[1].messageExpression: Invalid value: "1": must evaluate to string but got int',
      'spec.validations[1].message: Invalid value: " ": must be non-empty if specified',
      'spec.validations[1].reason: Unsupported value: "Whim": supported values: "Forbidden", "Invalid", "RequestEntityTooLarge"',
      `spec.validations[2].expression: Invalid value: "params.x == 1": compilation failed: ERROR: <input>:1:1: undeclared reference to 'params' (in container '')\n | params.x == 1\n | ^`,
      'spec.auditAnnotations[0].valueExpression: Invalid value: "object.x": must evaluate to one of [string null_type] but got dyn',
    ],
  );
  assert.deepEqual(at({ validations: [{ expression: 'true' }], paramKind: { apiVersion: 'a/b/c', kind: 'A B' } }), [
    'spec.paramKind.apiVersion: Invalid value: "a/b/c": unexpected GroupVersion string: a/b/c',
    `spec.paramKind.kind: Invalid value: "A B": may have mixed case, but should otherwise match: a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')`,
  ]);
});

test('mutating policies: their mutations', () => {
  const at = (spec: object): string[] => validate(mutatingadmissionpolicies(dependencies), policy(spec));
  const apply = (expression: string) => ({ patchType: 'ApplyConfiguration', applyConfiguration: { expression } });
  assert.deepEqual(at({ reinvocationPolicy: 'Never', mutations: [apply('Object{}')] }), []);
  assert.deepEqual(
    at({
      matchConstraints: { resourceRules: [{ ...rule, operations: ['DELETE'] }] },
      mutations: [
        { patchType: 'JSONPatch' },
        { ...apply('Object.spec{}'), jsonPatch: { expression: '[]' } },
        { patchType: 'JSONPatch', jsonPatch: { expression: '[1]' } },
      ],
    }),
    [
      'spec.matchConstraints.resourceRules.operations: Unsupported value: "DELETE": supported values: "*", "CONNECT", "CREATE", "UPDATE"',
      'spec.mutations[0].jsonPatch: Required value: must be specified when patchType is JSONPatch',
      'spec.mutations[1].applyConfiguration.expression: Invalid value: "Object.spec{}": must evaluate to Object but got Object.spec',
      'spec.mutations[1].jsonPatch: Invalid value: "{jsonPatch}": must not be specified when patchType is ApplyConfiguration',
      'spec.mutations[2].jsonPatch.expression: Invalid value: "[1]": must evaluate to list(JSONPatch) but got list(int)',
      'spec.reinvocationPolicy: Required value',
    ],
  );
});

test('bindings: actions and parameters', () => {
  const at = (spec: object): string[] =>
    validate(validatingadmissionpolicybindings(dependencies), { metadata: { name: 'b' }, spec });
  assert.deepEqual(at({ policyName: 'p', validationActions: ['Deny'] }), []);
  assert.deepEqual(
    at({ policyName: '', paramRef: { name: 'a', selector: {} }, validationActions: ['Deny', 'Warn', 'Deny'] }),
    [
      'spec.policyName: Required value',
      'spec.paramRef.name: Forbidden: name and selector are mutually exclusive',
      'spec.paramRef.selector: Forbidden: name and selector are mutually exclusive',
      'spec.paramRef.parameterNotFoundAction: Required value',
      'spec.validationActions[2]: Duplicate value: "Deny"',
      'spec.validationActions: Invalid value: ["Deny","Warn","Deny"]: must not contain both Deny and Warn (repeating the same validation failure information in the API response and headers serves no purpose)',
    ],
  );
});

test('who makes a policy read parameters must be allowed to read them', async () => {
  const registry = new FakeRegistry();
  const asked: string[] = [];
  const known = testDependencies(registry, {
    resolveKind: ({ kind }) => (kind === 'Secret' ? { group: '', version: 'v1', resource: 'secrets' } : undefined),
  });
  known.authorization.authorizer = {
    authorize({ verb, resource, namespace, name }) {
      asked.push(`${verb} ${resource} ${namespace} ${name}`);
      return Promise.resolve({ decision: 'noOpinion', reason: '' });
    },
  };
  const spec = {
    paramKind: { apiVersion: 'v1', kind: 'Secret' },
    validations: [{ expression: 'true' }],
    failurePolicy: 'Fail',
  };
  const object = policy({
    ...spec,
    matchConstraints: { ...matchConstraints, matchPolicy: 'Exact', namespaceSelector: {}, objectSelector: {} },
  });
  const create = (groups: string[]) =>
    validatingadmissionpolicies(known).beginCreate?.(
      object as never,
      restContext(registry, { user: { name: 'alice', groups } }),
    );
  await create(['system:masters']);
  assert.deepEqual(asked, []);
  await assert.rejects(Promise.resolve(create(['dev'])), (error: StatusError) => {
    assert.equal(
      error.message,
      'ValidatingAdmissionPolicy.admissionregistration.k8s.io "p" is invalid: spec.paramKind: Forbidden: user &{alice  [dev] map[]} must have "get" permission on all objects of the referenced paramKind (kind=Secret, apiVersion=v1)',
    );
    return true;
  });
  assert.deepEqual(asked, ['get secrets * *']);
  const binding = {
    metadata: { name: 'b' },
    spec: {
      policyName: 'none',
      validationActions: ['Deny'],
      paramRef: { selector: {}, namespace: 'ns', parameterNotFoundAction: 'Deny' },
    },
  };
  const bound = validatingadmissionpolicybindings(known).beginCreate?.(binding as never, restContext(registry));
  await assert.rejects(Promise.resolve(bound), /unable to get policy none to determine minimum required permissions/);
  assert.equal(asked.at(-1), 'list * ns ');
});
