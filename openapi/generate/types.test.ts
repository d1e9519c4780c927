import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ValidatingWebhook } from '@typernetes/openapi/types/admissionregistration/v1';
import type { JSONSchemaProps } from '@typernetes/openapi/types/apiextensions/v1';
import type { Deployment } from '@typernetes/openapi/types/apps/v1';
import type { Pod } from '@typernetes/openapi/types/core/v1';
import type * as meta from '@typernetes/openapi/types/meta/v1';
import type { ClusterRole } from '@typernetes/openapi/types/rbac/v1';
import type { JsonObject, JsonValue, ObjectMeta } from '../src/meta/object.ts';

type Assignable<From, To> = From extends To ? true : false;
type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const holds = <_T extends true>(): void => {};

test('generated types compile and mean what the API means', () => {
  holds<Assignable<meta.ObjectMeta, ObjectMeta>>();
  holds<Assignable<ObjectMeta, meta.ObjectMeta>>();
  holds<Equal<meta.IntOrString, number | string>>();
  holds<Equal<meta.Quantity, string>>();
  holds<Equal<meta.Time, string>>();
  holds<Equal<meta.FieldsV1, JsonObject>>();
  holds<Equal<JSONSchemaProps['default'], JsonValue | undefined>>();
  holds<Assignable<Pod, JsonObject>>();
  holds<Equal<NonNullable<ClusterRole['rules']>[number]['verbs'], string[]>>();
  holds<Equal<NonNullable<ValidatingWebhook['rules']>[number]['apiGroups'], string[] | undefined>>();
  const deployment: Deployment = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', labels: { app: 'web' } },
    spec: {
      selector: { matchLabels: { app: 'web' } },
      strategy: { rollingUpdate: { maxSurge: '25%', maxUnavailable: 1 } },
      template: {
        spec: { containers: [{ name: 'web', image: 'nginx', resources: { requests: { cpu: '100m' } } }] },
      },
    },
  };
  // @ts-expect-error: replicas is a number
  deployment.spec = { ...deployment.spec, replicas: 'three' };
  assert.equal(deployment.kind, 'Deployment');
});
