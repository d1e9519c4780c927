/** /statusz and /flagz: what runs here and how it was set up, for people; as objects for those who ask for them by kind. */
import { yamlSerializer } from '@typernetes/openapi/codec';
import { formatTime, notAcceptable } from '@typernetes/openapi/meta';
import { header, type RequestContext } from './request-context.ts';
import { sendBody } from './respond.ts';

export interface ZPagesOptions {
  /** As `1.36.2`. */
  binaryVersion: string;
  emulationVersion: string;
  runtimeVersion: string;
  started: Date;
  now: () => Date;
  /** All flags with their values, in Go's forms. */
  flags(): Readonly<Record<string, string>>;
  random: () => number;
}

const component = 'apiserver';
const served = ['/flagz', '/healthz', '/livez', '/metrics', '/readyz', '/statusz', '/version'];
/** Another one each time, so that nobody comes to depend on it. */
const delimiters = [':', ': ', '=', ' '];
const media = ['application/json', 'application/yaml', 'text/plain'];
const versions = ['v1alpha1', 'v1beta1'];

interface Choice {
  type: string;
  version: string;
}

export class ZPages {
  readonly #options: ZPagesOptions;

  constructor(options: ZPagesOptions) {
    this.#options = options;
  }

  paths(): string[] {
    return ['/flagz', '/statusz'];
  }

  async handle(context: RequestContext): Promise<boolean> {
    const kind = { '/statusz': 'Statusz', '/flagz': 'Flagz' }[context.path];
    if (kind === undefined) return false;
    const choice = choose(header(context, 'accept'), kind);
    if (choice === undefined) throw notAcceptable(`only the following media types are accepted: ${media.join(', ')}`);
    const { type, version } = choice;
    if (type === 'text/plain') {
      const text = kind === 'Statusz' ? this.#statusText() : this.#flagText();
      await sendBody(context, 200, 'text/plain; charset=utf-8', [Buffer.from(text)]);
      return true;
    }
    const object = {
      kind,
      apiVersion: `config.k8s.io/${version}`,
      metadata: { name: component },
      ...(kind === 'Statusz' ? this.#status() : { flags: this.#options.flags() }),
    };
    const body =
      type === 'application/yaml' ? yamlSerializer.encode(object) : Buffer.from(JSON.stringify(object, undefined, 2));
    await sendBody(context, 200, `${type};g=config.k8s.io;v=${version};as=${kind}`, [body]);
    return true;
  }

  #status() {
    const { started, now, runtimeVersion: goVersion, binaryVersion, emulationVersion } = this.#options;
    const uptimeSeconds = Math.floor((now().getTime() - started.getTime()) / 1000);
    return { startTime: formatTime(started), uptimeSeconds, goVersion, binaryVersion, emulationVersion, paths: served };
  }

  #statusText(): string {
    const { goVersion, binaryVersion, emulationVersion, uptimeSeconds } = this.#status();
    const delimiter = this.#delimiter();
    const two = (number: number): string => String(number).padStart(2, '0');
    const minutes = Math.floor(uptimeSeconds / 60);
    const rows: [string, string][] = [
      ['Started', unixDate(this.#options.started)],
      ['Up', `${Math.floor(minutes / 60)} hr ${two(minutes % 60)} min ${two(uptimeSeconds % 60)} sec`],
      ['Go version', goVersion],
      ['Binary version', binaryVersion],
      ['Emulation version', emulationVersion],
      ['Paths', served.join(' ')],
    ];
    return `${heading('statusz')}\n${rows.map(([name, value]) => `${name}${delimiter} ${value}\n`).join('')}`;
  }

  #flagText(): string {
    const delimiter = this.#delimiter();
    const rows = Object.entries(this.#options.flags()).sort(([a], [b]) => (a < b ? -1 : 1));
    return heading('flagz') + rows.map(([name, value]) => `${name}${delimiter}${value}\n`).join('');
  }

  #delimiter(): string {
    return delimiters[Math.floor(this.#options.random() * delimiters.length)]!;
  }
}

function heading(page: string): string {
  return `\n${component} ${page}\nWarning: This endpoint is not meant to be machine parseable, has no formatting compatibility guarantees and is for debugging purposes only.\n`;
}

/** The first of the types asked for that this page has. An object is sent only to who names its kind and version. */
function choose(accept: string, kind: string): Choice | undefined {
  if (accept.trim() === '') return { type: 'text/plain', version: '' };
  for (const clause of accept.split(',')) {
    const [type = '', ...rest] = clause.split(';').map((part) => part.trim());
    const parameters = new Map(rest.map((part) => part.split('=', 2) as [string, string]));
    if (type === '*/*' || type === 'text/*' || type === 'text/plain') return { type: 'text/plain', version: '' };
    const version = parameters.get('v') ?? '';
    const named = parameters.get('as') === kind && parameters.get('g') === 'config.k8s.io';
    if (named && media.includes(type) && versions.includes(version)) return { type, version };
  }
  return undefined;
}

/** Mon Jan _2 15:04:05 UTC 2006 */
function unixDate(date: Date): string {
  const [day = '', number = '', month = '', year = '', time = ''] = date.toUTCString().replace(',', '').split(' ');
  return `${day} ${month} ${number.replace(/^0/, ' ')} ${time} UTC ${year}`;
}
