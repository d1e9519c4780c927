import type { Event } from '@typernetes/openapi/types/core/v1';
import type { RegistryDependencies } from '../../dependencies.ts';
import type { ResourceRegistration } from '../../generic/strategy.ts';
import { named, since, text } from '../../printing/index.ts';
import type { FieldError } from '../../validation/index.ts';
import { checked, invalidValue, path, qualifiedName, required } from '../../validation/index.ts';

/** Events of both API groups are one; these rules hold for what core/v1 wrote and for what events.k8s.io wrote. */
function validateEvent(event: Event): FieldError[] {
  const namespace = event.metadata?.namespace ?? '';
  const involved = event.involvedObject?.namespace ?? '';
  const at = path('involvedObject', 'namespace');
  const mismatch = [invalidValue(at, involved, 'does not match event.namespace')];
  if (!event.eventTime) {
    if (involved === '') return namespace === '' || namespace === 'default' ? [] : mismatch;
    return namespace === involved ? [] : mismatch;
  }
  const errors = involved === '' && namespace !== 'default' && namespace !== 'kube-system' ? mismatch : [];
  const reporter = event.reportingComponent ?? '';
  if (reporter === '') errors.push(required(path('reportingComponent'), ''));
  errors.push(...checked(path('reportingComponent'), reporter, qualifiedName(reporter)));
  for (const [field, limit] of [
    ['reportingInstance', 128],
    ['action', 128],
    ['reason', 128],
  ] as const) {
    const value = event[field] ?? '';
    if (value === '') errors.push(required(path(field), ''));
    if (value.length > limit) errors.push(invalidValue(path(field), '', `can have at most ${limit} characters`));
  }
  if ((event.message ?? '').length > 1024)
    errors.push(invalidValue(path('message'), '', 'can have at most 1024 characters'));
  return errors;
}

function sourceText(event: Event): string {
  const component = event.source?.component || event.reportingComponent || '';
  const instance = event.source?.host || event.reportingInstance || '';
  return instance === '' ? component : `${component}, ${instance}`;
}

function objectText(event: Event): string {
  const { kind = '', name } = event.involvedObject ?? {};
  return name ? `${kind.toLowerCase()}/${name}` : kind.toLowerCase();
}

export function events(dependencies: RegistryDependencies): ResourceRegistration<Event> {
  return {
    resource: { group: '', resource: 'events' },
    ttlSeconds: () => dependencies.eventTtlSeconds,
    strategy: {
      allowCreateOnUpdate: true,
      hasGeneration: false,
      validate: validateEvent,
      validateUpdate: validateEvent,
    },
    deleteStrategy: { defaultGarbageCollection: 'Unsupported' },
    selectableFields: {
      'involvedObject.kind': (event) => event.involvedObject?.kind ?? '',
      'involvedObject.namespace': (event) => event.involvedObject?.namespace ?? '',
      'involvedObject.name': (event) => event.involvedObject?.name ?? '',
      'involvedObject.uid': (event) => event.involvedObject?.uid ?? '',
      'involvedObject.apiVersion': (event) => event.involvedObject?.apiVersion ?? '',
      'involvedObject.resourceVersion': (event) => event.involvedObject?.resourceVersion ?? '',
      'involvedObject.fieldPath': (event) => event.involvedObject?.fieldPath ?? '',
      reason: (event) => event.reason ?? '',
      reportingComponent: (event) => event.reportingComponent ?? '',
      source: (event) => event.source?.component || (event.reportingComponent ?? ''),
      type: (event) => event.type ?? '',
    },
    table: {
      columns: [
        text('Last Seen'),
        text('Type'),
        text('Reason'),
        text('Object'),
        text('Subobject', 1),
        text('Source', 1),
        text('Message'),
        text('First Seen', 1),
        text('Count', 1),
        named('Name', 1),
      ],
      cells(event, now) {
        const first = since(event.firstTimestamp || event.eventTime, now);
        const last = event.series
          ? since(event.series.lastObservedTime, now)
          : event.lastTimestamp
            ? since(event.lastTimestamp, now)
            : first;
        return [
          last,
          event.type ?? '',
          event.reason ?? '',
          objectText(event),
          event.involvedObject?.fieldPath ?? '',
          sourceText(event),
          (event.message ?? '').trim(),
          first,
          event.series ? (event.series.count ?? 0) : event.count || 1,
          event.metadata?.name ?? '',
        ];
      },
    },
  };
}
