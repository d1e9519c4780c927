/** What clients learn from the server about itself is what they learn from upstream: resources, fields, columns. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, suite, test } from 'node:test';
import { loadKubeconfig, RestClient } from '@typernetes/openapi/client';
import { startCluster, type TestCluster } from '../../scripts/cluster.mjs';
import { root } from '../../scripts/toolchain.mjs';
import { Kubectl, simulated, withoutKubectl } from './cluster.ts';
import { kubectlReleases } from './program.ts';

interface ResponseKind {
  group: string;
  version: string;
  kind: string;
}

interface Discovered {
  resource: string;
  singularResource: string;
  responseKind?: ResponseKind;
  scope: string;
  verbs: string[];
  shortNames?: string[];
  categories?: string[];
  subresources?: { subresource: string; verbs: string[]; responseKind?: ResponseKind }[];
}

interface DiscoveryList {
  items: { metadata: { name?: string }; versions: { version: string; resources: Discovered[] }[] }[];
}

type Column = readonly [name: string, type: string, format: string, priority: number];

const upstream = path.resolve(root, '..', 'shared', 'upstream', 'v1.36.2', 'discovery');
const withoutUpstream = existsSync(upstream) ? false : "needs upstream's discovery data";

/** Kinds without an entry have the two columns that a server gives to every kind. */
const columns = JSON.parse(
  readFileSync(path.join(import.meta.dirname, 'testdata', 'table-columns.json'), 'utf8'),
) as Record<string, Column[]>;
const defaultColumns: readonly Column[] = [
  ['Name', 'string', 'name', 0],
  ['Created At', 'date', '', 0],
];

/** Alpha and beta versions are off by default. */
const isOnByDefault = (version: string): boolean => /^v\d+$/.test(version);

const sorted = (values: readonly string[] = []): string => [...values].sort().join(',');

/** One line for each resource and subresource, so that a difference reads well. */
function lines({ items }: DiscoveryList): string[] {
  return items
    .flatMap(({ metadata, versions }) =>
      versions
        .filter(({ version }) => isOnByDefault(version))
        .flatMap(({ version, resources }) =>
          resources.flatMap((found) => {
            const name = [metadata.name ?? '', version, found.resource].join('/');
            const own = [
              name,
              found.singularResource,
              found.responseKind?.kind,
              found.scope,
              `verbs ${sorted(found.verbs)}`,
              `short ${sorted(found.shortNames)}`,
              `categories ${sorted(found.categories)}`,
            ];
            return [
              own.join(' '),
              ...(found.subresources ?? []).map(
                ({ subresource, verbs, responseKind }) =>
                  `${name}/${subresource} ${responseKind?.group}/${responseKind?.version}/${responseKind?.kind} verbs ${sorted(verbs)}`,
              ),
            ];
          }),
        ),
    )
    .sort();
}

/** The rows of api-resources -o wide as upstream would print them. */
function wideRows({ items }: DiscoveryList): string[] {
  return items
    .flatMap(({ metadata, versions }) => {
      // kubectl shows a resource in the first version that has it, and leaves out what cannot be addressed.
      const seen = new Set<string>();
      return versions
        .filter(({ version }) => isOnByDefault(version))
        .flatMap(({ version, resources }) =>
          resources
            .filter(({ resource, verbs }) => verbs.length > 0 && !seen.has(resource) && seen.add(resource))
            .map((found) =>
              [
                found.resource,
                (found.shortNames ?? []).join(','),
                metadata.name ? `${metadata.name}/${version}` : version,
                String(found.scope === 'Namespaced'),
                found.responseKind?.kind ?? '',
                sorted(found.verbs),
                (found.categories ?? []).join(','),
              ].join(' '),
            ),
        );
    })
    .sort();
}

/** Rows of a kubectl table, cut where its header's words begin. */
function cells(output: string): string[][] {
  const [header = '', ...rows] = output.trimEnd().split('\n');
  const starts = [...header.matchAll(/(?<=^|\s)\S+/g)].map(({ index }) => index);
  return rows.map((row) => starts.map((start, index) => row.slice(start, starts[index + 1]).trim()));
}

const acceptAggregated = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';

suite('discovery', () => {
  let cluster: TestCluster;
  let client: RestClient;
  let kubectl: Kubectl;

  before(async () => {
    cluster = await startCluster({ args: [simulated] });
    client = new RestClient(loadKubeconfig(cluster.kubeconfig));
    kubectl = new Kubectl(cluster.kubeconfig);
  });

  after(async () => {
    client.close();
    const { code, leftovers } = await cluster.stop();
    assert.deepEqual({ code, leftovers }, { code: 0, leftovers: [] });
  });

  async function served(): Promise<DiscoveryList> {
    const [core, groups] = await Promise.all(
      ['/api', '/apis'].map((at) =>
        client.requestJson<DiscoveryList>({ method: 'GET', path: at, accept: acceptAggregated }),
      ),
    );
    return { items: [...(core?.items ?? []), ...(groups?.items ?? [])] };
  }

  function expected(): DiscoveryList {
    const read = (file: string): DiscoveryList =>
      JSON.parse(readFileSync(path.join(upstream, file), 'utf8')) as DiscoveryList;
    const { items } = read('aggregated_v2.json');
    if (items.some(({ metadata }) => !metadata.name)) return { items };
    const core = JSON.parse(readFileSync(path.join(upstream, 'api__v1.json'), 'utf8')) as {
      resources: {
        name: string;
        singularName: string;
        namespaced: boolean;
        kind: string;
        group?: string;
        version?: string;
        verbs: string[];
        shortNames?: string[];
        categories?: string[];
      }[];
    };
    const kindOf = ({ group = '', version = '', kind }: (typeof core.resources)[number]) => ({ group, kind, version });
    const resources = core.resources
      .filter(({ name }) => !name.includes('/'))
      .map(
        (entry): Discovered => ({
          resource: entry.name,
          singularResource: entry.singularName,
          responseKind: kindOf(entry),
          scope: entry.namespaced ? 'Namespaced' : 'Cluster',
          verbs: entry.verbs,
          shortNames: entry.shortNames ?? [],
          categories: entry.categories ?? [],
          subresources: core.resources
            .filter(({ name }) => name.startsWith(`${entry.name}/`))
            .map((sub) => ({
              subresource: sub.name.slice(entry.name.length + 1),
              verbs: sub.verbs,
              responseKind: kindOf(sub),
            })),
        }),
      );
    return { items: [{ metadata: {}, versions: [{ version: 'v1', resources }] }, ...items] };
  }

  test('the resources of every version that is on by default are upstream’s', { skip: withoutUpstream }, async (t) => {
    const want = lines(expected());
    const have = lines(await served());
    const wanted = new Set(want);
    const had = new Set(have);
    assert.deepEqual(
      { missing: want.filter((line) => !had.has(line)), unexpected: have.filter((line) => !wanted.has(line)) },
      { missing: [], unexpected: [] },
    );
    t.diagnostic(`${have.length} resources and subresources compared`);
  });

  test('kubectl api-resources -o wide', { skip: withoutKubectl || withoutUpstream }, async (t) => {
    const rows = cells(await kubectl.run(['api-resources', '-o', 'wide'])).map((row) => row.join(' '));
    assert.deepEqual(rows.sort(), wideRows(expected()));
    t.diagnostic(`${rows.length} rows compared`);
  });

  test('tables have upstream’s columns for every kind that can be listed', async (t) => {
    const problems: string[] = [];
    let compared = 0;
    for (const { metadata, versions } of (await served()).items) {
      for (const { version, resources } of versions) {
        for (const { resource, verbs, responseKind } of resources) {
          if (!verbs.includes('list')) continue;
          const kind = responseKind?.kind ?? '';
          const at = metadata.name ? `/apis/${metadata.name}/${version}` : `/api/${version}`;
          const { columnDefinitions } = await client.requestJson<{
            columnDefinitions: { name: string; type: string; format: string; priority: number }[];
          }>({
            method: 'GET',
            path: `${at}/${resource}`,
            query: { limit: 1 },
            accept: 'application/json;as=Table;v=v1;g=meta.k8s.io',
          });
          const have = columnDefinitions.map(({ name, type, format, priority }) => [name, type, format, priority]);
          const want = columns[metadata.name ? `${kind}.${metadata.name}` : kind] ?? defaultColumns;
          compared += 1;
          if (JSON.stringify(have) !== JSON.stringify(want))
            problems.push(`${at}/${resource}: ${JSON.stringify(have)}\n  upstream: ${JSON.stringify(want)}`);
        }
      }
    }
    assert.equal(problems.length, 0, problems.join('\n'));
    assert.ok(compared > 50, `${compared} kinds`);
    t.diagnostic(`${compared} kinds compared`);
  });

  const releases = kubectlReleases();
  const tried = releases.length > 1 ? [releases.at(0)!, releases.at(-1)!] : releases;
  test('there is a kubectl to try', { skip: withoutKubectl }, () => assert.ok(tried.length > 0));
  for (const { name, program } of tried) {
    test(`${name}: explain, create, get, logs, delete`, async (t) => {
      const old = new Kubectl(cluster.kubeconfig, program);
      const explained = await old.run(['explain', 'pod.spec.containers', '--recursive']);
      for (const text of [/KIND: +Pod/, /imagePullPolicy/, /terminationMessagePath/, /httpGet/])
        assert.match(explained, text);
      assert.match(await old.run(['explain', 'deployment.spec.replicas']), /Number of desired pods/);

      const pod = `try-${name.replaceAll('.', '-')}`;
      await old.run(['run', pod, '--image=example.test/app:1', '--restart=Never', '--port=80']);
      await old.run(['wait', `pod/${pod}`, '--for=condition=Ready', '--timeout=120s']);
      assert.match(await old.run(['get', 'pods', '-o', 'wide']), new RegExp(`^${pod} +1/1 +Running +0 `, 'm'));
      await old.run(['logs', pod]);
      assert.match(await old.run(['describe', 'pod', pod]), /Successfully assigned/);
      await old.run(['delete', 'pod', pod, '--grace-period=1']);
      assert.match((await old.result(['get', 'pod', pod])).stderr, /NotFound/);
      t.diagnostic((await old.run(['version', '--client'])).split('\n')[0] ?? '');
    });
  }
});
