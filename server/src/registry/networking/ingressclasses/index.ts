import type { IngressClass } from '@typernetes/openapi/types/networking/v1';
import type { ResourceRegistration } from '../../generic/strategy.ts';
import { age, ageColumn, nameColumn, text } from '../../printing/index.ts';
import type { FieldError } from '../../validation/index.ts';
import {
  checked,
  dns1123Label,
  dns1123Subdomain,
  domainPrefixedPath,
  forbiddenField,
  immutable,
  notSupported,
  path,
  pathSegmentName,
  required,
  tooLong,
} from '../../validation/index.ts';

const spec = path('spec');

function validateClass(object: IngressClass): FieldError[] {
  const { controller, parameters } = object.spec ?? {};
  const errors: FieldError[] = [];
  if ((controller ?? '').length > 250) errors.push(tooLong(spec.child('controller'), '', 250));
  errors.push(...domainPrefixedPath(controller, spec.child('controller')));
  if (!parameters) return errors;
  const at = spec.child('parameters');
  if (parameters.apiGroup != null)
    errors.push(...checked(at.child('apiGroup'), parameters.apiGroup, dns1123Subdomain(parameters.apiGroup)));
  for (const field of ['kind', 'name'] as const) {
    const value = parameters[field];
    if (!value) errors.push(required(at.child(field), ''));
    else errors.push(...checked(at.child(field), value, pathSegmentName(value)));
  }
  const { scope, namespace } = parameters;
  if (scope == null) errors.push(required(at.child('scope'), ''));
  else if (!['Cluster', 'Namespace'].includes(scope))
    errors.push(notSupported(at.child('scope'), scope, ['Cluster', 'Namespace']));
  else if (scope === 'Namespace') {
    if (namespace == null) errors.push(required(at.child('namespace'), "`parameters.scope` is set to 'Namespace'"));
    else errors.push(...checked(at.child('namespace'), namespace, dns1123Label(namespace)));
  } else if (namespace != null)
    errors.push(forbiddenField(at.child('namespace'), "`parameters.scope` is set to 'Cluster'"));
  return errors;
}

function parametersText(object: IngressClass): string {
  const parameters = object.spec?.parameters;
  if (!parameters) return '<none>';
  const group = parameters.apiGroup == null ? '' : `.${parameters.apiGroup}`;
  return `${parameters.kind}${group}/${parameters.name}`;
}

export const ingressclasses: ResourceRegistration<IngressClass> = {
  resource: { group: 'networking.k8s.io', resource: 'ingressclasses' },
  strategy: {
    default(object) {
      if (object.spec?.parameters) object.spec.parameters.scope ??= 'Cluster';
    },
    validate: validateClass,
    validateUpdate: (object, old) => [
      ...immutable(spec.child('controller'), object.spec?.controller ?? '', old.spec?.controller ?? ''),
      ...validateClass(object),
    ],
  },
  table: {
    columns: [nameColumn, text('Controller'), text('Parameters'), ageColumn],
    cells(object, now) {
      const isDefault = object.metadata?.annotations?.['ingressclass.kubernetes.io/is-default-class'] === 'true';
      const name = object.metadata?.name ?? '';
      return [
        isDefault ? `${name} (default)` : name,
        object.spec?.controller ?? '',
        parametersText(object),
        age(object, now),
      ];
    },
  },
};
