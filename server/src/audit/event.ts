/** One audit event as it is written: audit.k8s.io/v1 Event, fields in upstream's order. */
import { formatMicroTime } from '@typernetes/openapi/meta';
import type { UserInfo } from '../authentication/authenticator.ts';
import type { Level, Stage } from './policy.ts';

export interface ObjectReference {
  resource?: string;
  namespace?: string;
  name?: string;
  uid?: string;
  apiGroup?: string;
  apiVersion?: string;
  resourceVersion?: string;
  subresource?: string;
}

export interface AuditEvent {
  level: Level;
  auditId: string;
  stage: Stage;
  requestUri: string;
  verb: string;
  user: UserInfo;
  impersonatedUser: UserInfo | undefined;
  /** By which right somebody else was impersonated. */
  impersonationConstraint: string | undefined;
  sourceIps: string[];
  userAgent: string;
  objectRef: ObjectReference | undefined;
  responseStatus: Record<string, unknown> | undefined;
  /** JSON, made when it was seen: what is recorded must not change any more. */
  requestObject: string | undefined;
  responseObject: string | undefined;
  receivedAt: Date;
  stageAt: Date;
  annotations: Readonly<Record<string, string>>;
}

/** Without what is empty, as Go's omitempty. */
function filled(object: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined && value !== ''));
}

function userOf({ name, uid = '', groups, extra = {} }: UserInfo): Record<string, unknown> {
  return filled({
    username: name,
    uid,
    groups: groups.length === 0 ? undefined : groups,
    extra: Object.keys(extra).length === 0 ? undefined : extra,
  });
}

const referenceOrder = [
  'resource',
  'namespace',
  'name',
  'uid',
  'apiGroup',
  'apiVersion',
  'resourceVersion',
  'subresource',
] as const;

function referenceOf(reference: ObjectReference): Record<string, unknown> {
  return filled(Object.fromEntries(referenceOrder.map((field) => [field, reference[field]])));
}

export function encodeEvent(event: AuditEvent): string {
  const annotations = Object.entries(event.annotations).sort(([a], [b]) => (a < b ? -1 : 1));
  const head = {
    kind: 'Event',
    apiVersion: 'audit.k8s.io/v1',
    ...encodeMetadata(event),
    responseStatus: event.responseStatus === undefined ? undefined : { metadata: {}, ...event.responseStatus },
  };
  const tail = {
    requestReceivedTimestamp: formatMicroTime(event.receivedAt),
    stageTimestamp: formatMicroTime(event.stageAt),
    annotations: annotations.length === 0 ? undefined : Object.fromEntries(annotations),
  };
  const bodies =
    (event.requestObject === undefined ? '' : `,"requestObject":${event.requestObject}`) +
    (event.responseObject === undefined ? '' : `,"responseObject":${event.responseObject}`);
  return `${JSON.stringify(head).slice(0, -1)}${bodies},${JSON.stringify(tail).slice(1)}`;
}

function encodeMetadata(event: AuditEvent): Record<string, unknown> {
  const { impersonatedUser, impersonationConstraint, objectRef, sourceIps, userAgent } = event;
  return {
    level: event.level,
    auditID: event.auditId,
    stage: event.stage,
    requestURI: event.requestUri,
    verb: event.verb,
    user: userOf(event.user),
    impersonatedUser: impersonatedUser === undefined ? undefined : userOf(impersonatedUser),
    authenticationMetadata: impersonationConstraint === undefined ? undefined : { impersonationConstraint },
    sourceIPs: sourceIps.length === 0 ? undefined : sourceIps,
    userAgent: userAgent === '' ? undefined : userAgent,
    objectRef: objectRef === undefined ? undefined : referenceOf(objectRef),
  };
}

export function encodeEventList(events: readonly string[]): string {
  return `{"kind":"EventList","apiVersion":"audit.k8s.io/v1","metadata":{},"items":[${events.join(',')}]}`;
}

/** The one-line text of --audit-log-format=legacy. */
export function legacyLine(event: AuditEvent): string {
  const quote = (text: string): string => JSON.stringify(text);
  const quoteAll = (texts: readonly string[]): string => quote(texts.map(quote).join(','));
  const { user, impersonatedUser, responseStatus } = event;
  const name = user.name === '' ? '<none>' : user.name;
  const groups = user.name === '' || user.groups.length === 0 ? quote('<none>') : quoteAll(user.groups);
  const as = impersonatedUser === undefined ? '<self>' : impersonatedUser.name;
  const asGroups = impersonatedUser === undefined ? quote('<lookup>') : quoteAll(impersonatedUser.groups);
  const fields = [
    `id=${quote(event.auditId)}`,
    `stage=${quote(event.stage)}`,
    `ip=${quote(event.sourceIps[0] ?? '<unknown>')}`,
    `method=${quote(event.verb)}`,
    `user=${quote(name)}`,
    `groups=${groups}`,
    `as=${quote(as)}`,
    `asgroups=${asGroups}`,
    `user-agent=${quote(event.userAgent)}`,
    `namespace=${quote(event.objectRef?.namespace ?? '<none>')}`,
    `uri=${quote(event.requestUri)}`,
    `response="${responseStatus === undefined ? '<deferred>' : JSON.stringify(responseStatus['code'] ?? 0)}"`,
  ];
  return `${event.receivedAt.toISOString()} AUDIT: ${fields.join(' ')}`;
}
