/** The API server's command line, as its help tells it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ApiserverOptions } from '../config.ts';
import { apiserverFlags } from './index.ts';

async function parsed(...args: string[]): Promise<Partial<ApiserverOptions>> {
  let given: Partial<ApiserverOptions> = {};
  await apiserverFlags((options) => {
    given = options;
    return Promise.resolve();
  }).parseAsync(args, { from: 'user' });
  return given;
}

/** By name: what it takes, and its description. */
function offered(): Map<string, { takes: string; description: string }> {
  const help = apiserverFlags(() => Promise.resolve()).configureHelp({
    helpWidth: 10_000,
    optionDescription: (option) => option.description,
  });
  const lines = help.helpInformation().matchAll(/^ {2}--(\S+) (\S+) +(.*)$/gm);
  return new Map([...lines].map(([, name = '', takes = '', description = '']) => [name, { takes, description }]));
}

test('the help says what a flag takes, and its default in the form in which it is given', async () => {
  const flags = offered();
  assert.ok(flags.size > 90, String(flags.size));
  for (const [name, { description }] of flags) {
    assert.match(description, /^\S.*[^ ]$/, name);
    assert.doesNotMatch(description, /default: *\)|preset/, name);
  }
  assert.deepEqual(flags.get('event-ttl'), {
    takes: '<duration>',
    description: 'how long events are kept (default: 1h0m0s)',
  });
  assert.equal(flags.get('audit-webhook-batch-max-wait')?.description.endsWith('(default: 30s)'), true);
  assert.equal(flags.get('secure-port')?.takes, '<number>');
  assert.equal(flags.get('client-ca-file')?.takes, '<file>');
  assert.equal(flags.get('disable-http2-serving')?.takes, '[boolean]');
  for (const [name, { takes, description }] of flags) {
    const [, value] = / \(default: (.*)\)$/.exec(description) ?? [];
    if (value !== undefined) assert.notDeepEqual(await parsed(`--${name}=${value}`), {}, `${name} ${takes} ${value}`);
  }
});

test('what changes nothing is taken, and not offered', async () => {
  assert.ok(!offered().has('kubelet-timeout'));
  assert.deepEqual(await parsed('--kubelet-timeout=3s'), { kubeletTimeoutMs: 3000 });
});

test('booleans need no value, lists may be given in parts', async () => {
  assert.deepEqual(await parsed('--anonymous-auth=false', '--enable-bootstrap-token-auth'), {
    anonymousAuth: false,
    enableBootstrapTokenAuth: true,
  });
  assert.deepEqual(await parsed('--api-audiences=a,b', '--api-audiences', 'c'), { apiAudiences: ['a', 'b', 'c'] });
});

test('pairs of a key and values have commas in them, several are in quotes', async () => {
  const labels = async (...given: string[]) =>
    (await parsed(...given.map((each) => `--allow-metric-labels=${each}`))).allowMetricLabels;
  assert.deepEqual(await labels('a,b=c,d', 'e,f=g'), ['a,b=c,d', 'e,f=g']);
  assert.deepEqual(await labels('"a,b=c,d","e,f=g"'), ['a,b=c,d', 'e,f=g']);
  assert.match(await mistake('--allow-metric-labels=a,b'), /a,b must be formatted as key=value/);
});

const mistake = async (...args: string[]): Promise<string> => {
  const command = apiserverFlags(() => Promise.resolve());
  let said = '';
  command.exitOverride().configureOutput({ writeErr: (text) => (said += text) });
  await assert.rejects(command.parseAsync(args, { from: 'user' }));
  return said;
};

test('flags of upstream with one value here are taken with it', async () => {
  assert.deepEqual(
    await parsed('--profiling=false', '--storage-backend=etcd3', '--watch-cache', '-v', '2', '--v=4', '--vmodule=a=1'),
    {},
  );
  assert.match(await mistake('--profiling=true'), /no Go profiles.*It can only be false/s);
  assert.match(await mistake('--storage-media-type=application/yaml'), /It can only be application\/json/);
});

test('flags of upstream that are not there say why', async () => {
  assert.match(await mistake('--egress-selector-config-file=a'), /there is no tunnel/);
  assert.match(await mistake('--admission-control=A'), /use --enable-admission-plugins/);
});
