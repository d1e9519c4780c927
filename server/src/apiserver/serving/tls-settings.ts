/** Versions and cipher suites of TLS, from the names that Go and IANA give them to those of Node and OpenSSL. */
import { getCiphers, type SecureContextOptions, type SecureVersion } from 'node:tls';

const versions: Readonly<Record<string, SecureVersion>> = {
  VersionTLS10: 'TLSv1',
  VersionTLS11: 'TLSv1.1',
  VersionTLS12: 'TLSv1.2',
  VersionTLS13: 'TLSv1.3',
};
/** As in Go, no choice of suites takes these away. */
const ofTls13 = ['TLS_AES_128_GCM_SHA256', 'TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256'];

export interface TlsSettings {
  /** `VersionTLS12` */
  tlsMinVersion: string;
  tlsCipherSuites: readonly string[];
}

/** Throws on names that nobody knows, and on suites that OpenSSL does not have. */
export function tlsSettings(settings: TlsSettings): Pick<SecureContextOptions, 'minVersion' | 'ciphers'> {
  const { tlsMinVersion, tlsCipherSuites } = settings;
  const minVersion = versions[tlsMinVersion];
  if (minVersion === undefined) {
    throw new Error(
      `--tls-min-version: unknown version ${JSON.stringify(tlsMinVersion)}, known are ${Object.keys(versions).join(', ')}`,
    );
  }
  if (tlsCipherSuites.length === 0) return { minVersion };
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
  return { minVersion, ciphers: [...ofTls13, ...chosen].join(':') };
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
