import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseFeatureGates } from './feature-gates.ts';

test('gates have their defaults until they are set, alone or with all of their stage', () => {
  const cbor = (text: string): boolean => parseFeatureGates(text).enabled('CBORServingAndStorage');
  assert.equal(cbor(''), false);
  assert.equal(cbor('CBORServingAndStorage=true'), true);
  assert.equal(cbor('AllAlpha=true'), true);
  assert.equal(cbor('CBORServingAndStorage=false,AllAlpha=T'), false);
  assert.equal(cbor('AllBeta=true, CBORServingAndStorage = 1'), true);
});

test('what changes nothing here is known', () => {
  assert.deepEqual(parseFeatureGates('CBORServingAndStorage=true,StorageVersionAPI=true').ineffective, [
    'StorageVersionAPI',
  ]);
  assert.deepEqual(parseFeatureGates('StorageVersionAPI=false').ineffective, [], 'that is its default');
});

test('errors are worded as upstream words them', () => {
  const refused: Record<string, string> = {
    Foo: 'missing bool value for Foo',
    'Foo=maybe': 'invalid value of Foo=maybe, err: strconv.ParseBool: parsing "maybe": invalid syntax',
    'Foo=true': 'unrecognized feature gate: Foo',
    'Foo=true,Bar=false': '[unrecognized feature gate: Foo, unrecognized feature gate: Bar]',
    'AggregatedDiscoveryRemoveBetaType=false':
      'cannot set feature gate AggregatedDiscoveryRemoveBetaType to false, feature is locked to true',
    '__proto__=true': 'unrecognized feature gate: __proto__',
  };
  for (const [text, message] of Object.entries(refused))
    assert.throws(() => parseFeatureGates(text), { message }, text);
});
