import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { protobufDescriptors } from '../../catalogue/protobuf.ts';
import { catalogueFile } from '../../catalogue/resources.ts';
import { schemaByName } from '../../catalogue/schemas.ts';
import type { JsonObject } from '../../meta/object.ts';
import { keptZerosOf } from '../../schema/kept-zeros.ts';
import { refOf } from '../../schema/schema.ts';
import { protobufSerializer as protobuf } from './index.ts';
import { RandomObject } from './testing/random-object.ts';

/** Each definition once, under one of the kinds it serves (DeleteOptions is in every group). */
const definitions = new Map<string, { apiVersion: string; kind: string }>();
for (const [key, definition] of Object.entries(catalogueFile().kinds)) {
  const [group = '', version = '', kind = ''] = key.split('/');
  definitions.set(definition, { apiVersion: group === '' ? version : `${group}/${version}`, kind });
}

function assertRoundTrip(object: JsonObject): void {
  const bytes = protobuf.encode(object);
  const decoded = protobuf.decode(bytes).object;
  assert.deepEqual(decoded, object);
  assert.ok(protobuf.encode(decoded).equals(bytes), 'encoding is deterministic');
}

describe('every kind survives the way through protobuf', () => {
  test('there are kinds', () => assert.ok(definitions.size > 150));

  for (const [definition, type] of definitions) {
    test(`${type.apiVersion} ${type.kind}`, () => {
      fc.assert(
        fc.property(fc.integer(), fc.constantFrom(0.3, 0.6, 1), (seed, density) => {
          assertRoundTrip({ ...new RandomObject(seed, density).of(definition), ...type });
        }),
        { numRuns: 4, seed: 1 },
      );
    });
  }
});

describe('a field that OpenAPI requires has no omitempty, so that its zero stays', () => {
  /** Required by validation, but `omitempty` all the same. */
  const omitted = new Set([
    'core.v1.ContainerRestartRule.action',
    'core.v1.ContainerRestartRuleOnExitCodes.operator',
    'core.v1.PodCertificateProjection.signerName',
    'core.v1.PodCertificateProjection.keyType',
    'core.v1.ImageVolumeStatus.imageRef',
    'authentication.v1.TokenReviewSpec.token',
    'networking.v1.ParentReference.resource',
    'networking.v1.ParentReference.name',
    'networking.v1beta1.ParentReference.resource',
    'networking.v1beta1.ParentReference.name',
    'admissionregistration.v1.ValidatingAdmissionPolicyBindingSpec.policyName',
    'coordination.v1beta1.LeaseCandidateSpec.strategy',
    'coordination.v1alpha2.LeaseCandidateSpec.strategy',
    'resource.v1alpha3.PoolStatus.driver',
    'resource.v1alpha3.PoolStatus.poolName',
    'apiserverinternal.v1alpha1.StorageVersionCondition.message',
    'apiserverinternal.v1alpha1.ServerStorageVersion.apiServerID',
    'apiserverinternal.v1alpha1.ServerStorageVersion.encodingVersion',
  ]);
  const messageOf = (definition: string) => definition.replace(/^io\.k8s\./, 'k8s.io.').replaceAll('-', '_');
  const reached = new Set<string>();
  const reach = (definition: string): void => {
    if (reached.has(definition)) return;
    reached.add(definition);
    for (const member of Object.values(schemaByName(definition)?.properties ?? {})) {
      for (const schema of [member, member.items, member.additionalProperties]) {
        const ref = typeof schema === 'object' ? refOf(schema) : undefined;
        if (ref !== undefined) reach(ref.slice(ref.lastIndexOf('/') + 1));
      }
    }
  };
  for (const definition of definitions.keys()) reach(definition);

  test('in all messages', () => {
    const wrong: string[] = [];
    let looked = 0;
    for (const definition of reached) {
      const required = schemaByName(definition)?.required ?? [];
      const fields = protobufDescriptors().message(messageOf(definition))?.fields ?? [];
      const kept = keptZerosOf(messageOf(definition));
      for (const { name, type, repeated, map } of fields) {
        if (!required.includes(name) || type.includes('.') || repeated === true || map === true) continue;
        looked++;
        const field = `${definition}.${name}`;
        if (kept.has(name) === omitted.has(field.replace('io.k8s.api.', ''))) wrong.push(field);
      }
    }
    assert.ok(looked > 400, `${looked}`);
    assert.deepEqual(wrong, []);
  });
});
