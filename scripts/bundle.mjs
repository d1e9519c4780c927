// Joins the sources of `typernetes` into a few files under .cache/bundle, from which bin/typernetes.mjs starts as long as
// no source has changed since: reading hundreds of modules one by one takes most of a start. Does nothing when the
// bundle is up to date. Afterwards a cluster is started once and stopped, which fills the compile cache.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { bundleDirectory, freshBundle, manifestFile, sourceMark } from '../bin/bundle.mjs';
import { root } from './toolchain.mjs';

/** Native code and its loader stay where npm put them, and so does what only checks of a cluster use. */
const unbundled = ['lmdb', '@kubernetes/client-node'];
const keptBuilds = 3;
const rehearsalMs = 30_000;

/**
 * An import statement makes all exports of a built-in module, and those of http bring fetch and http2 with them. This
 * way only what is imported is made.
 */
function builtinModule(specifier) {
  const names = Object.getOwnPropertyNames(process.getBuiltinModule(specifier)).filter(
    (name) => /^[A-Za-z_]\w*$/.test(name) && name !== 'default',
  );
  return [
    `const builtin = process.getBuiltinModule('${specifier}');`,
    'const get = (name) => builtin[name];',
    'export default builtin;',
    ...names.map((name) => `const value_${name} = /* @__PURE__ */ get('${name}');export { value_${name} as ${name} };`),
  ].join('\n');
}

/** A module's own address stays that of its source; a package that is there twice in one version is taken once. */
const addresses = {
  name: 'addresses',
  setup(builder) {
    const packages = new Map();
    builder.onResolve({ filter: /^node:/ }, ({ path: specifier, kind }) =>
      kind === 'import-statement' ? { path: specifier, namespace: 'builtin', sideEffects: false } : { external: true },
    );
    builder.onLoad({ filter: /.*/, namespace: 'builtin' }, ({ path: specifier }) => ({
      contents: builtinModule(specifier),
    }));
    // Node reads JSON faster than a program.
    builder.onLoad({ filter: /\.json$/ }, ({ path: file }) => ({
      contents: `module.exports = JSON.parse(${JSON.stringify(JSON.stringify(JSON.parse(readFileSync(file, 'utf8'))))});`,
    }));
    builder.onResolve({ filter: /^[^./]/ }, async ({ path: specifier, pluginData, ...options }) => {
      if (pluginData === 'resolving') return undefined;
      const found = await builder.resolve(specifier, { ...options, pluginData: 'resolving' });
      if (found.errors.length > 0) return found.external ? found : undefined;
      if (unbundled.includes(specifier)) return { path: pathToFileURL(found.path).href, external: true };
      if (options.kind === 'dynamic-import' && found.path.includes('/node_modules/'))
        return { errors: [{ text: 'loses its names in a bundle: import a module of ours that imports the package' }] };
      const [, folder, file] = /^(.*\/node_modules\/(?:@[^/]+\/)?[^/]+)\/(.*)$/.exec(found.path) ?? [];
      if (folder === undefined) return found;
      const { name, version } = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8'));
      const identity = `${name}@${version}`;
      if (!packages.has(identity)) packages.set(identity, folder);
      return { ...found, path: path.join(packages.get(identity), file) };
    });
    builder.onLoad({ filter: /\.[cm]?[jt]s$/ }, ({ path: file }) => {
      const source = readFileSync(file, 'utf8');
      const loader = file.endsWith('ts') ? 'ts' : 'js';
      const here = JSON.stringify(path.dirname(file));
      if (/\bimport\.meta\.(url|dirname)\b/.test(source)) {
        const url = JSON.stringify(pathToFileURL(file).href);
        const contents = source.replaceAll('import.meta.url', url).replaceAll('import.meta.dirname', here);
        return { contents, loader };
      }
      if (!/\b__(dirname|filename)\b/.test(source)) return { contents: source, loader };
      const names = `var __dirname = ${here}, __filename = ${JSON.stringify(file)};`;
      return { contents: `${/^\s*["']use strict["']/.test(source) ? '"use strict";' : ''}${names}${source}`, loader };
    });
  },
};

async function bundle() {
  mkdirSync(bundleDirectory, { recursive: true });
  const working = mkdtempSync(path.join(bundleDirectory, 'making-'));
  chmodSync(working, 0o755); // for whoever runs it
  const { metafile, outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: { main: 'bin/main.ts' },
    outdir: working,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    sourcemap: 'linked',
    legalComments: 'none',
    logLevel: 'error',
    metafile: true,
    write: false,
    plugins: [addresses],
    banner: {
      js: `import { createRequire as createRequireOfBundle } from 'node:module';const require = createRequireOfBundle(${JSON.stringify(pathToFileURL(path.join(root, 'package.json')).href)});`,
    },
  });
  const digest = createHash('sha256');
  for (const { path: file, contents } of outputFiles) {
    writeFileSync(file, contents);
    digest.update(path.basename(file)).update(contents);
  }
  const name = digest.digest('hex').slice(0, 16);
  const folder = path.join(bundleDirectory, name);
  if (existsSync(folder)) rmSync(working, { recursive: true });
  else renameSync(working, folder);
  const sources = Object.keys(metafile.inputs).filter((file) => !/node_modules\/|^builtin:/.test(file));
  const marks = [...sources, 'package-lock.json'].map((file) => [file, sourceMark(path.join(root, file))]);
  const entry = path.join(name, 'main.js');
  writeFileSync(`${manifestFile}.${process.pid}`, JSON.stringify({ root, entry, marks }));
  renameSync(`${manifestFile}.${process.pid}`, manifestFile);
}

/** A process that runs from an earlier build may still load a part of it. */
function removeOldBuilds() {
  const age = (name) => statSync(path.join(bundleDirectory, name)).mtimeMs;
  const builds = readdirSync(bundleDirectory).filter((name) => /^[0-9a-f]{16}$/.test(name));
  for (const name of builds.toSorted((a, b) => age(b) - age(a)).slice(keptBuilds))
    rmSync(path.join(bundleDirectory, name), { recursive: true, force: true });
}

/** What ran is in the compile cache when its process ends. A machine where this fails only starts more slowly. */
async function rehearse() {
  const directory = mkdtempSync(path.join(os.tmpdir(), 'tn-rehearsal-'));
  const args = [`--data-dir=${directory}`, '--secure-port=0', '--container-runtime-endpoint=simulated'];
  const child = spawn(process.execPath, [path.join(root, 'bin', 'typernetes.mjs'), 'up', ...args], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const stop = () => child.kill('SIGINT');
  const timer = setTimeout(stop, rehearsalMs);
  let output = '';
  child.stdout.on('data', (chunk) => {
    output += chunk;
    if (output.includes('export KUBECONFIG=')) stop();
  });
  await new Promise((resolve) => child.once('close', resolve));
  clearTimeout(timer);
  rmSync(directory, { recursive: true, force: true });
}

if (freshBundle() === undefined || process.argv.includes('--force')) {
  await bundle();
  removeOldBuilds();
  await rehearse();
}
