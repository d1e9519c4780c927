/** TLS of the port: one certificate for everybody, others for clients that ask for other names of this server. */
import { createSecureContext, type SecureContext, type SecureContextOptions, type TlsOptions } from 'node:tls';
import { byName, type NamedCertificate } from './named-certificates.ts';
import { type TlsSettings, tlsSettings } from './tls-settings.ts';

/** PEM. The authorities are those of clients: their names are what clients choose a certificate by. */
export interface ServingFiles {
  cert: string;
  key: string;
  clientCa: string | undefined;
  frontProxyCa: string | undefined;
}

export class ServingTls {
  readonly named: readonly NamedCertificate[];
  readonly #settings: SecureContextOptions;
  #contexts: ReadonlyMap<string, SecureContext> = new Map();

  constructor(settings: TlsSettings, named: readonly NamedCertificate[] = []) {
    this.#settings = tlsSettings(settings);
    this.named = named;
  }

  /** Counts from the next call of `contextOptions` on. */
  renew(named: NamedCertificate, { cert, key }: Pick<NamedCertificate, 'cert' | 'key'>): void {
    Object.assign(named, { cert, key });
  }

  /** For the server, at its start and when the files have changed. */
  contextOptions({ cert, key, clientCa, frontProxyCa }: ServingFiles): SecureContextOptions {
    const authorities = [clientCa, frontProxyCa].filter((ca) => ca !== undefined);
    const common = { ...this.#settings, ...(authorities.length > 0 ? { ca: authorities } : {}) };
    const made = new Map(
      this.named.map((each) => [each, createSecureContext({ ...common, cert: each.cert, key: each.key })] as const),
    );
    this.#contexts = new Map([...byName(this.named)].map(([name, each]) => [name, made.get(each)!]));
    return { ...common, cert, key };
  }

  /** For the server, once. */
  get choice(): Pick<TlsOptions, 'SNICallback'> {
    if (this.named.length === 0) return {};
    return { SNICallback: (name, answer) => answer(null, this.#contextFor(name.toLowerCase())) };
  }

  /** By its name, else by a name with `*` for its first label, its first two, and so on. */
  #contextFor(name: string): SecureContext | undefined {
    const labels = name.split('.');
    const candidates = [name, ...labels.map((_, last) => labels.map((l, at) => (at <= last ? '*' : l)).join('.'))];
    return candidates.map((candidate) => this.#contexts.get(candidate)).find((context) => context !== undefined);
  }
}
