import type { Logger } from '../endpoints/request-context.ts';
import { followFile } from './structured/config-file.ts';

/** A file that a flag names, with what it said at the start; both undefined without the flag. */
export interface NamedFile {
  file: string | undefined;
  text: string | undefined;
}

/**
 * Files that count together, such as a certificate and its key: one is renewed before the other. `use` hears what all
 * say whenever one has changed, and throws where that cannot be used; then what was before stays in force. Returns
 * what ends it.
 */
export function followTogether<Name extends string>(
  files: Record<Name, NamedFile>,
  use: (texts: Record<Name, string | undefined>) => void,
  logger: Logger,
): () => void {
  const entries = Object.entries<NamedFile>(files) as [Name, NamedFile][];
  const found = Object.fromEntries(entries.map(([name, { text }]) => [name, text])) as Record<Name, string | undefined>;
  const stops = entries.map(([name, { file, text: initial }]) => {
    if (file === undefined || initial === undefined) return () => undefined;
    return followFile(file, initial, (text) => {
      found[name] = text;
      try {
        use({ ...found });
      } catch (error) {
        const { message } = error as Error;
        logger.warn({ file, error: message }, 'a certificate file has changed, but cannot be used yet');
        return;
      }
      logger.info({ file }, 'a certificate file was read again');
    });
  });
  return () => {
    for (const stop of stops) stop();
  };
}
