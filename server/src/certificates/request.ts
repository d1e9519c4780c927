/** Reads what a certificate signing request asks to be called. */
import { loadX509 } from './authority.ts';

export interface RequestedSubject {
  commonName: string;
  organizations: string[];
}

/** `pem`: a PKCS #10 request. Throws if it is none, or if its own signature does not verify. */
export async function parseCertificateRequest(pem: string): Promise<RequestedSubject> {
  if (!pem.includes('-----BEGIN CERTIFICATE REQUEST-----'))
    throw new Error('PEM block type must be CERTIFICATE REQUEST');
  const x509 = await loadX509();
  const request = new x509.Pkcs10CertificateRequest(pem);
  if (!(await request.verify())) throw new Error('the signature of the request does not verify');
  return {
    commonName: request.subjectName.getField('CN').at(-1) ?? '',
    organizations: request.subjectName.getField('O'),
  };
}
