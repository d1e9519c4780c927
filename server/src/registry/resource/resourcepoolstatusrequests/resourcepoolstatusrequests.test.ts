import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { fieldErrorMessage } from '@typernetes/openapi/meta';
import type { ResourcePoolStatusRequest } from '@typernetes/openapi/types/resource/v1alpha3';
import { type Kind, refusals, refusedUpdates } from '../../testing/rules.ts';
import { resourcepoolstatusrequests } from './index.ts';
import { validateRequestStatus } from './validate.ts';

const requests: Kind = {
  apiVersion: 'resource.k8s.io/v1alpha3',
  kind: 'ResourcePoolStatusRequest',
  resource: 'resourcepoolstatusrequests',
  example: { spec: { driver: 'example.com' } },
};

refusals('ResourcePoolStatusRequests', requests, {
  'no driver': [{ 'spec/driver': undefined }, 'spec.driver: Required value'],
  'a driver in capitals': [{ 'spec/driver': 'Example.com' }],
  'a part of a pool that is empty': [
    { 'spec/poolName': 'a//b' },
    'spec.poolName: Invalid value: "a//b": segment 1: must not be empty',
  ],
  'too low a limit': [{ 'spec/limit': 0 }, 'spec.limit: Invalid value: 0: must be greater than or equal to 1'],
  'too high a limit': [{ 'spec/limit': 1001 }, 'spec.limit: Invalid value: 1001: must be less than or equal to 1000'],
});

refusedUpdates('ResourcePoolStatusRequests', requests, {
  'another limit': [{ 'spec/limit': 5 }, 'spec: Invalid value: null: field is immutable'],
});

test('a hundred pools are told unless the request says otherwise', () => {
  const request = { spec: { driver: 'example.com' } } as ResourcePoolStatusRequest;
  resourcepoolstatusrequests.strategy?.default?.(request);
  assert.equal(request.spec.limit, 100);
});

type Status = ResourcePoolStatusRequest['status'];
const told = (status: object, old?: object): string[] =>
  validateRequestStatus(status as Status, old as Status).map(fieldErrorMessage);

describe('answers to ResourcePoolStatusRequests', () => {
  test('pools are counted, and each says whose it is', () => {
    assert.deepEqual(told({}), ['status.poolCount: Required value']);
    assert.deepEqual(told({ poolCount: 1, pools: [{ driver: 'example.com', poolName: 'p', generation: 1 }] }), []);
    assert.deepEqual(told({ poolCount: -1, pools: [{ totalDevices: -1, validationError: 'x'.repeat(257) }] }), [
      'status.poolCount: Invalid value: -1: must be greater than or equal to 0',
      'status.pools[0].driver: Required value',
      'status.pools[0].poolName: Required value',
      'status.pools[0].generation: Required value',
      'status.pools[0].totalDevices: Invalid value: -1: must be greater than or equal to 0',
      'status.pools[0].validationError: Too long: may not be more than 256 bytes',
    ]);
  });

  test('an answer stays', () => {
    assert.deepEqual(told({ poolCount: 1 }, { poolCount: 1 }), []);
    assert.match(told({ poolCount: 2 }, { poolCount: 1 }).join(), /^status: Invalid value: .*field is immutable$/);
  });
});
