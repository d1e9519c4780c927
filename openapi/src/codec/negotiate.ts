/** The Accept header against what a server can send (upstream: negotiation.NegotiateMediaTypeOptions). */
import type { GroupVersionKind } from '../meta/object.ts';

export interface NegotiatedMediaType {
  /** One of those available. */
  mediaType: string;
  /** `as=Table;g=meta.k8s.io;v=v1`: answer in another kind. */
  as: GroupVersionKind | undefined;
  /** `stream=watch`. */
  stream: string | undefined;
  /** `profile=nopeer` and others of discovery. */
  profile: string | undefined;
  pretty: boolean;
  /** All parameters but q, as given. */
  parameters: Readonly<Record<string, string>>;
}

interface Clause {
  type: string;
  subtype: string;
  quality: number;
  parameters: Record<string, string>;
}

/**
 * The first choice of the client that the server has; among equals the client's order, then the server's. `allows`
 * says whether the endpoint can answer so (upstream: EndpointRestrictions); the next choice is tried where it cannot.
 * No header means the first available. Undefined: 406.
 */
export function negotiate(
  accept: string | undefined,
  available: readonly string[],
  allows: (candidate: NegotiatedMediaType) => boolean = () => true,
): NegotiatedMediaType | undefined {
  if (accept === undefined || accept.trim() === '') {
    const [first] = available;
    return first === undefined ? undefined : candidate(first, {});
  }
  for (const clause of parseAccept(accept)) {
    for (const mediaType of available) {
      const [type, subtype] = mediaType.split('/');
      if (clause.type !== '*' && clause.type !== type) continue;
      if (clause.subtype !== '*' && clause.subtype !== subtype) continue;
      const choice = candidate(mediaType, clause.parameters);
      if (allows(choice)) return choice;
    }
  }
  return undefined;
}

function candidate(mediaType: string, parameters: Record<string, string>): NegotiatedMediaType {
  const { as, g, v, stream, profile, pretty } = parameters;
  const converts = as !== undefined || g !== undefined || v !== undefined;
  return {
    mediaType,
    as: converts ? { group: g ?? '', version: v ?? '', kind: as ?? '' } : undefined,
    stream: stream === '' ? undefined : stream,
    profile,
    pretty: pretty === '1',
    parameters,
  };
}

/** Best quality first, more specific first among equals; refusals (q=0) are left out. */
function parseAccept(header: string): Clause[] {
  const clauses: Clause[] = [];
  for (const part of split(header, ',')) {
    const [range = '', ...parameterTexts] = split(part, ';');
    const parts = range.toLowerCase().split('/');
    const [type = ''] = parts;
    if (type === '' || parts.length > 2 || (parts.length === 1 && type !== '*')) continue;
    const clause: Clause = { type, subtype: parts[1] ?? '*', quality: 1, parameters: {} };
    for (const text of parameterTexts) {
      const equals = text.indexOf('=');
      if (equals < 0) continue;
      const name = text.slice(0, equals).trim().toLowerCase();
      const value = unquote(text.slice(equals + 1).trim());
      if (name === 'q') clause.quality = Number.isFinite(Number(value)) ? Number(value) : 1;
      else if (name !== '__proto__') clause.parameters[name] = value;
    }
    if (clause.quality > 0) clauses.push(clause);
  }
  return clauses.sort((left, right) => right.quality - left.quality || specificity(right) - specificity(left));
}

function specificity(clause: Clause): number {
  return (clause.type === '*' ? 0 : 2) + (clause.subtype === '*' ? 0 : 1);
}

/** At separators outside of quotes. */
function split(text: string, separator: string): string[] {
  if (!text.includes('"')) return text.split(separator).map((part) => part.trim());
  const parts: string[] = [];
  let start = 0;
  let quoted = false;
  for (let at = 0; at < text.length; at++) {
    if (text[at] === '"' && text[at - 1] !== '\\') quoted = !quoted;
    else if (text[at] === separator && !quoted) {
      parts.push(text.slice(start, at).trim());
      start = at + 1;
    }
  }
  parts.push(text.slice(start).trim());
  return parts;
}

function unquote(text: string): string {
  return text.length >= 2 && text.startsWith('"') && text.endsWith('"')
    ? text.slice(1, -1).replace(/\\(.)/g, '$1')
    : text;
}
