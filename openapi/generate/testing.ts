/** Where tests find the saved documents of an upstream API server; they skip with a reason where there are none. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { kubernetesVersion } from '../generated/version.ts';

const candidates = [
  process.env['TYPERNETES_UPSTREAM'],
  fileURLToPath(new URL(`../../../shared/upstream/${kubernetesVersion.gitVersion}`, import.meta.url)),
];

export const upstreamDirectory = candidates.find(
  (directory): directory is string => directory !== undefined && existsSync(path.join(directory, 'discovery')),
);

export const skipWithoutUpstream =
  upstreamDirectory === undefined ? 'no saved upstream documents (set TYPERNETES_UPSTREAM to their directory)' : false;
