/** Whether a reference names the tag `latest`, by saying so or by naming neither a tag nor a digest. */
export function isLatest(reference: string): boolean {
  const tag = imageTag(reference);
  return tag === 'latest';
}

/** The tag of a well-formed reference; `latest` if it has neither tag nor digest; undefined if it has only a digest or is malformed. */
function imageTag(reference: string): string | undefined {
  if (!WELL_FORMED.test(reference)) return undefined;
  const at = reference.indexOf('@');
  const name = at < 0 ? reference : reference.slice(0, at);
  const colon = name.lastIndexOf(':');
  if (colon > name.lastIndexOf('/')) return name.slice(colon + 1);
  return at < 0 ? 'latest' : undefined;
}

/** The reference grammar that container tools share: [domain[:port]/]path[:tag][@digest], and no bare 64-digit id. */
const WELL_FORMED = referenceGrammar();

function referenceGrammar(): RegExp {
  const component = '[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*';
  const label = '(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])';
  const domain = `(?:${label}(?:\\.${label})*|\\[[a-fA-F0-9:]+\\])(?::[0-9]+)?`;
  const path = `${component}(?:/${component})*`;
  const tag = '(?::[\\w][\\w.-]{0,127})?';
  const digest = '(?:@[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,})?';
  return new RegExp(`^(?![a-f0-9]{64}$)(?:${domain}/)?${path}${tag}${digest}$`);
}
