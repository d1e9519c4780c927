/** The bytes of watch events. A change is encoded once per media type and shared by all its watchers. */

import {
  cborMediaType,
  cborSerializer,
  joinParts,
  jsonSerializer,
  parseJson,
  protobufMediaType,
  protobufSerializer,
  type Serializer,
  type WatchEventType,
} from '@typernetes/openapi/codec';
import type { WatchEvent } from '../../registry/generic/watch.ts';
import type { OutputFormat } from '../negotiation.ts';
import { encodeObject, presentWatched } from '../present.ts';
import type { ResourceEndpoint } from '../resource-endpoint.ts';
import type { IncludeObject } from '../table.ts';
import { SharedEncodings } from './shared-encodings.ts';

const encodings = new SharedEncodings({ events: 512, bytes: 8 * 1024 * 1024 });

/** What decides the bytes of an event besides the event. */
type FrameKeys = Record<WatchEvent['type'], string>;

/** The same texts for all watchers of a form: to find one that is the same takes no comparing. */
const keysByEndpoint = new WeakMap<ResourceEndpoint, Map<string, FrameKeys>>();

function frameKeys(endpoint: ResourceEndpoint, form: string): FrameKeys {
  let forms = keysByEndpoint.get(endpoint);
  if (forms === undefined) keysByEndpoint.set(endpoint, (forms = new Map()));
  let keys = forms.get(form);
  if (keys === undefined) {
    const key = (type: string) => `${type} ${endpoint.apiVersion} ${form}`;
    forms.set(form, (keys = { ADDED: key('ADDED'), MODIFIED: key('MODIFIED'), DELETED: key('DELETED') }));
  }
  return keys;
}

export class WatchFrames {
  readonly #endpoint: ResourceEndpoint;
  readonly #format: OutputFormat;
  readonly #include: IncludeObject;
  readonly #serializer: Serializer;
  readonly #keys: FrameKeys;
  readonly #now: () => Date;
  /** A Table's columns go out with the first event only. */
  #columnsSent = false;

  constructor(endpoint: ResourceEndpoint, format: OutputFormat, include: IncludeObject, now: () => Date) {
    this.#endpoint = endpoint;
    this.#format = format;
    this.#include = include;
    const { mediaType } = format;
    this.#serializer =
      mediaType === protobufMediaType
        ? protobufSerializer
        : mediaType === cborMediaType
          ? cborSerializer
          : jsonSerializer;
    this.#keys = frameKeys(
      endpoint,
      `${format.mediaType} ${format.convert?.kind ?? ''} ${format.convert?.apiVersion ?? ''} ${include}`,
    );
    this.#now = now;
  }

  encode(event: WatchEvent): Buffer {
    const isTable = this.#format.convert?.kind === 'Table';
    const withColumns = isTable && !this.#columnsSent;
    this.#columnsSent = true;
    const make = (): Buffer =>
      this.#framed(
        event.type,
        joinParts(
          presentWatched(
            event.entry,
            event.revision,
            this.#endpoint,
            this.#format,
            this.#include,
            this.#now(),
            withColumns,
          ),
        ),
      );
    if (event.source === undefined || withColumns) return make();
    return encodings.get(event.source, this.#keys[event.type], make);
  }

  bookmark(revision: number, initialEventsEnd: boolean): Buffer {
    const metadata = {
      resourceVersion: String(revision),
      ...(initialEventsEnd ? { annotations: { 'k8s.io/initial-events-end': 'true' } } : {}),
    };
    const { convert } = this.#format;
    if (convert?.kind === 'Table') {
      const object = { kind: 'PartialObjectMetadata', apiVersion: convert.apiVersion, metadata };
      const rows = initialEventsEnd ? [{ cells: this.#endpoint.table.columns.map(() => ''), object }] : [];
      return this.#frame('BOOKMARK', {
        kind: 'Table',
        apiVersion: convert.apiVersion,
        metadata: { resourceVersion: String(revision) },
        columnDefinitions: null,
        rows,
      });
    }
    const kind =
      convert === undefined
        ? { kind: this.#endpoint.kind, apiVersion: this.#endpoint.apiVersion }
        : { kind: 'PartialObjectMetadata', apiVersion: convert.apiVersion };
    return this.#frame('BOOKMARK', { ...kind, metadata });
  }

  error(status: unknown): Buffer {
    return this.#frame('ERROR', status);
  }

  #frame(type: WatchEventType, object: unknown): Buffer {
    return this.#framed(type, encodeObject(object, this.#format.mediaType));
  }

  /** What is presented is protobuf or JSON; CBOR is made of the latter. */
  #framed(type: WatchEventType, presented: Buffer): Buffer {
    const isCbor = this.#format.mediaType === cborMediaType;
    const object = isCbor ? cborSerializer.encode(parseJson(presented).value) : presented;
    return this.#serializer.streamFrame(type, object);
  }
}
