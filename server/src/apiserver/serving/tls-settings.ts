/** Versions, cipher suites and key exchange of TLS, from the names that Go and IANA give them to those of Node and OpenSSL. */
import { DEFAULT_CIPHERS, getCiphers, type SecureContextOptions, type SecureVersion } from 'node:tls';

const versions: Readonly<Record<string, SecureVersion>> = {
  VersionTLS10: 'TLSv1',
  VersionTLS11: 'TLSv1.1',
  VersionTLS12: 'TLSv1.2',
  VersionTLS13: 'TLSv1.3',
};
/** As in Go, no choice of suites takes these away, and the server takes the first that the client knows: it costs least. */
const ofTls13 = ['TLS_AES_128_GCM_SHA256', 'TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256'];
const ofTls12 = DEFAULT_CIPHERS.split(':').filter((name) => !ofTls13.includes(name));

/** By the numbers of Go's crypto/tls (and IANA), in the order in which Go chooses among them. */
const groups: ReadonlyMap<number, string> = new Map([
  [4588, 'X25519MLKEM768'],
  [4587, 'SecP256r1MLKEM768'],
  [4589, 'SecP384r1MLKEM1024'],
  [29, 'X25519'],
  [23, 'P-256'],
  [24, 'P-384'],
  [25, 'P-521'],
]);

export interface TlsSettings {
  /** `VersionTLS12` */
  tlsMinVersion: string;
  tlsCipherSuites: readonly string[];
  /** Numbers of groups for the key exchange, in any order; none are Node's. */
  tlsCurvePreferences: readonly string[];
}

/** Throws on names that nobody knows, and on suites that OpenSSL does not have. */
export function tlsSettings(settings: TlsSettings): Pick<SecureContextOptions, 'minVersion' | 'ciphers' | 'ecdhCurve'> {
  const { tlsMinVersion, tlsCipherSuites } = settings;
  const minVersion = versions[tlsMinVersion];
  if (minVersion === undefined) {
    throw new Error(
      `--tls-min-version: unknown version ${JSON.stringify(tlsMinVersion)}, known are ${Object.keys(versions).join(', ')}`,
    );
  }
  const exchange = keyExchange(settings.tlsCurvePreferences);
  if (tlsCipherSuites.length === 0) return { minVersion, ciphers: [...ofTls13, ...ofTls12].join(':'), ...exchange };
  const known = new Set(getCiphers());
  const chosen = tlsCipherSuites
    .filter((name) => !ofTls13.includes(name))
    .map((name) => {
      const cipher = openSslName(name);
      if (!known.has(cipher.toLowerCase())) {
        throw new Error(`--tls-cipher-suites: cipher suite ${name} not supported or doesn't exist`);
      }
      return cipher;
    });
  return { minVersion, ciphers: [...ofTls13, ...chosen].join(':'), ...exchange };
}

function keyExchange(preferences: readonly string[]): Pick<SecureContextOptions, 'ecdhCurve'> {
  if (preferences.length === 0) return {};
  const wanted = new Set<number>();
  for (const text of preferences) {
    const id = Number(text);
    const refuse = (why: string): never => {
      throw new Error(`--tls-curve-preferences: ${why}`);
    };
    if (!Number.isInteger(id)) refuse(`${JSON.stringify(text)} is no number`);
    if (id <= 0 || id > 65_535) refuse(`curve preference ${id} is out of range (must be 1-65535)`);
    if (wanted.has(id)) refuse(`duplicate curve preference ${id}`);
    if (!groups.has(id)) refuse(`curve preference ${id} is not supported, known are ${[...groups.keys()].join(', ')}`);
    wanted.add(id);
  }
  const names = [...groups].filter(([id]) => wanted.has(id)).map(([, name]) => name);
  return { ecdhCurve: names.join(':') };
}

/** TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 is ECDHE-RSA-AES128-GCM-SHA256; RSA alone, and modes CBC, go without saying. */
function openSslName(name: string): string {
  return name
    .replace(/^TLS_(RSA_WITH_)?/, '')
    .replace('_WITH_', '_')
    .replace(/AES_(\d+)/, 'AES$1')
    .replace('_CBC', '')
    .replace(/(CHACHA20_POLY1305)_SHA256$/, '$1')
    .replaceAll('_', '-');
}
