/** Node's network and TLS errors in the words of Go's, which users and their tools look for. */
import { getServers } from 'node:dns';

interface NetworkError extends Error {
  code?: string;
  address?: string;
  port?: number;
  hostname?: string;
  cert?: { subjectaltname?: string; subject?: { CN?: string }; valid_to?: string; valid_from?: string };
  host?: string;
}

const unknownAuthority = new Set([
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'CERT_SIGNATURE_FAILURE',
]);

const unverified = 'tls: failed to verify certificate: x509: ';

export function networkErrorText(given: Error): string {
  const error = given as NetworkError;
  const { code = '', address, port, hostname = '' } = error;
  const dial =
    address === undefined ? 'dial tcp' : `dial tcp ${address.includes(':') ? `[${address}]` : address}:${port}`;
  if (unknownAuthority.has(code)) return `${unverified}certificate signed by unknown authority`;
  switch (code) {
    case 'ECONNREFUSED':
      return `${dial}: connect: connection refused`;
    case 'EHOSTUNREACH':
      return `${dial}: connect: no route to host`;
    case 'ENETUNREACH':
      return `${dial}: connect: network is unreachable`;
    case 'ETIMEDOUT':
      return `${dial}: i/o timeout`;
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `dial tcp: lookup ${hostname}${nameServer()}: no such host`;
    case 'ECONNRESET':
      return error.message === 'socket hang up' ? 'EOF' : 'read: connection reset by peer';
    case 'CERT_HAS_EXPIRED':
    case 'CERT_NOT_YET_VALID':
      return `${unverified}certificate has expired or is not yet valid`;
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return wrongName(error);
    default:
      return error.message;
  }
}

function nameServer(): string {
  const [first] = getServers();
  return first === undefined ? '' : ` on ${first.includes(':') ? first : `${first}:53`}`;
}

function wrongName({ cert, host = '' }: NetworkError): string {
  const names = (cert?.subjectaltname ?? '')
    .split(', ')
    .flatMap((each) => (each.startsWith('DNS:') ? [each.slice(4)] : []))
    .join(', ');
  if (names === '') return `${unverified}certificate is not valid for any names, but wanted to match ${host}`;
  return `${unverified}certificate is valid for ${names}, not ${host}`;
}
