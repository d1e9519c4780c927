/**
 * `npm run generate`: makes openapi/generated from openapi/spec. Does nothing when neither the spec, nor this generator, nor
 * the libraries it uses have changed since (`--force` makes everything anew).
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { descriptionsVersion, readDescriptions } from './descriptions.ts';
import { readSpec, specDirectory } from './spec.ts';

const here = path.dirname(fileURLToPath(import.meta.url));
const generated = path.resolve(here, '../generated');
const specs = path.resolve(here, '../spec');
const encoders = path.resolve(here, '../src/catalogue');
const stampFile = path.join(generated, 'stamp');

function inputsStamp(directory: string): string {
  const hash = createHash('sha256');
  for (const place of [directory, here, encoders]) {
    for (const name of readdirSync(place).sort()) {
      if (name.endsWith('.test.ts') || !/\.(ts|json)$/.test(name)) continue;
      hash.update(`${name}\0`).update(readFileSync(path.join(place, name)));
    }
  }
  const manifest = createRequire(import.meta.url)('openapi-typescript/package.json') as { version: string };
  return hash.update(`${manifest.version} ${descriptionsVersion()}`).digest('hex');
}

/** Every file under generated/ by its path there. */
async function outputs(directory: string): Promise<Map<string, string | Buffer>> {
  const { typeModules } = await import('./types.ts');
  const { catalogueFiles } = await import('./catalogue.ts');
  const { openApiFiles } = await import('./openapi.ts');
  const { protobufDescriptors } = await import('./protobuf.ts');
  const spec = readSpec(directory);
  const descriptions = readDescriptions();
  const files = new Map<string, string | Buffer>();
  for (const [name, source] of await typeModules(spec, descriptions)) files.set(`types/${name}.ts`, source);
  for (const [name, content] of catalogueFiles(spec)) files.set(name, content);
  for (const [name, content] of openApiFiles(spec, descriptions)) files.set(name, content);
  files.set('protobuf.json', JSON.stringify(protobufDescriptors(spec)));
  return files;
}

function write(files: Map<string, string | Buffer>): number {
  let changed = 0;
  for (const [name, content] of files) {
    const file = path.join(generated, name);
    if (existsSync(file) && readFileSync(file).equals(Buffer.from(content))) continue;
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(`${file}.${process.pid}`, content);
    renameSync(`${file}.${process.pid}`, file); // Whoever reads at this moment sees the old file or the new one.
    changed++;
  }
  for (const name of existsSync(generated) ? readdirSync(generated, { recursive: true, encoding: 'utf8' }) : []) {
    const known = files.has(name) || name === 'stamp' || [...files.keys()].some((file) => file.startsWith(`${name}/`));
    if (!known) rmSync(path.join(generated, name), { recursive: true, force: true });
  }
  return changed;
}

async function main(): Promise<void> {
  const started = performance.now();
  const directory = specDirectory(specs);
  const stamp = inputsStamp(directory);
  const current = existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp;
  if (current && !process.argv.includes('--force')) {
    console.log(`openapi/generated is up to date with ${path.basename(directory)}`);
    return;
  }
  console.log(`Generating types, schemas and documents of Kubernetes ${path.basename(directory)} …`);
  const files = await outputs(directory);
  const changed = write(files);
  writeFileSync(stampFile, stamp);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`openapi/generated: ${files.size} files, ${changed} changed, ${seconds} s`);
}

await main();
