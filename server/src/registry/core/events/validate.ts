/**
 * Events of both API groups are one; what core/v1 writes is held to the old rules, what events.k8s.io writes to these
 * and stricter ones. Fields are told by their core names, but for the reporting controller.
 */
import { validateObjectMeta, validateObjectMetaUpdate } from '@typernetes/openapi/meta';
import type { Event } from '@typernetes/openapi/types/core/v1';
import { validateKubeFinalizers } from '../../generic/before-create.ts';
import {
  checked,
  type FieldError,
  immutable,
  invalidValue,
  path,
  qualifiedName,
  required,
  semanticEqual,
} from '../../validation/index.ts';

export function validateEvent(event: Event, reporterField = 'reportingComponent'): FieldError[] {
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
  if (reporter === '') errors.push(required(path(reporterField), ''));
  errors.push(...checked(path(reporterField), reporter, qualifiedName(reporter)));
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

export function validateNewEvent(event: Event): FieldError[] {
  const metadata = event.metadata ?? {};
  const { firstTimestamp, lastTimestamp, count, source } = event;
  const deprecated = { firstTimestamp, lastTimestamp, count, source: source?.component || source?.host };
  return [
    ...validateEvent(event, 'reportingController'),
    ...validateObjectMeta(metadata, { namespaced: true }),
    ...validateKubeFinalizers({ metadataChecks: 'core' }, metadata),
    ...validateSeries(event),
    ...(event.eventTime ? [] : [required(path('eventTime'), '')]),
    ...(['Normal', 'Warning'].includes(event.type ?? '')
      ? []
      : [invalidValue(path('type'), '', `has invalid value: ${event.type ?? ''}`)]),
    ...Object.entries(deprecated)
      .filter(([, value]) => Boolean(value))
      .map(([field]) => invalidValue(path(field), '', 'needs to be unset')),
  ];
}

function validateSeries({ series }: Event): FieldError[] {
  if (series == null) return [];
  return [
    ...((series.count ?? 0) < 2 ? [invalidValue(path('series.count'), '', 'should be at least 2')] : []),
    ...(series.lastObservedTime ? [] : [required(path('series.lastObservedTime'), '')]),
  ];
}

/** The reason is looked at twice, as upstream does. */
const fixed = [
  'involvedObject',
  'reason',
  'message',
  'source',
  'firstTimestamp',
  'lastTimestamp',
  'count',
  'reason',
  'type',
  'eventTime',
  'action',
  'related',
  'reportingComponent',
  'reportingInstance',
] as const;

const texts: ReadonlySet<string> = new Set([
  'reason',
  'message',
  'type',
  'action',
  'reportingComponent',
  'reportingInstance',
]);

/** As Go sees the field: a text is never absent. */
const shown = (event: Readonly<Event>, field: (typeof fixed)[number]): unknown =>
  event[field] ?? (texts.has(field) ? '' : undefined);

/** Only the series goes on. */
export function validateChangedEvent(event: Event, old: Readonly<Event>): FieldError[] {
  return [
    ...validateEvent(event, 'reportingController'),
    ...validateObjectMetaUpdate(event.metadata ?? {}, old.metadata ?? {}),
    ...validateKubeFinalizers({ metadataChecks: 'core' }, event.metadata ?? {}),
    ...(semanticEqual(event.series ?? null, old.series ?? null) ? [] : validateSeries(event)),
    ...fixed.flatMap((field) =>
      immutable(
        path(field === 'reportingComponent' ? 'reportingController' : field),
        shown(event, field),
        shown(old, field),
      ),
    ),
  ];
}
