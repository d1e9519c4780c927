import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  alreadyExists,
  badRequest,
  conflict,
  forbidden,
  generateNameConflict,
  genericServerResponse,
  gone,
  internalError,
  invalid,
  invalidValue,
  isAlreadyExists,
  isConflict,
  isGone,
  isNotFound,
  isResourceExpired,
  isTooManyRequests,
  methodNotSupported,
  notFound,
  path,
  requestEntityTooLarge,
  required,
  resourceExpired,
  type StatusError,
  serverTimeout,
  statusErrorFrom,
  successStatus,
  timeoutError,
  tooManyRequests,
  unauthorized,
} from './index.ts';

const pods = { group: '', resource: 'pods' };
const deployments = { group: 'apps', resource: 'deployments' };

const cases: [StatusError, number, string, string, object | undefined][] = [
  [
    notFound(deployments, 'web'),
    404,
    'NotFound',
    'deployments.apps "web" not found',
    { name: 'web', group: 'apps', kind: 'deployments' },
  ],
  [alreadyExists(pods, 'a'), 409, 'AlreadyExists', 'pods "a" already exists', { name: 'a', kind: 'pods' }],
  [
    generateNameConflict(pods, 'a-x', 1),
    409,
    'AlreadyExists',
    'pods "a-x" already exists, the server was not able to generate a unique name for the object',
    { name: 'a-x', kind: 'pods', retryAfterSeconds: 1 },
  ],
  [
    conflict(pods, 'a', 'changed'),
    409,
    'Conflict',
    'Operation cannot be fulfilled on pods "a": changed',
    { name: 'a', kind: 'pods' },
  ],
  [forbidden(pods, 'a', 'no'), 403, 'Forbidden', 'pods "a" is forbidden: no', { name: 'a', kind: 'pods' }],
  [forbidden(pods, '', 'no'), 403, 'Forbidden', 'pods is forbidden: no', { kind: 'pods' }],
  [forbidden({ group: '', resource: '' }, '', 'no'), 403, 'Forbidden', 'forbidden: no', {}],
  [badRequest('bad'), 400, 'BadRequest', 'bad', undefined],
  [unauthorized(), 401, 'Unauthorized', 'Unauthorized', undefined],
  [
    methodNotSupported(pods, 'patch'),
    405,
    'MethodNotAllowed',
    'patch is not supported on resources of kind "pods"',
    { kind: 'pods' },
  ],
  [gone('g'), 410, 'Gone', 'g', undefined],
  [resourceExpired('e'), 410, 'Expired', 'e', undefined],
  [tooManyRequests('slow', 2), 429, 'TooManyRequests', 'slow', { retryAfterSeconds: 2 }],
  [internalError('x'), 500, 'InternalError', 'Internal error occurred: x', { causes: [{ message: 'x' }] }],
  [timeoutError('t', 0), 504, 'Timeout', 'Timeout: t', {}],
  [
    serverTimeout(pods, 'get', 2),
    500,
    'ServerTimeout',
    'The get operation against pods could not be completed at this time, please try again.',
    { name: 'get', kind: 'pods', retryAfterSeconds: 2 },
  ],
  [
    requestEntityTooLarge('limit is 3'),
    413,
    'RequestEntityTooLarge',
    'Request entity too large: limit is 3',
    undefined,
  ],
  [
    invalid({ group: 'apps', kind: 'Deployment' }, 'web', [
      required(path('spec', 'selector'), ''),
      required(path('spec', 'template'), ''),
    ]),
    422,
    'Invalid',
    'Deployment.apps "web" is invalid: [spec.selector: Required value, spec.template: Required value]',
    {
      name: 'web',
      group: 'apps',
      kind: 'Deployment',
      causes: [
        { reason: 'FieldValueRequired', message: 'Required value', field: 'spec.selector' },
        { reason: 'FieldValueRequired', message: 'Required value', field: 'spec.template' },
      ],
    },
  ],
  [
    genericServerResponse(404, 'GET', pods, 'a', 'x', 0, true),
    404,
    'NotFound',
    'the server could not find the requested resource (get pods a)',
    { name: 'a', kind: 'pods', causes: [{ reason: 'UnexpectedServerResponse', message: 'x' }] },
  ],
  [
    genericServerResponse(502, 'GET', { group: '', resource: '' }, '', 'bad gateway', 0, false),
    502,
    'InternalError',
    'an error on the server ("bad gateway") has prevented the request from succeeding',
    {},
  ],
];

for (const [error, code, reason, message, details] of cases) {
  test(`${code} ${reason}: ${message}`, () => {
    assert.equal(error.code, code);
    assert.equal(error.reason, reason);
    assert.equal(error.message, message);
    assert.deepEqual(error.status, {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message,
      reason,
      ...(details === undefined ? {} : { details }),
      code,
    });
  });
}

test('predicates go by reason, and by code only where the reason is unknown', () => {
  assert.ok(isNotFound(notFound(pods, 'a')));
  assert.ok(isNotFound(statusErrorFrom({ code: 404, reason: 'Odd' })));
  assert.ok(!isNotFound(statusErrorFrom({ code: 404, reason: 'Gone' })));
  assert.ok(!isConflict(alreadyExists(pods, 'a')));
  assert.ok(isAlreadyExists(alreadyExists(pods, 'a')));
  assert.ok(isResourceExpired(resourceExpired('x')) && !isGone(resourceExpired('x')));
  assert.ok(isTooManyRequests(statusErrorFrom({ code: 429, reason: 'Unknown' })));
  assert.ok(!isNotFound(new Error('not found')) && !isNotFound(undefined));
});

test('many errors about one large value are told without it after the first', () => {
  const references = Array.from({ length: 20_000 }, (_, index) => ({ name: `n${index}`, uid: `u${index}` }));
  const errors = references.map(({ name }) => invalidValue(path('metadata', 'ownerReferences'), references, name));
  const { status } = invalid({ group: '', kind: 'Pod' }, 'a', errors);
  const messages = status.details?.causes?.map(({ message = '' }) => message) ?? [];
  assert.match(messages[0] ?? '', /^Invalid value: \[\{"name":"n0",.*\]: n0$/);
  assert.equal(messages.at(-1), 'Invalid value: n19999');
  assert.ok(messages.length === 20_000 && (status.message?.length ?? 0) < 20_000_000);
});

test('success', () => {
  assert.deepEqual(successStatus({ name: 'a', kind: 'pods', uid: 'u' }), {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Success',
    details: { name: 'a', kind: 'pods', uid: 'u' },
  });
});
