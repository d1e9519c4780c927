import { checked, dns1123Subdomain, type FieldError, type Path, required, tooLong } from '../validation/index.ts';

const maxDriverName = 63;

/** What drivers of volumes and devices are called. Capitals are allowed, and warned of where it matters. */
export function validateDriverName(driver: string | undefined, at: Path): FieldError[] {
  if (!driver) return [required(at, '')];
  return [
    ...(Buffer.byteLength(driver) > maxDriverName ? [tooLong(at, '', maxDriverName)] : []),
    ...checked(at, driver, dns1123Subdomain(driver.toLowerCase())),
  ];
}
