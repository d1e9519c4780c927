/** Leads the links of a page that comes through a proxy back through it. */
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
export class LinkRewriter extends RewritingStream {
  /** Characters that came in and did not go out yet. */
  #pending = 0;

  constructor(from: ProxiedFrom) {
    super();
    this.on('startTag', (tag, raw) => {
      const names = Object.hasOwn(linkAttributes, tag.tagName) ? linkAttributes[tag.tagName]! : [];
      let changed = false;
      for (const attribute of tag.attrs) {
        if (!names.includes(attribute.name)) continue;
        const link = proxiedLink(attribute.value, from);
        changed ||= link !== attribute.value;
        attribute.value = link;
      }
      if (changed) this.emitStartTag(tag);
      else this.emitRaw(raw);
    });
  }

  override _transform(text: string, encoding: string, callback: (error?: Error | null, data?: string) => void): void {
    this.#pending += text.length;
    if (this.#pending > maxPending) callback(new Error('the page has a tag or a text without an end'));
    else super._transform(text, encoding, callback);
  }

  override emitRaw(html: string): void {
    this.#pending -= html.length;
    super.emitRaw(html);
  }
}
