/** A small API for tests, in the shapes that upstream's types have. */
import type { Resolve, Schema } from '../schema.ts';

const string: Schema = { type: 'string' };
const strings: Schema = { type: 'array', items: string };
const int32: Schema = { type: 'integer', format: 'int32' };

const definitions: Record<string, Schema> = {
  'io.k8s.apimachinery.pkg.api.resource.Quantity': { type: 'string' },
  'io.k8s.apimachinery.pkg.apis.meta.v1.Time': { type: 'string', format: 'date-time' },
  'io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime': { type: 'string', format: 'date-time' },
  'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta': {
    type: 'object',
    properties: {
      name: string,
      namespace: string,
      generation: { type: 'integer', format: 'int64' },
      deletionGracePeriodSeconds: { type: 'integer', format: 'int64' },
      creationTimestamp: { $ref: 'io.k8s.apimachinery.pkg.apis.meta.v1.Time' },
      labels: { type: 'object', additionalProperties: string },
      annotations: { type: 'object', additionalProperties: string },
      finalizers: { ...strings, 'x-kubernetes-patch-strategy': 'merge' },
    },
  },
  'io.example.v1.Port': {
    type: 'object',
    required: ['number'],
    properties: {
      name: string,
      number: int32,
      protocol: { type: 'string', default: 'TCP' },
      target: { format: 'int-or-string', type: 'string' },
    },
  },
  'io.example.v1.Container': {
    type: 'object',
    required: ['name'],
    properties: {
      name: string,
      image: string,
      args: strings,
      ports: {
        type: 'array',
        items: { $ref: 'io.example.v1.Port' },
        'x-kubernetes-patch-strategy': 'merge',
        'x-kubernetes-patch-merge-key': 'number',
      },
      limits: { type: 'object', additionalProperties: { $ref: 'io.k8s.apimachinery.pkg.api.resource.Quantity' } },
    },
  },
  'io.example.v1.Strategy': {
    type: 'object',
    properties: { type: string, rolling: { type: 'object', properties: { max: int32 } } },
  },
  'io.example.v1.Spec': {
    type: 'object',
    required: ['containers'],
    properties: {
      replicas: { ...int32, default: 1 },
      paused: { type: 'boolean' },
      data: { type: 'string', format: 'byte' },
      ratio: { type: 'number' },
      at: { $ref: 'io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime' },
      strategy: { allOf: [{ $ref: 'io.example.v1.Strategy' }], 'x-kubernetes-patch-strategy': 'retainKeys' },
      replaced: { type: 'object', additionalProperties: string, 'x-kubernetes-patch-strategy': 'replace' },
      atomic: strings,
      anything: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
      raw: { type: 'object' },
      containers: {
        type: 'array',
        items: { $ref: 'io.example.v1.Container' },
        'x-kubernetes-patch-strategy': 'merge',
        'x-kubernetes-patch-merge-key': 'name',
      },
    },
  },
  'io.example.v1.Thing': {
    type: 'object',
    properties: {
      apiVersion: string,
      kind: string,
      metadata: { $ref: 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta' },
      spec: { $ref: 'io.example.v1.Spec' },
    },
  },
};

export const resolveTestSchema: Resolve = (ref) => definitions[ref];
export const thingSchema: Schema = { $ref: 'io.example.v1.Thing' };
