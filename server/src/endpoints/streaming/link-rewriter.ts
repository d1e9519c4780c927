/** Leads the links of a page that comes through a proxy back through it. */
import type { Transform } from 'node:stream';
import { RewritingStream } from 'parse5-html-rewriting-stream';
import { type ProxiedFrom, proxiedLink } from './proxied-links.ts';

/** Attributes that hold a URL, by element. */
const linkAttributes: Readonly<Record<string, readonly string[]>> = {
  a: ['href'],
  applet: ['codebase'],
  area: ['href'],
  audio: ['src'],
  base: ['href'],
  blockquote: ['cite'],
  body: ['background'],
  button: ['formaction'],
  command: ['icon'],
  del: ['cite'],
  embed: ['src'],
  form: ['action'],
  frame: ['longdesc', 'src'],
  head: ['profile'],
  html: ['manifest'],
  iframe: ['longdesc', 'src'],
  img: ['longdesc', 'src', 'usemap'],
  input: ['formaction', 'src', 'usemap'],
  ins: ['cite'],
  link: ['href'],
  object: ['classid', 'codebase', 'data', 'usemap'],
  q: ['cite'],
  script: ['src'],
  source: ['src'],
  video: ['poster', 'src'],
};

/** A tag or a text that has no end would be kept in memory as a whole. */
const maxPending = 8 * 1024 * 1024;

/** From a page, as text, to the same page with its links led through the proxy. Fails on a single text of 8 Mi characters. */
export function linkRewriter(
  from: ProxiedFrom,
): [bounded: (page: AsyncIterable<string>) => AsyncIterable<string>, Transform] {
  const stream = new RewritingStream();
  let pending = 0;
  stream.on('startTag', (tag, raw) => {
    const names = Object.hasOwn(linkAttributes, tag.tagName) ? linkAttributes[tag.tagName]! : [];
    let changed = false;
    for (const attribute of tag.attrs) {
      if (!names.includes(attribute.name)) continue;
      const link = proxiedLink(attribute.value, from);
      changed ||= link !== attribute.value;
      attribute.value = link;
    }
    if (changed) stream.emitStartTag(tag);
    else stream.emitRaw(raw);
  });
  stream.on('data', (text: string) => (pending -= text.length));
  async function* bounded(page: AsyncIterable<string>): AsyncIterable<string> {
    for await (const text of page) {
      pending += text.length;
      if (pending > maxPending) throw new Error('the page has a tag or a text without an end');
      yield text;
    }
  }
  return [bounded, stream];
}
