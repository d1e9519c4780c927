import assert from 'node:assert/strict';
import { test } from 'node:test';
import { embeddedStructOf, goTypeNamesOf } from './go-names.ts';
import { namedType } from './go-types.ts';
import { keptEmptyOf } from './kept-empty.ts';

test('only some empty lists say more than none', () => {
  assert.equal(keptEmptyOf('io.k8s.api.rbac.v1.Role').has('rules'), true);
  assert.equal(keptEmptyOf('io.k8s.api.core.v1.PodSpec').size, 0);
});

test('a struct in an embedded struct stands in the path with both', () => {
  const of = embeddedStructOf('io.k8s.api.admissionregistration.v1.NamedRuleWithOperations');
  assert.deepEqual(
    ['resourceNames', 'operations', 'scope'].map((field) => of?.(field)),
    [undefined, 'RuleWithOperations', 'RuleWithOperations.Rule'],
  );
});

test('a list may have a name of its own, its items another', () => {
  const extra = goTypeNamesOf('io.k8s.api.certificates.v1.CertificateSigningRequestSpec').get('extra');
  assert.equal(namedType('[]string', extra), 'v1.ExtraValue');
  assert.equal(namedType('map[string][]string', extra), 'map[string]v1.ExtraValue');
  assert.equal(namedType('string', extra), 'string');
});

test("alphas and betas have the stable version's names, under their own version where the type is theirs", () => {
  const types = (definition: string): unknown => Object.fromEntries(goTypeNamesOf(`io.k8s.api.${definition}`));
  assert.deepEqual(types('resource.v1beta1.DeviceTaint'), { effect: 'v1beta1.DeviceTaintEffect' });
  assert.deepEqual(types('admissionregistration.v1alpha1.NamedRuleWithOperations'), {
    operations: 'v1.OperationType',
    scope: 'v1.ScopeType',
  });
  assert.equal(
    embeddedStructOf('io.k8s.api.resource.v1beta2.DeviceClassConfiguration')?.('opaque'),
    'DeviceConfiguration',
  );
  assert.ok(keptEmptyOf('io.k8s.api.resource.v1beta1.DeviceClaim').has('requests'));
});
