/** What is known of one audited request, and its events at each stage. */
import {
  type BodyPart,
  decodeYaml,
  joinParts,
  parseJson,
  protobufMediaType,
  protobufSerializer,
  yamlSerializer,
} from '@typernetes/openapi/codec';
import type { Status } from '@typernetes/openapi/meta';
import type { UserInfo } from '../authentication/authenticator.ts';
import type { RequestContext } from '../endpoints/request-context.ts';
import type { AuditBackend } from './backend.ts';
import type { AuditEvent, ObjectReference } from './event.ts';
import { type AuditDecision, atLeast, type Stage } from './policy.ts';
import { sourceIps } from './source-ips.ts';

const maxUserAgentLength = 1024;

interface WithMetadata {
  metadata?: { name?: string; namespace?: string; uid?: string; resourceVersion?: string; managedFields?: unknown };
}

export class AuditRecord {
  readonly decision: AuditDecision;
  readonly #context: RequestContext;
  readonly #backend: AuditBackend;
  readonly #user: UserInfo;
  readonly #reference: ObjectReference | undefined;
  /** Of the request when it came: a connection that has been closed since says no more whose it was. */
  readonly #sourceIps: string[];
  #status: Record<string, unknown> | undefined;
  #requestObject: string | undefined;
  #responseObject: string | undefined;
  #started = false;

  constructor(context: RequestContext, decision: AuditDecision, backend: AuditBackend) {
    this.#context = context;
    this.decision = decision;
    this.#backend = backend;
    this.#user = context.user;
    this.#sourceIps = sourceIps(context.request);
    const { info } = context;
    if (!info.isResourceRequest) return;
    const { resource, namespace, name, apiGroup, apiVersion, subresource } = info;
    this.#reference = { resource, namespace, name, apiGroup, apiVersion, subresource };
  }

  /** The object that a create or update sends, or the options of a delete. */
  requestObject(object: object): void {
    const { metadata = {} } = object as WithMetadata;
    const reference = this.#reference;
    if (reference !== undefined) {
      for (const field of ['namespace', 'name', 'uid', 'resourceVersion'] as const) {
        if ((reference[field] ?? '') === '' && metadata[field] !== undefined) reference[field] = metadata[field];
      }
    }
    if (atLeast(this.decision.level, 'Request')) this.#requestObject = this.#encode(object);
  }

  deleteOptions(options: object): void {
    this.requestObject({ kind: 'DeleteOptions', ...options, apiVersion: 'meta.k8s.io/__internal' });
  }

  /** A patch as it came. */
  async requestPatch(body: Buffer): Promise<void> {
    if (!atLeast(this.decision.level, 'Request')) return;
    try {
      this.#requestObject = JSON.stringify(JSON.parse(body.toString('utf8')));
    } catch {
      this.#requestObject = await patchOfYaml(body);
    }
  }

  /** A Status that is answered. */
  responseStatus({ status, message, reason, details, code }: Status): void {
    this.#status = {
      ...(status === undefined ? {} : { status }),
      ...(message === undefined || message === '' ? {} : { message }),
      ...(reason === undefined ? {} : { reason }),
      ...(details === undefined ? {} : { details }),
      ...(code === undefined ? {} : { code }),
    };
  }

  /** The body of an answer, in whatever form it is sent. */
  response(contentType: string, parts: readonly BodyPart[]): void {
    const { info } = this.#context;
    const isApi = info.isResourceRequest || /^\/apis?(\/|$)/.test(info.path);
    if (!isApi || !atLeast(this.decision.level, 'RequestResponse')) return;
    const object = decode(contentType, joinParts(parts));
    if (object !== undefined) this.#responseObject = this.#encode(object);
  }

  #encode(object: object): string {
    return JSON.stringify(this.decision.omitManagedFields ? withoutManagedFields(object) : object);
  }

  /** False where the event had to be kept and could not. Each stage but the first carries what is known by then. */
  stage(stage: Stage, at = new Date()): Promise<boolean> {
    if (this.decision.omitStages.has(stage)) return Promise.resolve(true);
    return this.#backend.process([this.#event(stage, at)]);
  }

  /** Authentication failed: all there is to record. */
  refused(status: Status): void {
    this.responseStatus(status);
    if (atLeast(this.decision.level, 'RequestResponse')) this.#responseObject = JSON.stringify(status);
    this.responseStarted(status.code ?? 401);
  }

  /** The head of the answer is out: long-running requests say so. */
  responseStarted(code: number): void {
    if (this.#started) return;
    this.#started = true;
    this.#status = { ...this.#status, code };
    void this.stage('ResponseStarted');
  }

  async complete(): Promise<void> {
    const { outcome, response, longRunning } = this.#context;
    const code = outcome.code === 0 && response.headersSent ? response.statusCode : outcome.code;
    if (code === 0 && !this.#started) {
      this.#status = { status: 'Success', message: 'Connection closed early', code: 200 };
      if (longRunning) await this.stage('ResponseStarted');
    } else if (!this.#started) this.#status = { ...this.#status, code };
    await this.stage('ResponseComplete');
  }

  async panicked(error: unknown): Promise<void> {
    const message = `APIServer panic'd: ${error instanceof Error ? error.message : String(error)}`;
    this.#status = { status: 'Failure', message, reason: 'InternalError', code: 500 };
    await this.stage('Panic');
  }

  #event(stage: Stage, at: Date): AuditEvent {
    const context = this.#context;
    const { request } = context;
    const agent = request.headers['user-agent'] ?? '';
    const receivedAt = new Date(performance.timeOrigin + context.receivedAt);
    return {
      level: this.decision.level,
      auditId: context.auditId,
      stage,
      requestUri: context.rawUrl,
      verb: context.info.verb,
      user: this.#user,
      impersonationConstraint: context.impersonation?.constraint,
      impersonatedUser: context.user === this.#user ? undefined : context.user,
      sourceIps: this.#sourceIps,
      userAgent: agent.length > maxUserAgentLength ? `${agent.slice(0, maxUserAgentLength)}...TRUNCATED` : agent,
      objectRef: this.#reference === undefined ? undefined : { ...this.#reference },
      responseStatus: this.#status,
      requestObject: this.#requestObject,
      responseObject: this.#responseObject,
      receivedAt,
      stageAt: stage === 'RequestReceived' ? receivedAt : at,
      annotations: {
        ...Object.fromEntries(context.auditAnnotations),
        ...(atLeast(this.decision.level, 'Request') ? Object.fromEntries(context.requestAuditAnnotations) : {}),
      },
    };
  }
}

function decode(contentType: string, body: Buffer): object | undefined {
  const mediaType = contentType.split(';', 1)[0];
  if (mediaType === 'application/json') return parseJson(body).value as object;
  if (mediaType === 'application/yaml') return yamlSerializer.decode(body, { strict: false }).object;
  return mediaType === protobufMediaType ? protobufSerializer.decode(body, { strict: false }).object : undefined;
}

/** As JSON; undefined for what is no YAML either, which will be refused. */
async function patchOfYaml(body: Buffer): Promise<string | undefined> {
  try {
    return JSON.stringify((await decodeYaml(body)).object);
  } catch {
    return undefined;
  }
}

/** Of an object, of each item of a list, and of each row of a table. */
function withoutManagedFields(object: object): object {
  const { items, rows } = object as { items?: object[]; rows?: { object?: object }[] };
  const { metadata, ...rest } = object as WithMetadata;
  const { managedFields: _, ...kept } = metadata ?? {};
  return {
    ...rest,
    ...(metadata === undefined ? {} : { metadata: kept }),
    ...(Array.isArray(items) ? { items: items.map(withoutManagedFields) } : {}),
    ...(Array.isArray(rows)
      ? { rows: rows.map((row) => (row.object ? { ...row, object: withoutManagedFields(row.object) } : row)) }
      : {}),
  };
}
