import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DeviceClaim, ResourceSlice } from '@typernetes/openapi/types/resource/v1';
import type { DeviceTaintRule } from '@typernetes/openapi/types/resource/v1beta2';
import { type FieldError, path } from '../validation/index.ts';
import { defaultDevices } from './defaults.ts';
import { deviceclasses } from './deviceclasses/index.ts';
import { devicetaintrules } from './devicetaintrules/index.ts';
import { validateClaimSpec } from './requests.ts';
import { resourceslices } from './resourceslices/index.ts';
import { validateSlice } from './resourceslices/validate.ts';

const told = (errors: FieldError[] | undefined): string[] =>
  (errors ?? []).map(({ type, field }) => `${field}: ${type.replace('FieldValue', '')}`);

type Spec = ResourceSlice['spec'];
type Device = NonNullable<Spec['devices']>[number];

const slice = (change: object, device: object = {}): ResourceSlice =>
  ({
    spec: {
      driver: 'example.com',
      nodeName: 'node',
      pool: { name: 'pool', generation: 1, resourceSliceCount: 1 },
      devices: [{ name: 'gpu-0', ...device } as Device],
      ...change,
    },
  }) as ResourceSlice;

const ofDevice = (device: object, change: object = {}): string[] => told(validateSlice(slice(change, device)));

test('a device of a slice', () => {
  assert.deepEqual(
    ofDevice({ attributes: { model: { string: 'a' }, 'example.com/version': { version: '1.0.0' } } }),
    [],
  );
  assert.deepEqual(ofDevice({ name: '' }), ['spec.devices[0].name: Invalid']);
  assert.deepEqual(ofDevice({ attributes: { swept: {} } }), ['spec.devices[0].attributes[swept]: Invalid']);
  assert.deepEqual(ofDevice({ attributes: { 'Bad Key!': { int: 1 } } }), ['spec.devices[0].attributes: Invalid']);
  assert.deepEqual(ofDevice({ taints: [{ key: 'a', effect: 'x' }] }), [
    'spec.devices[0].taints[0].effect: NotSupported',
  ]);
  assert.deepEqual(ofDevice({ consumesCounters: [{}] }), [
    'spec.devices[0].consumesCounters[0].counterSet: Required',
    'spec.devices[0].consumesCounters[0].counters: Required',
  ]);
  assert.deepEqual(ofDevice({ bindingConditions: ['x'] }), ['spec.devices[0].bindingFailureConditions: Invalid']);
  assert.deepEqual(ofDevice({ bindingConditions: ['x'], bindingFailureConditions: ['x'] }), [
    'spec.devices[0].bindingFailureConditions[0]: Invalid',
  ]);
});

test('where a device is: said of each only where the slice says so', () => {
  const perDevice = { nodeName: undefined, perDeviceNodeSelection: true };
  assert.deepEqual(ofDevice({ allNodes: true }), ['spec.devices[0]: Invalid']);
  assert.deepEqual(ofDevice({ allNodes: true }, perDevice), []);
  assert.deepEqual(ofDevice({}, perDevice), ['spec.devices[0]: Required']);
  assert.deepEqual(ofDevice({ allNodes: true, nodeName: 'a' }, perDevice), ['spec.devices[0]: Invalid']);
  assert.deepEqual(told(validateSlice(slice({ nodeSelector: {} }))), [
    'spec.nodeSelector.nodeSelectorTerms: Required',
    'spec.nodeSelector.nodeSelectorTerms: Invalid',
    'spec: Invalid',
  ]);
});

test('capacity that many may use', () => {
  const of = (requestPolicy: object, shared = true): string[] =>
    ofDevice({ allowMultipleAllocations: shared, capacity: { memory: { value: '8Gi', requestPolicy } } }).map((text) =>
      text.replace('spec.devices[0].capacity[memory].requestPolicy', ''),
    );
  assert.deepEqual(of({}, false), [': Forbidden']);
  assert.deepEqual(of({ default: '1Gi', validValues: ['1Gi', '2Gi'] }), []);
  assert.deepEqual(of({ validValues: ['1Gi'] }), ['.default: Required']);
  assert.deepEqual(of({ default: '3Gi', validValues: ['2Gi', '1Gi', '9Gi'] }), [
    '.validValues[1]: Invalid',
    '.validValues[2]: Invalid',
    '.validValues: Invalid',
  ]);
  assert.deepEqual(of({ default: '1Gi', validRange: { min: '1Gi', max: '4Gi', step: '1Gi' } }), []);
  assert.deepEqual(of({ default: '1Gi', validRange: { min: '2Gi', max: '16Gi' } }), [
    '.validRange.min: Invalid',
    '.validRange.max: Invalid',
  ]);
  assert.deepEqual(of({ default: '1500Mi', validRange: { min: '1Gi', step: '1Gi' } }), ['.validRange.step: Invalid']);
});

test('what is dropped and what is filled in', () => {
  const given = slice({}, { taints: [{ key: 'a', effect: 'None' }], attributes: { a: { int: 1, ints: [1] } } });
  resourceslices.strategy?.default?.(given);
  resourceslices.strategy?.prepareForCreate?.(given, {
    user: { name: '', groups: [] } as never,
    now: new Date(),
    dryRun: false,
    subresource: '',
  });
  assert.match(given.spec.devices?.[0]?.taints?.[0]?.timeAdded ?? '', /^\d{4}-.*Z$/);
  assert.deepEqual(given.spec.devices?.[0]?.attributes, { a: { int: 1 } });
  assert.equal(resourceslices.strategy?.warningsOnCreate?.(slice({ driver: 'Example.com' })).length, 1);
});

const ofClaim = (devices: object): string[] => {
  defaultDevices(devices as DeviceClaim);
  return told(validateClaimSpec({ devices } as { devices: DeviceClaim }, path('spec'))).map((text) =>
    text.replace('spec.devices.', ''),
  );
};
const exactly = { deviceClassName: 'gpu' };
const requests = [{ name: 'gpu', exactly }];

test('what a claim asks for', () => {
  assert.deepEqual(ofClaim({ requests: [{ name: 'gpu', exactly: { ...exactly, tolerations: [{}] } }] }), []);
  assert.deepEqual(ofClaim({ requests: [{ name: 'gpu', exactly: { ...exactly, count: -1 } }] }), [
    'requests[0].exactly.count: Invalid',
  ]);
  assert.deepEqual(ofClaim({ requests: [{ name: 'gpu', exactly: { ...exactly, allocationMode: 'x' } }] }), [
    'requests[0].exactly.allocationMode: NotSupported',
  ]);
  assert.deepEqual(ofClaim({ requests: [{ name: 'a', firstAvailable: [{ name: 'x' }, { name: 'x' }] }] }), [
    'requests[0].firstAvailable[0].deviceClassName: Required',
    'requests[0].firstAvailable[1].deviceClassName: Required',
    'requests[0].firstAvailable[1]: Duplicate',
  ]);
});

test('constraints and configurations name requests of the claim', () => {
  const matchAttribute = 'example.com/model';
  assert.deepEqual(ofClaim({ requests, constraints: [{ requests: ['gpu'], matchAttribute }] }), []);
  assert.deepEqual(ofClaim({ requests, constraints: [{ requests: ['x'] }] }), [
    'constraints[0].requests[0]: Invalid',
    'constraints[0]: Required',
  ]);
  assert.deepEqual(ofClaim({ requests, constraints: [{ matchAttribute: 'model' }] }), [
    'constraints[0].matchAttribute: Invalid',
  ]);
  const opaque = { driver: 'example.com', parameters: { a: 1 } };
  assert.deepEqual(ofClaim({ requests, config: [{ opaque }] }), []);
  assert.deepEqual(ofClaim({ requests, config: [{}] }), ['config[0].opaque: Required']);
  assert.deepEqual(ofClaim({ requests, config: [{ opaque: { driver: 'x', parameters: 'x' } }] }), [
    'config[0].opaque.parameters: Invalid',
  ]);
});

test('a class names its extended resource in full', () => {
  const of = (extendedResourceName: string): string[] =>
    told(deviceclasses.strategy?.validate?.({ spec: { extendedResourceName } }, {} as never));
  assert.deepEqual(of('example.com/gpu'), []);
  assert.deepEqual(of('gpu'), ['spec.extendedResourceName: Invalid']);
});

test('a taint rule', () => {
  const { strategy } = devicetaintrules;
  const rule = (spec: object): DeviceTaintRule => ({ spec }) as DeviceTaintRule;
  const context = { user: { name: '', groups: [] }, now: new Date(1e12), dryRun: false, subresource: '' };
  const of = (spec: object, old?: object): string[] =>
    told(
      old === undefined
        ? strategy?.validate?.(rule(spec), context)
        : strategy?.validateUpdate?.(rule(spec), rule(old), context),
    );
  const taint = { key: 'broken', effect: 'NoExecute' };
  assert.deepEqual(of({ deviceSelector: { driver: 'example.com', pool: 'a/b', device: 'gpu-0' }, taint }), []);
  assert.deepEqual(of({ deviceSelector: { driver: '', pool: 'A', device: 'a.b' }, taint: { effect: 'x' } }), [
    'spec.deviceSelector.driver: Required',
    'spec.deviceSelector.pool: Invalid',
    'spec.deviceSelector.device: Invalid',
    'spec.taint.key: Invalid',
    'spec.taint.key: Invalid',
    'spec.taint.effect: NotSupported',
  ]);
  const unknown = { taint: { key: 'broken', effect: 'x' } };
  assert.deepEqual(of(unknown, unknown), []);
  assert.deepEqual(of(unknown, { taint }), ['spec.taint.effect: NotSupported']);
  const changed = rule({ taint: { ...taint, timeAdded: '2000-01-01T00:00:00Z' } });
  strategy?.prepareForUpdate?.(
    changed,
    rule({ taint: { key: 'broken', effect: 'None', timeAdded: '2000-01-01T00:00:00Z' } }),
    context,
  );
  assert.equal(changed.spec.taint.timeAdded, '2001-09-09T01:46:40Z');
});
