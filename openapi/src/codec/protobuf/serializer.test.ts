import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { JsonObject } from '../../meta/object.ts';
import {
  decodeWatchEvent,
  hasProtobuf,
  jsonToProtobuf,
  partialObjectMetadataOf,
  protobufSerializer as protobuf,
} from './index.ts';

const hex = (text: string) => Buffer.from(text.replaceAll(/\s/g, ''), 'hex');
const ascii = (text: string) => Buffer.from(text).toString('hex');
const tail = '1a00 2200';

/** `k8s\0`, the type, and a message of less than 128 bytes. */
function envelope(apiVersion: string, kind: string, message: string): Buffer {
  const type = `0a${byte(apiVersion.length)}${ascii(apiVersion)} 12${byte(kind.length)}${ascii(kind)}`;
  return hex(`6b387300 0a${byte(hex(type).length)}${type} 12${byte(hex(message).length)}${message} ${tail}`);
}

const byte = (value: number) => value.toString(16).padStart(2, '0');
const decode = (bytes: Uint8Array): JsonObject => protobuf.decode(bytes).object;
const roundTrip = (object: JsonObject): JsonObject => decode(protobuf.encode(object));
const namespace = (name: string) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });

describe('golden bytes', () => {
  const golden: [string, JsonObject, Buffer][] = [
    [
      'a Status, with all zeros',
      {
        apiVersion: 'v1',
        kind: 'Status',
        metadata: {},
        status: 'Failure',
        message: 'x',
        details: { name: 'n', causes: [{ message: 'm' }] },
        code: 404,
      },
      envelope(
        'v1',
        'Status',
        `0a06 0a00 1200 1a00 1207${ascii('Failure')} 1a01${ascii('x')} 2200
         2a14 0a016e 1200 1a00 2207 0a00 12016d 1a00 2800 3200 309403`,
      ),
    ],
    [
      'metadata of a list, with zeros but no count',
      { apiVersion: 'v1', kind: 'PodList', metadata: { resourceVersion: '7' }, items: [] },
      envelope('v1', 'PodList', '0a07 0a00 120137 1a00'),
    ],
    ['a name', namespace('a'), envelope('v1', 'Namespace', '0a03 0a0161')],
    [
      'maps sorted by key',
      { apiVersion: 'v1', kind: 'ConfigMap', data: { b: '2', a: '1' }, binaryData: { k: 'AQI=' } },
      envelope('v1', 'ConfigMap', '1206 0a0161 120131  1206 0a0162 120132  1a07 0a016b 12020102'),
    ],
    [
      'negative numbers take ten bytes',
      { apiVersion: 'apps/v1', kind: 'Deployment', spec: { replicas: -1 } },
      envelope('apps/v1', 'Deployment', '120b 08ffffffffffffffffff01'),
    ],
    [
      'times',
      {
        apiVersion: 'coordination.k8s.io/v1',
        kind: 'Lease',
        metadata: { creationTimestamp: '1970-01-01T00:00:01Z' },
        spec: { renewTime: '1970-01-01T00:00:02.000003Z' },
      },
      envelope('coordination.k8s.io/v1', 'Lease', '0a06 4204 08011000  1207 2205 080210b817'),
    ],
    [
      'int or string, quantity, double field numbers',
      {
        apiVersion: 'v1',
        kind: 'Service',
        spec: { ports: [{ targetPort: 80 }, { targetPort: 'http' }], allocateLoadBalancerNodePorts: false },
      },
      envelope('v1', 'Service', '121b 0a08 2206 0800 1050 1a00  0a0c 220a 0801 1000 1a0468747470  a00100'),
    ],
    [
      'an embedded message whose fields JSON has in the parent',
      { apiVersion: 'v1', kind: 'Pod', spec: { volumes: [{ name: 'v', emptyDir: {} }] } },
      envelope('v1', 'Pod', '1209 0a07 0a0176 1202 1200'),
    ],
    [
      'lists that are a type of their own',
      { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', status: { user: { extra: { k: ['v'] } } } },
      envelope('authentication.k8s.io/v1', 'TokenReview', '1a0c 120a 2208 0a016b 1203 0a0176'),
    ],
  ];
  for (const [name, object, bytes] of golden) {
    test(name, () => {
      assert.equal(protobuf.encode(object).toString('hex'), bytes.toString('hex'));
      assert.deepEqual(decode(bytes), object);
    });
  }
});

describe('zeros', () => {
  test('of pointers are values', () => {
    const deployment = { apiVersion: 'apps/v1', kind: 'Deployment', spec: { replicas: 0 } };
    assert.deepEqual(roundTrip(deployment), deployment);
    const claim = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', spec: { storageClassName: '' } };
    assert.deepEqual(roundTrip(claim), claim);
    const account = { apiVersion: 'v1', kind: 'ServiceAccount', automountServiceAccountToken: false };
    assert.deepEqual(roundTrip(account), account);
  });

  test('of other fields mean not set', () => {
    // hostNetwork false (11), nodeName "" (10), terminationGracePeriodSeconds 0 (4, a pointer).
    assert.deepEqual(decode(envelope('v1', 'Pod', '1206 2000 5200 5800')), {
      apiVersion: 'v1',
      kind: 'Pod',
      spec: { terminationGracePeriodSeconds: 0 },
    });
  });

  test('without omitempty stay', () => {
    const pod = { apiVersion: 'v1', kind: 'Pod', spec: { containers: [{ name: '' }] } };
    assert.deepEqual(roundTrip(pod), pod);
  });

  test('a version may differ from the others of its group', () => {
    const status = (version: string) => ({
      apiVersion: `autoscaling/${version}`,
      kind: 'HorizontalPodAutoscaler',
      status: { currentReplicas: 0, desiredReplicas: 0 },
    });
    assert.deepEqual(roundTrip(status('v1')).status, { currentReplicas: 0, desiredReplicas: 0 });
    assert.deepEqual(roundTrip(status('v2')).status, { desiredReplicas: 0 });
  });

  test('a zero time is no time', () => {
    const object = { apiVersion: 'v1', kind: 'Namespace', metadata: { creationTimestamp: '0001-01-01T00:00:00Z' } };
    assert.deepEqual(roundTrip(object).metadata, {});
    assert.deepEqual(roundTrip({ ...object, metadata: { creationTimestamp: null } }).metadata, {});
  });
});

describe('values that are more than their text', () => {
  test('64 bits', () => {
    const text = '{"apiVersion":"v1","kind":"Pod","metadata":{"generation":-9223372036854775808}}';
    const bytes = jsonToProtobuf(Buffer.from(text), { group: '', version: 'v1', kind: 'Pod' });
    assert.equal(JSON.stringify(decode(bytes)), text);
  });

  test('schemas of custom resources', () => {
    const schema = {
      $ref: '#/x',
      'x-kubernetes-preserve-unknown-fields': false,
      minimum: 0,
      default: { a: [1, null] },
      enum: [null, 'a', 1],
      items: { type: 'string' },
      additionalProperties: false,
      additionalItems: { type: 'object' },
      dependencies: { a: ['b'], c: { type: 'integer' } },
      properties: { __proto__x: { items: [{ type: 'a' }, { type: 'b' }] } },
    };
    const object = {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      spec: { versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: schema } }] },
    };
    const decoded = roundTrip({ ...object, spec: { ...object.spec, group: 'g', scope: 'Cluster' } });
    assert.deepEqual((decoded.spec as unknown as typeof object.spec).versions, object.spec.versions);
  });

  test('a key __proto__ is a key', () => {
    const text = '{"apiVersion":"v1","kind":"ConfigMap","data":{"__proto__":"x"}}';
    const bytes = jsonToProtobuf(Buffer.from(text), { group: '', version: 'v1', kind: 'ConfigMap' });
    assert.equal(JSON.stringify(decode(bytes)), text);
  });

  test('strings beyond ASCII, beside others with the same hash or length', () => {
    for (const name of ['é', 'Ã©', 'ÿ', 'a', '😀'.repeat(30), 'é'.repeat(19), 'x'.repeat(4000)]) {
      assert.deepEqual(roundTrip(namespace(name)), namespace(name));
    }
  });

  test('raw objects: JSON, or an envelope in the envelope', () => {
    const revision = { apiVersion: 'apps/v1', kind: 'ControllerRevision', data: { spec: { a: [1] } }, revision: 3 };
    assert.deepEqual(roundTrip(revision), revision);
    const list = protobuf.encodeList('v1', 'List', {}, [protobuf.encode(namespace('a'))]);
    assert.deepEqual(decode(Buffer.concat(list)).items, [namespace('a')]);
  });

  test('packed numbers are read too', () => {
    const packed = envelope('v1', 'Pod', '1206 7204 2202 0102');
    const spec = { securityContext: { supplementalGroups: [1, 2] } };
    assert.deepEqual(decode(packed).spec, spec);
    assert.equal(
      protobuf.encode({ apiVersion: 'v1', kind: 'Pod', spec }).toString('hex'),
      envelope('v1', 'Pod', '1206 7204 2001 2002').toString('hex'),
    );
  });
});

describe('lists', () => {
  const items = ['a', 'b'.repeat(300), 'c'].map((name) => ({ metadata: { name } }));
  const encoded = (kind: string) => items.map((item) => protobuf.encode({ apiVersion: 'v1', kind, ...item }));

  test('of encoded items are the list encoded at once', () => {
    const metadata = { resourceVersion: '7', continue: 'c', remainingItemCount: 0 };
    const parts = protobuf.encodeList('v1', 'PodList', metadata, encoded('Pod'));
    const whole = protobuf.encode({ apiVersion: 'v1', kind: 'PodList', metadata, items });
    assert.equal(Buffer.concat(parts).toString('hex'), whole.toString('hex'));
    assert.deepEqual(decode(whole), { apiVersion: 'v1', kind: 'PodList', metadata, items });
  });

  for (const version of ['v1', 'v1beta1'] as const) {
    test(`of PartialObjectMetadata ${version}, whose fields are numbered in two ways`, () => {
      const partial = encoded('Pod').map((item) => partialObjectMetadataOf(item, version));
      assert.deepEqual(decode(partial[0] as Buffer), {
        apiVersion: `meta.k8s.io/${version}`,
        kind: 'PartialObjectMetadata',
        ...items[0],
      });
      const apiVersion = `meta.k8s.io/${version}`;
      const metadata = { resourceVersion: '7' };
      const list = Buffer.concat(protobuf.encodeList(apiVersion, 'PartialObjectMetadataList', metadata, partial));
      const whole = { apiVersion, kind: 'PartialObjectMetadataList', metadata, items };
      assert.equal(list.toString('hex'), protobuf.encode(whole).toString('hex'));
      assert.deepEqual(decode(list), whole);
    });
  }

  test('without items are lists', () => {
    assert.deepEqual(decode(Buffer.concat(protobuf.encodeList('v1', 'PodList', {}, []))).items, []);
  });
});

describe('watch events', () => {
  test('are a length in four bytes and a message without envelope', () => {
    const object = envelope('v1', 'Namespace', '0a03 0a0161');
    const frame = protobuf.streamFrame('ADDED', object);
    const length = byte(object.length);
    const size = byte(object.length + 2);
    const message = `0a05${ascii('ADDED')} 12${size} 0a${length} ${object.toString('hex')}`;
    assert.equal(frame.toString('hex'), `000000${byte(hex(message).length)}${hex(message).toString('hex')}`);
    assert.deepEqual(decodeWatchEvent(frame.subarray(4)), { type: 'ADDED', object: namespace('a') });
  });
});

describe('kinds', () => {
  test('of the machinery', () => {
    const objects: JsonObject[] = [
      { apiVersion: 'v1', kind: 'Status', status: 'Failure', code: 404, details: { causes: [{ reason: 'r' }] } },
      { apiVersion: 'v1', kind: 'DeleteOptions', gracePeriodSeconds: 0, preconditions: { uid: 'u' }, dryRun: ['All'] },
      { apiVersion: 'apps/v1', kind: 'DeleteOptions', propagationPolicy: 'Orphan' },
      { apiVersion: 'meta.k8s.io/v1', kind: 'DeleteOptions', propagationPolicy: 'Orphan' },
      { apiVersion: 'meta.k8s.io/v1', kind: 'CreateOptions', fieldManager: 'm' },
      {
        apiVersion: 'authentication.k8s.io/v1',
        kind: 'TokenRequest',
        spec: { audiences: ['a'], expirationSeconds: 0 },
      },
      { apiVersion: 'autoscaling/v1', kind: 'Scale', spec: { replicas: 3 } },
      { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: 'p' }, deleteOptions: { gracePeriodSeconds: 0 } },
      { apiVersion: 'v1', kind: 'Binding', target: { kind: 'Node', name: 'n' } },
      { apiVersion: 'v1', kind: 'WatchEvent', type: 'ADDED', object: { any: 'thing' } },
      { apiVersion: 'metrics.k8s.io/v1beta1', kind: 'NodeMetrics', window: '1m30.5s', usage: { cpu: '1' } },
    ];
    for (const object of objects) assert.deepEqual(roundTrip(object), object);
  });

  test('without a message are refused, Table among them', () => {
    const wanted = { name: 'CodecError', message: /does not implement the protobuf marshalling interface/ };
    assert.throws(() => protobuf.encode({ apiVersion: 'meta.k8s.io/v1', kind: 'Table' }), wanted);
    assert.throws(() => protobuf.encode({ apiVersion: 'example.com/v1', kind: 'Foo' }), wanted);
    assert.throws(() => protobuf.encodeList('v1', 'Pod', {}, []), wanted);
    assert.equal(hasProtobuf({ group: 'meta.k8s.io', version: 'v1', kind: 'Table' }), false);
    assert.equal(hasProtobuf({ group: 'apps', version: 'v1', kind: 'DeploymentList' }), true);
  });

  test('may be given where the body does not say', () => {
    const anonymous = envelope('', '', '0a03 0a0161');
    const defaults = { group: '', version: 'v1', kind: 'Namespace' };
    assert.deepEqual(protobuf.decode(anonymous, { defaults }).object, namespace('a'));
    assert.throws(() => decode(anonymous), { name: 'CodecError', message: /^Object 'Kind' is missing in / });
  });
});

test('stored JSON becomes protobuf with its resource version', () => {
  const stored = Buffer.from('{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"a"}}');
  const bytes = jsonToProtobuf(stored, { group: '', version: 'v1', kind: 'Namespace' }, '12');
  assert.deepEqual(decode(bytes).metadata, { name: 'a', resourceVersion: '12' });
});
