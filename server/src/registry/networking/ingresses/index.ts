import type { HTTPIngressPath, Ingress, IngressBackend } from '@typernetes/openapi/types/networking/v1';
import { loadBalancerText } from '../../core/services/table.ts';
import type { ResourceRegistration } from '../../generic/strategy.ts';
import { age, ageColumn, nameColumn, text } from '../../printing/index.ts';
import type { FieldError, Path } from '../../validation/index.ts';
import {
  checked,
  dns1123Label,
  dns1123Subdomain,
  familyOf,
  invalidValue,
  notSupported,
  path,
  pathSegmentName,
  portName,
  portNumber,
  required,
  validateAddress,
  wildcardSubdomain,
} from '../../validation/index.ts';

const spec = path('spec');
const CLASS_ANNOTATION = 'kubernetes.io/ingress.class';

function validateIngress(ingress: Ingress): FieldError[] {
  const { rules = [], defaultBackend, tls = [], ingressClassName } = ingress.spec ?? {};
  const errors: FieldError[] = [];
  if (rules.length === 0 && !defaultBackend) {
    errors.push(
      invalidValue(spec, ingress.spec?.rules ?? null, 'either `defaultBackend` or `rules` must be specified'),
    );
  }
  if (defaultBackend) errors.push(...validateBackend(defaultBackend, spec.child('defaultBackend')));
  for (const [index, rule] of rules.entries()) {
    const at = spec.child('rules').index(index);
    if (rule.host) {
      if (familyOf(rule.host) !== undefined) {
        errors.push(invalidValue(at.child('host'), rule.host, 'must be a DNS name, not an IP address'));
      }
      errors.push(...checked(at.child('host'), rule.host, hostMessages(rule.host)));
    }
    if (!rule.http) continue;
    const here = at.child('http', 'paths');
    if ((rule.http.paths ?? []).length === 0) errors.push(required(here, ''));
    for (const [position, entry] of (rule.http.paths ?? []).entries())
      errors.push(...validatePath(entry, here.index(position)));
  }
  for (const [index, entry] of tls.entries()) {
    const at = spec.child('tls').index(index);
    for (const [position, host] of (entry.hosts ?? []).entries()) {
      errors.push(...checked(at.child('hosts').index(position), host, hostMessages(host)));
    }
    if (entry.secretName)
      errors.push(...checked(at.child('secretName'), entry.secretName, dns1123Subdomain(entry.secretName)));
  }
  if (ingressClassName != null) {
    errors.push(...checked(spec.child('ingressClassName'), ingressClassName, dns1123Subdomain(ingressClassName)));
  }
  return errors;
}

function hostMessages(host: string): string[] {
  return host.includes('*') ? wildcardSubdomain(host) : dns1123Subdomain(host);
}

const PATH_TYPES = ['Exact', 'ImplementationSpecific', 'Prefix'];

function validatePath(entry: HTTPIngressPath, at: Path): FieldError[] {
  if (entry.pathType == null) return [required(at.child('pathType'), 'pathType must be specified')];
  const here = at.child('path');
  const given = entry.path ?? '';
  const errors: FieldError[] = [];
  if (!PATH_TYPES.includes(entry.pathType)) errors.push(notSupported(at.child('pathType'), entry.pathType, PATH_TYPES));
  else if (entry.pathType === 'ImplementationSpecific') {
    if (given !== '' && !given.startsWith('/')) errors.push(invalidValue(here, given, 'must be an absolute path'));
  } else {
    if (!given.startsWith('/')) errors.push(invalidValue(here, given, 'must be an absolute path'));
    for (const part of ['//', '/./', '/../', '%2f', '%2F']) {
      if (given.includes(part)) errors.push(invalidValue(here, given, `must not contain '${part}'`));
    }
    for (const end of ['/..', '/.'])
      if (given.endsWith(end)) errors.push(invalidValue(here, given, `cannot end with '${end}'`));
  }
  return [...errors, ...validateBackend(entry.backend, at.child('backend'))];
}

function validateBackend(backend: IngressBackend | undefined, at: Path): FieldError[] {
  const { resource, service } = backend ?? {};
  if (resource && service) return [invalidValue(at, '', 'cannot set both resource and service backends')];
  if (resource) {
    const here = at.child('resource');
    const errors =
      resource.apiGroup == null
        ? []
        : checked(here.child('apiGroup'), resource.apiGroup, dns1123Subdomain(resource.apiGroup));
    for (const field of ['kind', 'name'] as const) {
      const value = resource[field];
      if (!value) errors.push(required(here.child(field), ''));
      else errors.push(...checked(here.child(field), value, pathSegmentName(value)));
    }
    return errors;
  }
  if (!service) return [invalidValue(at, '', 'resource or service backend is required')];
  const here = at.child('service');
  const errors = service.name
    ? checked(here.child('name'), service.name, dns1123Label(service.name))
    : [required(here.child('name'), '')];
  const { name, number } = service.port ?? {};
  if (name && number) errors.push(invalidValue(at, '', 'cannot set both port name & port number'));
  else if (name) errors.push(...checked(here.child('port', 'name'), name, portName(name)));
  else if (number) errors.push(...checked(here.child('port', 'number'), number, portNumber(number)));
  else errors.push(required(at, 'port name or number is required'));
  return errors;
}

function hostsText(ingress: Ingress): string {
  const rules = ingress.spec?.rules ?? [];
  const shown: string[] = [];
  let more = false;
  for (const { host } of rules) {
    if (shown.length === 3) more = true;
    if (!more && host) shown.push(host);
  }
  if (shown.length === 0) return '*';
  return more ? `${shown.join(',')} + ${rules.length - 3} more...` : shown.join(',');
}

export const ingresses: ResourceRegistration<Ingress> = {
  resource: { group: 'networking.k8s.io', resource: 'ingresses' },
  storagePrefix: 'ingress',
  strategy: {
    default(ingress) {
      // An empty list is shown to those who have no backend at all.
      if (ingress.spec?.defaultBackend && ingress.spec.rules?.length === 0) delete ingress.spec.rules;
    },
    prepareForCreate(ingress) {
      ingress.status = { loadBalancer: {} };
    },
    prepareForUpdate(ingress, old) {
      ingress.status = structuredClone(old.status ?? { loadBalancer: {} });
    },
    validate(ingress) {
      const errors = validateIngress(ingress);
      const annotation = ingress.metadata?.annotations?.[CLASS_ANNOTATION];
      const className = ingress.spec?.ingressClassName;
      if (annotation !== undefined && className != null && annotation !== className) {
        const at = path('annotations', CLASS_ANNOTATION);
        errors.push(invalidValue(at, annotation, 'must match `ingressClassName` when both are specified'));
      }
      return errors;
    },
    validateUpdate: validateIngress,
    validateStatusUpdate(ingress, old) {
      const existing = (old.status?.loadBalancer?.ingress ?? []).map(({ ip }) => ip ?? '');
      return (ingress.status?.loadBalancer?.ingress ?? []).flatMap(({ ip, hostname }, index) => {
        const at = path('status', 'loadBalancer', 'ingress').index(index);
        return [
          ...(ip ? validateAddress(ip, at.child('ip'), existing) : []),
          ...(hostname ? checked(at.child('hostname'), hostname, dns1123Subdomain(hostname)) : []),
        ];
      });
    },
    warningsOnCreate(ingress) {
      const annotated = ingress.metadata?.annotations?.[CLASS_ANNOTATION] !== undefined;
      if (!annotated || ingress.spec?.ingressClassName != null) return [];
      return [
        `annotation ${JSON.stringify(CLASS_ANNOTATION)} is deprecated, please use 'spec.ingressClassName' instead`,
      ];
    },
  },
  table: {
    columns: [nameColumn, text('Class'), text('Hosts'), text('Address'), text('Ports'), ageColumn],
    cells: (ingress, now) => [
      ingress.metadata?.name ?? '',
      ingress.spec?.ingressClassName ?? '<none>',
      hostsText(ingress),
      loadBalancerText(ingress.status?.loadBalancer?.ingress),
      (ingress.spec?.tls ?? []).length > 0 ? '80, 443' : '80',
      age(ingress, now),
    ],
  },
};
