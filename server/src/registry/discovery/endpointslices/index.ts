import type { Endpoint, EndpointSlice } from '@typernetes/openapi/types/discovery/v1';
import type { ResourceRegistration } from '../../generic/strategy.ts';
import { withoutEmpty } from '../../generic/without-empty.ts';
import { age, ageColumn, joinAtMost, nameColumn, text } from '../../printing/index.ts';
import type { FieldError, Path } from '../../validation/index.ts';
import {
  addressWarnings,
  checked,
  dns1123Label,
  dns1123Subdomain,
  duplicate,
  familyOf,
  immutable,
  invalidValue,
  labelValue,
  notSupported,
  path,
  qualifiedName,
  required,
  semanticEqual,
  tooMany,
  validateAddress,
  validateEndpointAddress,
} from '../../validation/index.ts';

const ADDRESS_TYPES = ['FQDN', 'IPv4', 'IPv6'];
const PROTOCOLS = ['SCTP', 'TCP', 'UDP'];

function validateSlice(slice: EndpointSlice): FieldError[] {
  const errors: FieldError[] = [];
  if (!slice.addressType) errors.push(required(path('addressType'), ''));
  else if (!ADDRESS_TYPES.includes(slice.addressType))
    errors.push(notSupported(path('addressType'), slice.addressType, ADDRESS_TYPES));
  const ports = slice.ports ?? [];
  if (ports.length > 20000) return [...errors, tooMany(path('ports'), ports.length, 20000)];
  const names = new Set<string>();
  for (const [index, port] of ports.entries()) {
    const at = path('ports').index(index);
    const name = port.name ?? '';
    if (name !== '') errors.push(...checked(at.child('name'), name, dns1123Label(name)));
    if (names.has(name)) errors.push(duplicate(at.child('name'), name));
    names.add(name);
    if (port.protocol == null) errors.push(required(at.child('protocol'), ''));
    else if (!PROTOCOLS.includes(port.protocol))
      errors.push(notSupported(at.child('protocol'), port.protocol, PROTOCOLS));
    if (port.appProtocol != null)
      errors.push(...checked(at.child('appProtocol'), port.appProtocol, qualifiedName(port.appProtocol)));
  }
  return errors;
}

function validateEndpoints(slice: EndpointSlice): FieldError[] {
  const endpoints = slice.endpoints ?? [];
  if (endpoints.length > 1000) return [tooMany(path('endpoints'), endpoints.length, 1000)];
  return endpoints.flatMap((endpoint, index) =>
    validateEndpoint(endpoint, slice.addressType, path('endpoints').index(index)),
  );
}

function validateEndpoint(endpoint: Endpoint, type: string, at: Path): FieldError[] {
  const addresses = endpoint.addresses ?? [];
  const place = at.child('addresses');
  const errors: FieldError[] = [];
  if (addresses.length === 0) errors.push(required(place, 'must contain at least 1 address'));
  else if (addresses.length > 100) errors.push(tooMany(place, addresses.length, 100));
  // Of a type that is none nothing is known.
  for (const [index, address] of ADDRESS_TYPES.includes(type) ? addresses.entries() : []) {
    const here = place.index(index);
    if (type === 'FQDN') {
      errors.push(...checked(here, address, dns1123Subdomain(address.replace(/\.$/, ''))));
      continue;
    }
    const malformed = validateAddress(address, here);
    if (malformed.length > 0) {
      errors.push(...malformed);
      continue;
    }
    if (familyOf(address) !== type && (type === 'IPv4' || type === 'IPv6')) {
      errors.push(invalidValue(place, address, `must be an ${type} address`));
    }
    errors.push(...validateEndpointAddress(address, here));
  }
  if (endpoint.nodeName != null)
    errors.push(...checked(at.child('nodeName'), endpoint.nodeName, dns1123Subdomain(endpoint.nodeName)));
  if (endpoint.hostname != null)
    errors.push(...checked(at.child('hostname'), endpoint.hostname, dns1123Label(endpoint.hostname)));
  return [...errors, ...validateHints(endpoint, at.child('hints'))];
}

function validateHints(endpoint: Endpoint, at: Path): FieldError[] {
  const errors: FieldError[] = [];
  for (const [field, rule] of [
    ['forZones', labelValue],
    ['forNodes', dns1123Subdomain],
  ] as const) {
    const hints: readonly { name: string }[] = endpoint.hints?.[field] ?? [];
    if (hints.length > 8) return [...errors, tooMany(at.child(field), hints.length, 8)];
    const seen = new Set<string>();
    for (const [index, { name }] of hints.entries()) {
      const here = at.child(field).index(index).child('name');
      if (seen.has(name)) errors.push(duplicate(here, name));
      seen.add(name);
      errors.push(...checked(here, name, rule(name)));
    }
  }
  return errors;
}

const hostnameLabel = 'kubernetes.io/hostname';

/** In v1 topology cannot be written; the node that an older version kept there moves to nodeName. */
function dropTopology(slice: EndpointSlice, old: Readonly<EndpointSlice> | undefined): void {
  if (old !== undefined && semanticEqual(old.endpoints, slice.endpoints)) return;
  const before = new Set((old?.endpoints ?? []).map(({ deprecatedTopology }) => deprecatedTopology?.[hostnameLabel]));
  for (const endpoint of slice.endpoints ?? []) {
    const node = endpoint.deprecatedTopology?.[hostnameLabel];
    if (endpoint.nodeName == null && node && before.has(node) && dns1123Subdomain(node).length === 0)
      endpoint.nodeName = node;
    delete endpoint.deprecatedTopology;
  }
}

/** The controllers write what is right: nobody is told of theirs. */
function endpointWarnings({ metadata, endpoints }: EndpointSlice): string[] {
  const manager = metadata?.labels?.['endpointslice.kubernetes.io/managed-by'] ?? '';
  if (['endpointslice-controller.k8s.io', 'endpointslicemirroring-controller.k8s.io'].includes(manager)) return [];
  return (endpoints ?? []).flatMap(({ addresses }, index) =>
    (addresses ?? []).flatMap((address, place) =>
      addressWarnings(address, path('endpoints').index(index).child('addresses').index(place)),
    ),
  );
}

export const endpointslices: ResourceRegistration<EndpointSlice> = {
  resource: { group: 'discovery.k8s.io', resource: 'endpointslices' },
  strategy: {
    hasGeneration: true,
    default(slice) {
      for (const port of slice.ports ?? []) {
        port.name ??= '';
        port.protocol ??= 'TCP';
      }
    },
    canonicalize(slice) {
      withoutEmpty(slice, 'endpoints', null);
      withoutEmpty(slice, 'ports', null);
    },
    prepareForCreate: (slice) => dropTopology(slice, undefined),
    prepareForUpdate(slice, old) {
      dropTopology(slice, old);
      // Labels say whose slice it is, and count as its content.
      if (!semanticEqual(slice.metadata?.labels, old.metadata?.labels))
        slice.metadata = { ...slice.metadata, generation: (old.metadata?.generation ?? 0) + 1 };
    },
    warningsOnCreate: (slice) => [
      ...(slice.addressType === 'FQDN' ? ['spec.addressType: FQDN endpoints are deprecated'] : []),
      ...endpointWarnings(slice),
    ],
    warningsOnUpdate: endpointWarnings,
    validate: (slice) => [...validateSlice(slice), ...validateEndpoints(slice)],
    validateUpdate: (slice, old) => [
      ...validateSlice(slice),
      // What was stored before a rule existed may stay.
      ...(semanticEqual(slice.endpoints, old.endpoints) ? [] : validateEndpoints(slice)),
      ...immutable(path('addressType'), slice.addressType, old.addressType),
    ],
  },
  table: {
    columns: [nameColumn, text('AddressType'), text('Ports'), text('Endpoints'), ageColumn],
    cells: (slice, now) => [
      slice.metadata?.name ?? '',
      slice.addressType ?? '',
      joinAtMost(
        (slice.ports ?? []).map(({ port, name }) => String(port ?? name ?? '*')),
        3,
      ),
      joinAtMost(
        (slice.endpoints ?? []).flatMap(({ addresses }) => addresses ?? []),
        3,
      ),
      age(slice, now),
    ],
  },
};
