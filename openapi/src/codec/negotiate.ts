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
  if (accept === undefined || accept === '') {
    const [first] = available;
    return first === undefined ? undefined : candidate(first, {});
  }
  for (const clause of parseAccept(accept)) {
    for (const mediaType of available) {
      const [type, subtype] = mediaType.split('/');
      if (clause.type !== type && !(clause.type === '*' && clause.subtype === '*')) continue;
      if (clause.subtype !== subtype && clause.subtype !== '*') continue;
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

/** As goautoneg reads the header: case counts, nothing is quoted, a quality of nothing comes last. */
export function parseAccept(header: string): Clause[] {
  const clauses: Clause[] = [];
  for (const part of header.split(',')) {
    const [range = '', ...parameterTexts] = trim(part).split(';');
    const [type = '', subtype = '', ...rest] = range.split('/').map(trim);
    if (rest.some((each) => each !== '') || (subtype === '' && type !== '*')) continue;
    const clause: Clause = { type, subtype: subtype === '' ? '*' : subtype, quality: 1, parameters: {} };
    for (const text of parameterTexts) {
      const [name = '', value = '', ...more] = text.split('=');
      if (value === '' || more.some((each) => each !== '')) continue;
      const token = trim(name);
      if (token === 'q') clause.quality = Number(/\s/.test(value) ? 'none' : value) || 0;
      else if (token !== '__proto__') clause.parameters[token] = trim(value);
    }
    clauses.push(clause);
  }
  return sorted(clauses);
}

const trim = (text: string): string => text.replace(/^ +| +$/g, '');

/** Go's comparison is no order, so what comes of a few clauses depends on how they are sorted: by insertion. */
function sorted(clauses: Clause[]): Clause[] {
  if (clauses.length > maxInserted) return clauses.sort((left, right) => right.quality - left.quality);
  for (let from = 1; from < clauses.length; from++) {
    for (let at = from; at > 0 && comesBefore(clauses[at]!, clauses[at - 1]!); at--) {
      [clauses[at - 1], clauses[at]] = [clauses[at]!, clauses[at - 1]!];
    }
  }
  return clauses;
}

const maxInserted = 12;

function comesBefore(left: Clause, right: Clause): boolean {
  return (
    left.quality > right.quality ||
    (left.type !== '*' && right.type === '*') ||
    (left.subtype !== '*' && right.subtype === '*')
  );
}
