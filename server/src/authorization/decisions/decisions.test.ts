/**
 * Who may do what to which resource, for every user × verb × resource × subresource of questions.ts, as a real
 * kube-apiserver of v1.36 decides (decisions.json). With `KUBE_APISERVER` and `ETCD` in the environment such a one is
 * asked instead of our authorizers; with `RECORD` too, its answers are written down.
 */
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import process from 'node:process';
import { after, before, describe, test } from 'node:test';
import type { AuthorizerAttributes } from '../authorizer.ts';
import { bootstrapPolicy } from '../bootstrap-policy/policy.ts';
import { ensureBootstrapPolicy } from '../bootstrap-policy/reconcile.ts';
import { buildAuthorizer } from '../build.ts';
import { aggregateRoles } from '../testing/aggregate-roles.ts';
import { MemoryObjects } from '../testing/memory-objects.ts';
import { objects, paths, type Subject, subjects, verbs } from './questions.ts';
import { startReference } from './reference.ts';
import { world } from './world.ts';

type Decisions = Record<string, string>;

let allows: (attributes: AuthorizerAttributes) => Promise<boolean>;
let stop: () => unknown;
before(async () => {
  if (process.env['KUBE_APISERVER'] !== undefined) {
    ({ allows, stop } = await startReference());
    return;
  }
  const source = new MemoryObjects();
  await ensureBootstrapPolicy(source, bootstrapPolicy({ components: false }));
  await aggregateRoles(source);
  for (const { resource, object } of world) source.put(resource, object);
  const authorization = buildAuthorizer({ modes: ['Node', 'RBAC'], rbacSource: source, nodeGraphSource: source });
  await authorization.ready;
  allows = async (attributes) => (await authorization.authorize(attributes)).decision === 'allow';
  stop = () => authorization.stop();
});
after(() => stop());

const pattern = /^([^./ ]+)(?:\.([^/ ]+))?(?:\/(\S+))?(?: in (\S+))?(?: (\S+))?$/;

function about(subject: Subject, object: string, verb: string): AuthorizerAttributes {
  const [, resource = '', apiGroup = '', subresource = '', namespace = '', name = ''] = pattern.exec(object) ?? [];
  const user = { name: subject.user, groups: subject.groups };
  return {
    user,
    verb,
    resourceRequest: true,
    path: '',
    namespace,
    apiGroup,
    apiVersion: '*',
    resource,
    subresource,
    name,
  };
}

function aboutPath(subject: Subject, path: string): AuthorizerAttributes {
  return { ...about(subject, '', 'get'), resourceRequest: false, path, apiVersion: '' };
}

/** Those of `items` that are allowed; `all` for every one. */
async function allowed(items: readonly string[], ask: (item: string) => AuthorizerAttributes): Promise<string> {
  const answers = await Promise.all(items.map((item) => allows(ask(item))));
  const may = items.filter((_, index) => answers[index]);
  return may.length === items.length ? 'all' : may.join(' ');
}

/** The verbs that are allowed, for each object where any is. */
async function decisions(subject: Subject): Promise<Decisions> {
  const result: Decisions = {};
  for (const entry of objects) {
    const [object, more] = typeof entry === 'string' ? [entry, []] : [entry[0], entry[1].split(' ')];
    const may = await allowed([...verbs, ...more], (verb) => about(subject, object, verb));
    if (may !== '') result[object] = may;
  }
  const may = await allowed(paths, (path) => aboutPath(subject, path));
  if (may !== '') result['paths'] = may;
  return result;
}

const file = new URL('decisions.json', import.meta.url);
const recording = process.env['RECORD'] !== undefined && process.env['KUBE_APISERVER'] !== undefined;

describe('decisions are kube-apiserver’s', () => {
  const found: Record<string, Decisions> = {};
  let known: Record<string, Decisions> = {};
  before(async () => {
    if (!recording) known = JSON.parse(await readFile(file, 'utf8')) as typeof known;
  });
  for (const [name, subject] of Object.entries(subjects)) {
    test(name, async () => {
      found[name] = await decisions(subject);
      if (!recording) assert.deepEqual(found[name], known[name]);
    });
  }
  after(async () => {
    if (recording) await writeFile(file, `${JSON.stringify(found, undefined, 2)}\n`);
  });
});
