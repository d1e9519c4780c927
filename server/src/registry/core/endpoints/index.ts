import type { EndpointAddress, EndpointPort, Endpoints } from '@typernetes/openapi/types/core/v1';
import type { ResourceRegistration } from '../../generic/strategy.ts';
import { age, ageColumn, nameColumn, text } from '../../printing/index.ts';
import type { FieldError, Path } from '../../validation/index.ts';
import {
  addressWarnings,
  checked,
  dns1123Label,
  dns1123Subdomain,
  oneOf,
  path,
  portNumber,
  qualifiedName,
  required,
  semanticEqual,
  validateAddress,
  validateEndpointAddress,
} from '../../validation/index.ts';

function validateSubsets(endpoints: Endpoints): FieldError[] {
  return (endpoints.subsets ?? []).flatMap((subset, index) => {
    const at = path('subsets').index(index);
    const { addresses = [], notReadyAddresses = [], ports = [] } = subset;
    const errors: FieldError[] = [];
    if (addresses.length + notReadyAddresses.length === 0) {
      errors.push(required(at, 'must specify `addresses` or `notReadyAddresses`'));
    }
    errors.push(
      ...addresses.flatMap((address, position) => validateOne(address, at.child('addresses').index(position))),
      ...notReadyAddresses.flatMap((address, position) =>
        validateOne(address, at.child('notReadyAddresses').index(position)),
      ),
      ...ports.flatMap((port, position) => validatePort(port, ports.length > 1, at.child('ports').index(position))),
    );
    return errors;
  });
}

function validateOne(address: EndpointAddress, at: Path): FieldError[] {
  const errors = validateAddress(address.ip ?? '', at.child('ip'));
  if (address.hostname) errors.push(...checked(at.child('hostname'), address.hostname, dns1123Label(address.hostname)));
  if (address.nodeName != null)
    errors.push(...checked(at.child('nodeName'), address.nodeName, dns1123Subdomain(address.nodeName)));
  return [...errors, ...validateEndpointAddress(address.ip ?? '', at.child('ip'))];
}

function validatePort(port: EndpointPort, requireName: boolean, at: Path): FieldError[] {
  const errors: FieldError[] = [];
  if (port.name) errors.push(...checked(at.child('name'), port.name, dns1123Label(port.name)));
  else if (requireName) errors.push(required(at.child('name'), ''));
  errors.push(
    ...checked(at.child('port'), port.port ?? 0, portNumber(port.port ?? 0)),
    ...oneOf(at.child('protocol'), port.protocol, ['SCTP', 'TCP', 'UDP']),
  );
  if (port.appProtocol != null)
    errors.push(...checked(at.child('appProtocol'), port.appProtocol, qualifiedName(port.appProtocol)));
  return errors;
}

/** The Endpoints controller cleans up what it takes over; its objects are not looked at. */
function endpointsWarnings({ metadata, subsets = [] }: Endpoints): string[] {
  if (metadata?.labels?.['endpoints.kubernetes.io/managed-by'] === 'endpoint-controller') return [];
  return subsets.flatMap((subset, index) =>
    (['addresses', 'notReadyAddresses'] as const).flatMap((field) =>
      (subset[field] ?? []).flatMap(({ ip }, position) =>
        addressWarnings(ip, path('subsets').index(index).child(field).index(position).child('ip')),
      ),
    ),
  );
}

/** At most three, then how many more. */
function endpointsText(endpoints: Endpoints): string {
  const subsets = endpoints.subsets ?? [];
  if (subsets.length === 0) return '<none>';
  const all = subsets.flatMap(({ addresses = [], ports = [] }) => {
    if (ports.length === 0) return addresses.map(({ ip }) => ip);
    return ports.flatMap(({ port }) => addresses.map(({ ip }) => `${ip.includes(':') ? `[${ip}]` : ip}:${port}`));
  });
  const shown = all.slice(0, 3).join(',');
  return all.length > 3 ? `${shown} + ${all.length - 3} more...` : shown;
}

export const endpoints: ResourceRegistration<Endpoints> = {
  resource: { group: '', resource: 'endpoints' },
  storagePrefix: 'services/endpoints',
  strategy: {
    allowCreateOnUpdate: true,
    hasGeneration: false,
    default(object) {
      for (const subset of object.subsets ?? []) for (const port of subset.ports ?? []) port.protocol ||= 'TCP';
    },
    warningsOnCreate: endpointsWarnings,
    warningsOnUpdate: endpointsWarnings,
    validate: validateSubsets,
    validateUpdate: (object, old) => (semanticEqual(object.subsets, old.subsets) ? [] : validateSubsets(object)),
  },
  table: {
    columns: [nameColumn, text('Endpoints'), ageColumn],
    cells: (object, now) => [object.metadata?.name ?? '', endpointsText(object), age(object, now)],
  },
};
