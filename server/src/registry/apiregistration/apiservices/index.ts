import { formatTime, quote } from '@typernetes/openapi/meta';
import type { APIService } from '@typernetes/openapi/types/apiregistration/v1';
import type { ResourceRegistration } from '../../generic/strategy.ts';
import { age, ageColumn, nameColumn, text } from '../../printing/index.ts';
import type { FieldError } from '../../validation/index.ts';
import {
  checked,
  dns1035Label,
  dns1123Subdomain,
  invalidValue,
  notSupported,
  path,
  pathSegmentName,
  portNumber,
  required,
} from '../../validation/index.ts';

const spec = path('spec');

function validateService(object: APIService): FieldError[] {
  const {
    group = '',
    version = '',
    groupPriorityMinimum = 0,
    versionPriority = 0,
    service,
    insecureSkipTLSVerify,
    caBundle,
  } = object.spec ?? {};
  const errors: FieldError[] = [];
  // The legacy group is the API server's own.
  if (group === '' && version !== 'v1')
    errors.push(required(spec.child('group'), 'only v1 may have an empty group and it better be legacy kube'));
  if (group !== '') errors.push(...checked(spec.child('group'), group, dns1123Subdomain(group)));
  errors.push(...checked(spec.child('version'), version, dns1035Label(version)));
  if (groupPriorityMinimum <= 0 || groupPriorityMinimum > 20000) {
    errors.push(
      invalidValue(spec.child('groupPriorityMinimum'), groupPriorityMinimum, 'must be positive and less than 20000'),
    );
  }
  if (versionPriority <= 0 || versionPriority > 1000) {
    errors.push(invalidValue(spec.child('versionPriority'), versionPriority, 'must be positive and less than 1000'));
  }
  if (!service) {
    if (caBundle)
      errors.push(
        invalidValue(
          spec.child('caBundle'),
          `${Buffer.from(caBundle, 'base64').length} bytes`,
          'local APIServices may not have a caBundle',
        ),
      );
    if (insecureSkipTLSVerify) {
      errors.push(
        invalidValue(spec.child('insecureSkipTLSVerify'), true, 'local APIServices may not have insecureSkipTLSVerify'),
      );
    }
    return errors;
  }
  for (const field of ['namespace', 'name'] as const)
    if (!service[field]) errors.push(required(spec.child('service', field), ''));
  for (const error of portNumber(service.port ?? 0))
    errors.push(invalidValue(spec.child('service', 'port'), service.port ?? 0, `port is not valid: ${error}`));
  if (insecureSkipTLSVerify && caBundle) {
    errors.push(invalidValue(spec.child('insecureSkipTLSVerify'), true, 'may not be true if caBundle is present'));
  }
  return errors;
}

function validateStatus(object: APIService): FieldError[] {
  const states = ['True', 'False', 'Unknown'];
  return (object.status?.conditions ?? []).flatMap(({ status }, index) =>
    states.includes(status)
      ? []
      : [notSupported(path('status', 'conditions').index(index).child('status'), status, states)],
  );
}

function availableText(object: APIService): string {
  const condition = (object.status?.conditions ?? []).find(({ type }) => type === 'Available');
  if (!condition) return 'Unknown';
  return condition.status === 'True' ? 'True' : `${condition.status} (${condition.reason ?? ''})`;
}

export const apiservices: ResourceRegistration<APIService> = {
  resource: { group: 'apiregistration.k8s.io', resource: 'apiservices' },
  storagePrefix: 'apiregistration.k8s.io/apiservices',
  strategy: {
    allowUnconditionalUpdate: false,
    hasGeneration: false,
    default(object) {
      if (object.spec?.service) object.spec.service.port ??= 443;
    },
    prepareForCreate(object, { now }) {
      const time = formatTime(now);
      // What this server serves itself is available by being asked.
      const local = {
        type: 'Available',
        status: 'True',
        reason: 'Local',
        message: 'Local APIServices are always available',
      };
      object.status = object.spec?.service ? {} : { conditions: [{ ...local, lastTransitionTime: time }] };
    },
    prepareForStatusUpdate(object, old) {
      const before = structuredClone(old.metadata ?? {});
      const metadata = (object.metadata ??= {});
      for (const name of ['labels', 'annotations', 'finalizers', 'ownerReferences'] as const) {
        delete metadata[name];
        if (before[name] !== undefined) Object.assign(metadata, { [name]: before[name] });
      }
      if (old.spec === undefined) delete object.spec;
      else object.spec = structuredClone(old.spec);
    },
    prepareForUpdate(object, old) {
      object.status = structuredClone(old.status ?? {});
    },
    validate: validateService,
    validateUpdate: validateService,
    validateStatusUpdate: validateStatus,
    validateName(name, _prefix, { spec: given }) {
      const problems = pathSegmentName(name);
      const wanted = `${given?.version ?? ''}.${given?.group ?? ''}`;
      if (problems.length > 0 || name === wanted) return problems;
      return [`must be \`spec.version+"."+spec.group\`: ${quote(wanted)}`];
    },
  },
  table: {
    columns: [nameColumn, text('Service'), text('Available'), ageColumn],
    cells: (object, now) => [
      object.metadata?.name ?? '',
      object.spec?.service ? `${object.spec.service.namespace ?? ''}/${object.spec.service.name ?? ''}` : 'Local',
      availableText(object),
      age(object, now),
    ],
  },
};
