/** References to images, as container tools read them: the grammar is shared, short names are of Docker Hub. */

/** Whether a reference names the tag `latest`, by saying so or by naming neither a tag nor a digest. */
export function isLatest(reference: string): boolean {
  const parts = parseReference(reference);
  return parts !== undefined && (parts.tag === undefined ? parts.digest === undefined : parts.tag === 'latest');
}

const hubDomain = 'docker.io';
const maxPathLength = 255;
/** A bare id would be taken for a name. */
const identifier = /^[a-f0-9]{64}$/;

/** Undefined for a malformed one. */
function parseReference(reference: string): { tag: string | undefined; digest: string | undefined } | undefined {
  if (identifier.test(reference)) return undefined;
  const { domain, rest } = splitDomain(reference);
  const repository = rest.split(':', 1)[0] ?? '';
  if (repository.toLowerCase() !== repository) return undefined;
  const [, name = '', tag, digest] = grammar.reference.exec(`${domain}/${rest}`) ?? [];
  const path = grammar.path.exec(name)?.[1] ?? '';
  if (name === '' || path.length > maxPathLength) return undefined;
  return digest === undefined || isDigest(digest) ? { tag, digest } : undefined;
}

/** What comes before the first slash is a domain if it can be nothing else. */
function splitDomain(reference: string): { domain: string; rest: string } {
  const slash = reference.indexOf('/');
  if (slash < 0) return { domain: hubDomain, rest: `library/${reference}` };
  const first = reference.slice(0, slash);
  const isDomain = first === 'localhost' || /[.:]/.test(first) || first.toLowerCase() !== first;
  const domain = !isDomain || first === 'index.docker.io' ? hubDomain : first;
  const rest = isDomain ? reference.slice(slash + 1) : reference;
  return { domain, rest: domain === hubDomain && !rest.includes('/') ? `library/${rest}` : rest };
}

const encodedLength: Readonly<Record<string, number>> = { sha256: 64, sha384: 96, sha512: 128 };

function isDigest(digest: string): boolean {
  const [algorithm = '', encoded = ''] = digest.split(':');
  return (
    Object.hasOwn(encodedLength, algorithm) &&
    /^[a-f0-9]+$/.test(encoded) &&
    encoded.length === encodedLength[algorithm]
  );
}

/** [domain[:port]/]path[:tag][@digest] */
const grammar = referenceGrammar();

function referenceGrammar(): { reference: RegExp; path: RegExp } {
  const component = '[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*';
  const label = '(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])';
  const domain = `(?:(?:${label}(?:\\.${label})*|\\[[a-fA-F0-9:]+\\])(?::[0-9]+)?/)?`;
  const path = `${component}(?:/${component})*`;
  const tag = '(?::([\\w][\\w.-]{0,127}))?';
  const digest = '(?:@([A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}))?';
  return { reference: new RegExp(`^(${domain}${path})${tag}${digest}$`), path: new RegExp(`^${domain}(${path})$`) };
}
