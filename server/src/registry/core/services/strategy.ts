import { deepCopy } from '@typernetes/openapi/schema';
import type { Service, ServicePort } from '@typernetes/openapi/types/core/v1';
import type { Strategy } from '../../generic/strategy.ts';
import type { FieldError, Path } from '../../validation/index.ts';
import {
  checked,
  dns1123Label,
  dns1123Subdomain,
  duplicate,
  forbiddenField,
  invalidValue,
  nameIsDnsLabel,
  notSupported,
  oneOf,
  parseSloppyAddress,
  path,
  portNumber,
  qualifiedName,
  required,
  validateAddress,
  validateCidr,
  validateEndpointAddress,
  validateLabels,
  validatePort,
} from '../../validation/index.ts';
import {
  isExternallyAccessible,
  isHeadless,
  isLoadBalancer,
  mayHaveNodePorts,
  needsClusterIP,
  needsHealthCheckNodePort,
  nodePortsOf,
  sameList,
} from './shape.ts';
import { validateClusterIPs, validateClusterIPsUpdate } from './validate-addresses.ts';
import { serviceStatusWarnings, serviceWarnings, TOPOLOGY_HINTS, TOPOLOGY_MODE } from './warnings.ts';

const TYPES = ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort'];

export const serviceStrategy: Strategy<Service> = {
  allowCreateOnUpdate: true,
  hasGeneration: false,
  // Since 1.36 a Service's name may start with a digit (RelaxedServiceNameValidation).
  validateName: nameIsDnsLabel,
  default: defaultService,
  prepareForCreate(service) {
    service.status = { loadBalancer: {} };
  },
  prepareForUpdate(service, old) {
    if (old.status === undefined) delete service.status;
    else service.status = deepCopy(old.status);
    dropFieldsOfOldType(service, old);
  },
  warningsOnCreate: serviceWarnings,
  warningsOnUpdate: serviceWarnings,
  warningsOnStatusUpdate: serviceStatusWarnings,
  canonicalize({ spec: given }) {
    // Upstream takes the policy, and leaves it out of what it answers.
    if (given?.type === 'ExternalName') delete given.internalTrafficPolicy;
  },
  validate: (service) => validateService(service, undefined),
  validateUpdate(service, old) {
    const errors = validateClusterIPsUpdate(service, old);
    const classPath = spec.child('loadBalancerClass');
    if (
      isLoadBalancer(old) &&
      isLoadBalancer(service) &&
      old.spec?.loadBalancerClass !== service.spec?.loadBalancerClass
    ) {
      errors.push(invalidValue(classPath, service.spec?.loadBalancerClass ?? null, 'may not change once set'));
    }
    // Said here and with the rest of the Service.
    errors.push(...validateLoadBalancerClass(service));
    if (needsHealthCheckNodePort(old) && needsHealthCheckNodePort(service)) {
      if (old.spec?.healthCheckNodePort !== service.spec?.healthCheckNodePort) {
        errors.push(forbiddenField(spec.child('healthCheckNodePort'), 'field is immutable'));
      }
    }
    return [...errors, ...validateService(service, old)];
  },
  validateStatusUpdate(service, old) {
    const existing = (old.status?.loadBalancer?.ingress ?? []).map(({ ip }) => ip ?? '');
    const at = path('status', 'loadBalancer', 'ingress');
    if (!isLoadBalancer(service) && (service.status?.loadBalancer?.ingress ?? []).length > 0)
      return [forbiddenField(at, "may only be used when `spec.type` is 'LoadBalancer'")];
    return (service.status?.loadBalancer?.ingress ?? []).flatMap(({ ip, hostname, ipMode }, index) => {
      const here = at.index(index);
      const errors: FieldError[] = [];
      if (ip) errors.push(...validateAddress(ip, here.child('ip'), existing));
      if (ip && ipMode == null) errors.push(required(here.child('ipMode'), 'must be specified when `ip` is set'));
      else if (!ip && ipMode != null)
        errors.push(forbiddenField(here.child('ipMode'), 'may not be specified when `ip` is not set'));
      else if (ipMode != null) errors.push(...oneOf(here.child('ipMode'), ipMode, ['Proxy', 'VIP']));
      if (hostname) {
        errors.push(...checked(here.child('hostname'), hostname, dns1123Subdomain(hostname)));
        if (parseSloppyAddress(hostname))
          errors.push(invalidValue(here.child('hostname'), hostname, 'must be a DNS name, not an IP address'));
      }
      return errors;
    });
  },
};

const spec = path('spec');

export function defaultService(service: Service): void {
  const given = (service.spec ??= {});
  given.sessionAffinity ||= 'None';
  if (given.sessionAffinity === 'None') delete given.sessionAffinityConfig;
  if (given.sessionAffinity === 'ClientIP' && given.sessionAffinityConfig?.clientIP?.timeoutSeconds == null) {
    given.sessionAffinityConfig = { clientIP: { timeoutSeconds: 10800 } };
  }
  given.type ||= 'ClusterIP';
  for (const port of given.ports ?? []) {
    port.protocol ||= 'TCP';
    if (!port.targetPort) port.targetPort = port.port;
  }
  if (isExternallyAccessible(service)) given.externalTrafficPolicy ||= 'Cluster';
  if (['NodePort', 'LoadBalancer', 'ClusterIP'].includes(given.type)) given.internalTrafficPolicy ??= 'Cluster';
  if (given.type === 'LoadBalancer') {
    given.allocateLoadBalancerNodePorts ??= true;
    for (const ingress of service.status?.loadBalancer?.ingress ?? []) if (ingress.ip) ingress.ipMode ??= 'VIP';
  }
}

/** A change of type takes along what the old type had set, unless the client set it anew. */
function dropFieldsOfOldType(service: Service, old: Readonly<Service>): void {
  const after = service.spec;
  const before = old.spec;
  if (!after || !before) return;
  if (needsClusterIP(old) && !needsClusterIP(service)) {
    if (before.clusterIP === after.clusterIP && sameList(before.clusterIPs, after.clusterIPs)) {
      delete after.clusterIP;
      delete after.clusterIPs;
    }
    if (sameList(before.ipFamilies, after.ipFamilies)) delete after.ipFamilies;
    if (before.ipFamilyPolicy === after.ipFamilyPolicy) delete after.ipFamilyPolicy;
  }
  if (mayHaveNodePorts(old) && !mayHaveNodePorts(service)) {
    const had = new Set(nodePortsOf(old));
    if (nodePortsOf(service).every((port) => had.has(port))) for (const port of after.ports ?? []) delete port.nodePort;
  }
  if (needsHealthCheckNodePort(old) && !needsHealthCheckNodePort(service)) {
    if (before.healthCheckNodePort === after.healthCheckNodePort) delete after.healthCheckNodePort;
  }
  if (isLoadBalancer(old) && !isLoadBalancer(service)) {
    if (before.allocateLoadBalancerNodePorts === after.allocateLoadBalancerNodePorts)
      delete after.allocateLoadBalancerNodePorts;
    if (before.loadBalancerClass === after.loadBalancerClass) delete after.loadBalancerClass;
  }
  if (isExternallyAccessible(old) && !isExternallyAccessible(service)) {
    if (before.externalTrafficPolicy === after.externalTrafficPolicy) delete after.externalTrafficPolicy;
  }
  if (!isLoadBalancer(service) && service.status) service.status.loadBalancer = {};
}

function validateService(service: Readonly<Service>, old: Readonly<Service> | undefined): FieldError[] {
  const given = service.spec ?? {};
  const headless = isHeadless(service);
  const errors = validateTopologyAnnotations(service);
  if ((given.ports ?? []).length === 0 && !headless && given.type !== 'ExternalName')
    errors.push(required(spec.child('ports'), ''));
  if (headless && (given.type === 'LoadBalancer' || given.type === 'NodePort')) {
    const message = `may not be set to 'None' for ${given.type} services`;
    errors.push(invalidValue(spec.child('clusterIPs').index(0), given.clusterIPs?.[0], message));
  }
  if (given.type === 'ExternalName') errors.push(...validateExternalName(service));
  errors.push(
    ...validatePorts(given.ports ?? [], spec.child('ports')),
    ...validateLabels(given.selector, spec.child('selector')),
    ...validateSessionAffinity(service),
    ...validateClusterIPs(service, old),
  );
  for (const [index, address] of (given.externalIPs ?? []).entries()) {
    const at = spec.child('externalIPs').index(index);
    const malformed = validateAddress(address, at, old?.spec?.externalIPs ?? []);
    errors.push(...(malformed.length > 0 ? malformed : validateEndpointAddress(address, at)));
  }
  const types = ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort'];
  errors.push(...oneOf(spec.child('type'), given.type, types), ...validateNodePorts(service));
  errors.push(...validateLoadBalancer(service, old), ...validateTraffic(service));
  return errors;
}

/** The annotation has two names; both may stand only if they say the same. */
function validateTopologyAnnotations({ metadata }: Readonly<Service>): FieldError[] {
  const mode = metadata?.annotations?.[TOPOLOGY_MODE];
  const hints = metadata?.annotations?.[TOPOLOGY_HINTS];
  if (mode === undefined || hints === undefined || mode === hints) return [];
  const message = `must match annotations[${TOPOLOGY_HINTS}] when both are specified`;
  return [invalidValue(path('metadata', 'annotations').key(TOPOLOGY_MODE), mode, message)];
}

function validateExternalName(service: Readonly<Service>): FieldError[] {
  const given = service.spec ?? {};
  const errors: FieldError[] = [];
  const message = 'may not be set for ExternalName services';
  if ((given.clusterIPs ?? []).length > 0) errors.push(forbiddenField(spec.child('clusterIPs'), message));
  if ((given.ipFamilies ?? []).length > 0) errors.push(forbiddenField(spec.child('ipFamilies'), message));
  if (given.ipFamilyPolicy != null) errors.push(forbiddenField(spec.child('ipFamilyPolicy'), message));
  const name = (given.externalName ?? '').replace(/\.$/, '');
  const at = spec.child('externalName');
  return [...errors, ...(name === '' ? [required(at, '')] : checked(at, name, dns1123Subdomain(name)))];
}

function validatePorts(ports: readonly ServicePort[], at: Path): FieldError[] {
  const names = new Set<string>();
  return ports.flatMap((port, index) => {
    const here = at.index(index);
    const errors: FieldError[] = [];
    if (!port.name) {
      if (ports.length > 1) errors.push(required(here.child('name'), ''));
    } else {
      errors.push(...checked(here.child('name'), port.name, dns1123Label(port.name)));
      if (names.has(port.name)) errors.push(duplicate(here.child('name'), port.name));
      names.add(port.name);
    }
    errors.push(
      ...checked(here.child('port'), port.port ?? 0, portNumber(port.port ?? 0)),
      ...oneOf(here.child('protocol'), port.protocol, ['SCTP', 'TCP', 'UDP']),
      ...validatePort(port.targetPort, here.child('targetPort')),
    );
    if (port.appProtocol != null)
      errors.push(...checked(here.child('appProtocol'), port.appProtocol, qualifiedName(port.appProtocol)));
    return errors;
  });
}

function validateSessionAffinity(service: Readonly<Service>): FieldError[] {
  const { sessionAffinity, sessionAffinityConfig } = service.spec ?? {};
  const errors = oneOf(spec.child('sessionAffinity'), sessionAffinity, ['ClientIP', 'None']);
  const at = spec.child('sessionAffinityConfig');
  if (sessionAffinity === 'None' && sessionAffinityConfig) {
    errors.push(forbiddenField(at, 'must not be set when session affinity is None'));
  }
  if (sessionAffinity !== 'ClientIP') return errors;
  const message = 'when session affinity type is ClientIP';
  if (!sessionAffinityConfig) return [...errors, required(at, message)];
  if (!sessionAffinityConfig.clientIP) return [...errors, required(at.child('clientIP'), message)];
  const seconds = sessionAffinityConfig.clientIP.timeoutSeconds;
  const place = at.child('clientIP', 'timeoutSeconds');
  if (seconds == null) errors.push(required(place, message));
  else if (seconds <= 0 || seconds > 86400)
    errors.push(invalidValue(place, seconds, 'must be greater than 0 and less than 86400'));
  return errors;
}

function validateNodePorts(service: Readonly<Service>): FieldError[] {
  const at = spec.child('ports');
  const nodePorts = new Set<string>();
  const ports = new Set<string>();
  const errors: FieldError[] = [];
  const list = [...(service.spec?.ports ?? []).entries()];
  if (service.spec?.type === 'ClusterIP') {
    for (const [index, port] of list) {
      if (port.nodePort)
        errors.push(forbiddenField(at.index(index).child('nodePort'), "may not be used when `type` is 'ClusterIP'"));
    }
  }
  for (const [index, port] of list) {
    if (!port.nodePort) continue;
    const key = `${port.protocol}/${port.nodePort}`;
    if (nodePorts.has(key)) errors.push(duplicate(at.index(index).child('nodePort'), port.nodePort));
    nodePorts.add(key);
  }
  for (const [index, port] of list) {
    const key = `${port.protocol}/${port.port}`;
    // Shown as upstream shows it: its internal ServicePort with all fields.
    const shown = { Name: '', Protocol: port.protocol, AppProtocol: null, Port: port.port, TargetPort: 0, NodePort: 0 };
    if (ports.has(key)) errors.push(duplicate(at.index(index), shown));
    ports.add(key);
  }
  return errors;
}

const only = "may only be used when `type` is 'LoadBalancer'";
const rangesAnnotation = 'service.beta.kubernetes.io/load-balancer-source-ranges';

/** Where ranges were said before they had a field. */
function validateAnnotatedRanges(service: Service, old: Readonly<Service> | undefined): FieldError[] {
  const text = service.metadata?.annotations?.[rangesAnnotation];
  if (text === undefined) return [];
  const at = path('metadata', 'annotations').key(rangesAnnotation);
  const errors = isLoadBalancer(service) ? [] : [forbiddenField(at, only)];
  if (text.trim() === '' || text === old?.metadata?.annotations?.[rangesAnnotation]) return errors;
  return [...errors, ...text.split(',').flatMap((range) => validateCidr(range.trim(), at))];
}

function validateLoadBalancer(service: Readonly<Service>, old: Readonly<Service> | undefined): FieldError[] {
  const given = service.spec ?? {};
  const errors: FieldError[] = [];
  const ranges = given.loadBalancerSourceRanges ?? [];
  if (ranges.length > 0) {
    const at = spec.child('LoadBalancerSourceRanges');
    if (!isLoadBalancer(service)) errors.push(forbiddenField(at, only));
    const existing = (old?.spec?.loadBalancerSourceRanges ?? []).map((range) => range.trim());
    for (const [index, range] of ranges.entries())
      errors.push(...validateCidr(range.trim(), at.index(index), existing));
  } else errors.push(...validateAnnotatedRanges(service, old));
  if (given.allocateLoadBalancerNodePorts != null && !isLoadBalancer(service)) {
    errors.push(forbiddenField(spec.child('allocateLoadBalancerNodePorts'), only));
  }
  return [...errors, ...validateLoadBalancerClass(service)];
}

function validateLoadBalancerClass(service: Readonly<Service>): FieldError[] {
  const name = service.spec?.loadBalancerClass;
  if (name == null) return [];
  const at = spec.child('loadBalancerClass');
  return isLoadBalancer(service) ? checked(at, name, qualifiedName(name)) : [forbiddenField(at, only)];
}

function validateTraffic(service: Readonly<Service>): FieldError[] {
  const given = service.spec ?? {};
  const errors: FieldError[] = [];
  const external = spec.child('externalTrafficPolicy');
  if (isExternallyAccessible(service))
    errors.push(...oneOf(external, given.externalTrafficPolicy, ['Cluster', 'Local']));
  else if (given.externalTrafficPolicy) {
    errors.push(
      invalidValue(external, given.externalTrafficPolicy, 'may only be set for externally-accessible services'),
    );
  }
  const at = spec.child('healthCheckNodePort');
  const healthCheck = given.healthCheckNodePort ?? 0;
  if (!needsHealthCheckNodePort(service)) {
    const message = "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'";
    if (healthCheck !== 0) errors.push(invalidValue(at, healthCheck, message));
  } else if (healthCheck === 0) errors.push(required(at, ''));
  else errors.push(...checked(at, healthCheck, portNumber(healthCheck)));
  const internal = spec.child('internalTrafficPolicy');
  if (given.internalTrafficPolicy == null) {
    // Of a type that nobody knows, nothing more is said.
    if (needsClusterIP(service) && TYPES.includes(given.type ?? '')) errors.push(required(internal, ''));
  } else if (!['Cluster', 'Local'].includes(given.internalTrafficPolicy)) {
    errors.push(notSupported(internal, given.internalTrafficPolicy, ['Cluster', 'Local']));
  }
  const distributions = ['PreferClose', 'PreferSameZone', 'PreferSameNode'];
  if (given.trafficDistribution != null && !distributions.includes(given.trafficDistribution)) {
    errors.push(notSupported(spec.child('trafficDistribution'), given.trafficDistribution, distributions));
  }
  return errors;
}
