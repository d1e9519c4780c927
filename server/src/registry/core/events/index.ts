import type { Event } from '@typernetes/openapi/types/core/v1';
import type { RegistryDependencies } from '../../dependencies.ts';
import type { ResourceRegistration } from '../../generic/strategy.ts';
import { named, since, text } from '../../printing/index.ts';
import { validateChangedEvent, validateEvent, validateNewEvent } from './validate.ts';

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
      validate: (event) => validateEvent(event),
      validateUpdate: (event) => validateEvent(event),
    },
    strategyIn: { 'events.k8s.io/v1': { validate: validateNewEvent, validateUpdate: validateChangedEvent } },
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
