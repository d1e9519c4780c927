// Where the bundle of the sources lies (scripts/bundle.mjs makes it), and whether it still is what the sources say.
import { accessSync, constants, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
export const cacheDirectory = path.join(root, '.cache');
export const bundleDirectory = path.join(cacheDirectory, 'bundle');
export const manifestFile = path.join(bundleDirectory, 'manifest.json');

/** Changes whenever the file does. */
export function sourceMark(file) {
  const { mtimeMs, size } = statSync(file);
  return `${mtimeMs} ${size}`;
}

/** The file to start from; undefined where there is no bundle or a source has changed since it was made. */
export function freshBundle() {
  try {
    const manifest = JSON.parse(readFileSync(manifestFile, 'utf8'));
    if (manifest.root !== root) return undefined;
    const entry = path.join(bundleDirectory, manifest.entry);
    accessSync(entry, constants.R_OK);
    const fresh = manifest.marks.every(([file, mark]) => sourceMark(root + path.sep + file) === mark);
    return fresh ? entry : undefined;
  } catch {
    return undefined;
  }
}
