/** Certificates, to be imported when one is made: the library is large, and few processes make any. */
import 'reflect-metadata'; // The library below needs it to be there first.
import * as x509 from '@peculiar/x509';

export { x509 };
