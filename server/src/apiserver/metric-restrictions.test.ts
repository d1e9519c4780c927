/** What operators change about metrics, by flags, seen by who scrapes them. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { temporaryDirectory } from '../storage/testing/index.ts';
import { metricRestrictions } from './metric-restrictions.ts';
import { startTestServer, type TestServerOptions } from './testing/test-server.ts';

async function scrape(options: TestServerOptions): Promise<string> {
  const api = await startTestServer(options);
  try {
    for (const resource of ['pods', 'secrets', 'nodes']) await api.call('GET', `/api/v1/${resource}`);
    return (await api.call('GET', '/metrics')).text;
  } finally {
    await api.close();
  }
}

test('disabled metrics are not shown, hidden ones only when asked for', async () => {
  const text = await scrape({
    disabledMetrics: ['apiserver_request_total', 'apiserver_request_slo_duration_seconds', 'no_such_metric'],
    showHiddenMetricsForVersion: '1.35',
  });
  assert.doesNotMatch(text, /apiserver_request_total|apiserver_request_slo_duration_seconds/);
  assert.match(text, /^apiserver_request_sli_duration_seconds_count\{/m);
  assert.match(text, /^disabled_metrics_total 3$/m);
  assert.match(
    text,
    /^# HELP apiserver_flowcontrol_request_concurrency_limit \[ALPHA\] \(Deprecated since 1\.30\.0\) Nominal number/m,
  );
  const [, hidden] = /^apiserver_flowcontrol_request_concurrency_limit(\{.*)$/m.exec(text) ?? [];
  assert.ok(text.includes(`apiserver_flowcontrol_nominal_limit_seats${hidden}\n`));
});

test('values of labels that are not allowed are one', async () => {
  const text = await scrape({
    allowMetricLabels: ['apiserver_request_total,resource=pods', 'apiserver_request_total,code=200,201'],
  });
  const lines = text.split('\n').filter((line) => line.startsWith('apiserver_request_total{'));
  const resources = new Set(lines.map((line) => /resource="([^"]*)"/.exec(line)?.[1]));
  assert.deepEqual(resources, new Set(['pods', 'unexpected']));
  assert.match(text, /^cardinality_enforcement_unexpected_categorizations_total [1-9]/m);
  assert.match(text, /^apiserver_request_sli_duration_seconds_count\{.*resource="secrets"/m);
  assert.doesNotMatch(text, /apiserver_flowcontrol_request_concurrency_limit|apiserver_request_slo/);
  assert.match(text, /^hidden_metrics_total [1-9]/m);
  assert.equal(new Set(lines.map((line) => line.replace(/ \S+$/, ''))).size, lines.length);
});

test('what is wrong with the flags is told as upstream tells it', async () => {
  const { path: directory, remove } = temporaryDirectory();
  const manifest = path.join(directory, 'labels.yaml');
  const none = { allowMetricLabels: [], disabledMetrics: [] };
  const refused = (options: object, says: RegExp) => assert.rejects(metricRestrictions({ ...none, ...options }), says);
  try {
    await refused(
      { showHiddenMetricsForVersion: '1.34' },
      /metrics\.showHiddenMetricsForVersion: Invalid value: "1\.34": must be omitted or have the value '1\.35'; only the previous minor version is allowed/,
    );
    await refused({ disabledMetrics: ['a-b'] }, /metrics\.disabledMetrics: Invalid value: .*, got "a-b"/);
    await refused({ allowMetricLabels: ['metric=a'] }, /must have keys with format `metricName,labelName` where/);
    await refused({ allowMetricLabelsManifest: '/nowhere' }, /failed to read allow list manifest: /);
    await writeFile(manifest, '"a,b": "c,d"\n');
    await refused({ allowMetricLabels: ['a,b=c'], allowMetricLabelsManifest: manifest }, /cannot specify both/);
    const { allowedLabels } = await metricRestrictions({ ...none, allowMetricLabelsManifest: manifest });
    assert.deepEqual(allowedLabels, new Map([['a', new Map([['b', new Set(['c', 'd'])]])]]));
    await writeFile(manifest, 'allowListMapping:\n  "a,b": "c"\n');
    await refused({ allowMetricLabelsManifest: manifest }, /failed to parse allow list manifest/);
    await writeFile(manifest, 'a: "c"\n');
    await refused({ allowMetricLabelsManifest: manifest }, /invalid allow list mapping in manifest: \[/);
  } finally {
    remove();
  }
});
