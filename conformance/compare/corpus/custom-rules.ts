/** Objects of custom kinds: rules that fail, transitions, what unchanged values may keep. */
import type { Case, JsonObject } from '../case.ts';
import { apply, create, get, patch, sub, update } from '../requests.ts';
import {
  definition,
  dry,
  keyed,
  object,
  patches,
  redefined,
  specs,
  text,
  things,
  whole,
  withRule,
  withStatus,
} from './custom.ts';

export const customRuleCases: readonly Case[] = [
  {
    name: 'custom/rules',
    steps: [
      ...definition(
        withRule(
          object({
            a: withRule(text, { rule: "self.startsWith('a')", message: 'must start with a' }),
            b: withRule(text, { rule: 'self.size() < 3' }),
            c: withRule(text, { rule: "self == 'c'", messageExpression: "'is ' + self" }),
            d: withRule(text, { rule: "self == 'd'", message: 'is no d', messageExpression: "self.replace('x', '')" }),
            e: withRule(text, { rule: "self == 'e'", reason: 'FieldValueForbidden', message: 'no e' }),
            f: withRule(object({ g: text, h: whole }), {
              rule: "self.g == 'g'",
              fieldPath: '.g',
              reason: 'FieldValueRequired',
            }),
            list: {
              type: 'array',
              maxItems: 5,
              items: withRule(object({ x: whole }), { rule: 'self.x > 1' }),
            },
            map: {
              type: 'object',
              maxProperties: 5,
              additionalProperties: withRule({ type: 'string', maxLength: 9 }, { rule: "self != 'bad'" }),
            },
            fails: withRule(whole, { rule: '1 / self == 1' }),
            missing: withRule(object({ x: text }), { rule: "self.x == 'x'" }),
            message: withRule(whole, { rule: 'self == 1', messageExpression: 'string(1 / (self - 2))' }),
            empty: withRule(whole, { rule: 'self == 1', messageExpression: "self == 3 ? '' : ' '" }),
            lines: withRule(whole, { rule: 'self == 1', messageExpression: "'a\\nb'" }),
            duplicate: withRule(whole, { rule: 'self == 1', reason: 'FieldValueDuplicate' }),
            mixed: withRule({ 'x-kubernetes-int-or-string': true }, { rule: "self == 1 || self == 'x'" }),
            time: withRule(
              { type: 'string', format: 'date-time' },
              { rule: "self > timestamp('2026-01-01T00:00:00Z')" },
            ),
            quantity: withRule(text, { rule: "quantity(self).isLessThan(quantity('1Gi'))" }),
            nullable: withRule({ type: 'string', nullable: true }, { rule: "self == 'x'" }),
            inner: withRule(object({ 'a-b': text, namespace: text }), {
              rule: 'has(self.a__dash__b) && self.a__dash__b == self.namespace',
            }),
            two: withRule(whole, { rule: 'self > 1' }, { rule: 'self > 2' }),
            typed: withRule(text, { rule: "self == 'x'" }),
          }),
          { rule: '!has(self.a) || !has(self.b)', message: 'not both a and b' },
        ),
      ),
      ...specs({
        'a fits': { a: 'ab' },
        'a does not': { a: 'b' },
        'a and b': { a: 'a', b: 'bbbb' },
        'a message of an expression': { c: 'x' },
        'an expression that yields nothing': { d: 'x' },
        'an expression instead of the message': { d: 'xy' },
        'a reason': { e: 'x' },
        'a path': { f: { g: 'x' } },
        'a path to what is not there': { f: { h: 1 } },
        'an item': { list: [{ x: 2 }, { x: 1 }] },
        'an item without the field': { list: [{}] },
        'a value of a map': { map: { one: 'bad', two: 'good' } },
        'a division by zero': { fails: 0 },
        'a field that is missing': { missing: {} },
        'a message that fails': { message: 2 },
        'an empty message': { empty: 3 },
        'a blank message': { empty: 4 },
        'a message of lines': { lines: 2 },
        'a duplicate': { duplicate: 2 },
        'int or string': { mixed: 2 },
        'a time': { time: '2025-01-01T00:00:00Z' },
        'a quantity': { quantity: '2Gi' },
        'no quantity': { quantity: 'x' },
        null: { nullable: null },
        'names with dashes': { inner: { 'a-b': 'x', namespace: 'y' } },
        'two rules': { two: 1 },
        'beside a wrong type': { a: 'b', typed: 5 },
        'beside an unknown field': { a: 'b', unknown: 1 },
      }),
    ],
  },
  {
    name: 'custom/rules of transitions',
    steps: [
      ...definition(
        object({
          fixed: withRule(text, { rule: 'self == oldSelf', message: 'is immutable' }),
          grows: withRule(whole, {
            rule: 'self >= oldSelf',
            messageExpression: "string(self) + ' < ' + string(oldSelf)",
          }),
          either: withRule(whole, { rule: 'oldSelf.hasValue() || self == 1', optionalOldSelf: true }),
          list: keyed(
            withRule(
              object({ k: { type: 'string', maxLength: 5 }, v: { type: 'string', maxLength: 5 } }, { required: ['k'] }),
              {
                rule: 'self.v == oldSelf.v',
              },
            ),
          ),
          kept: withRule(object({ x: text, y: text }), { rule: 'has(self.x) == has(oldSelf.x)' }),
        }),
        { ...withStatus },
      ),
      ...specs({ 'a wrong first value': { either: 2 }, 'a right first value': { either: 1 } }),
      create(things, 'one', {
        spec: { fixed: 'a', grows: 5, either: 1, list: [{ k: 'a', v: 'x' }], kept: { x: 'x' } },
      }),
      ...patches('one', {
        'another value': { fixed: 'b' },
        'no value': { fixed: null } as unknown as JsonObject,
        'a smaller value': { grows: 4 },
        'a larger value': { grows: 6 },
        'a value of two': { either: 2 },
        'an item changed': { list: [{ k: 'a', v: 'y' }] },
        'an item more': {
          list: [
            { k: 'b', v: 'y' },
            { k: 'a', v: 'x' },
          ],
        },
        'a field gone': { kept: { x: null } as unknown as JsonObject },
      }),
      apply(things, 'one', { spec: { fixed: 'b' } }, { ...dry, force: true }),
      sub('status', patch('merge', things, 'one', { status: { a: 1 } })),
      patch('merge', things, 'one', { spec: { fixed: null } }),
      patch('merge', things, 'one', { spec: { fixed: 'c' } }),
    ],
  },
  {
    name: 'custom/what may stay as it is',
    steps: [
      ...definition(
        object({
          text,
          other: text,
          list: keyed(object({ k: text, v: text }, { required: ['k'] })),
          plain: { type: 'array', items: text },
          deep: object({ a: object({ b: text }) }),
          set: { type: 'array', items: text },
        }),
      ),
      create(things, 'one', {
        spec: {
          text: 'abc',
          list: [
            { k: 'a', v: 'abc' },
            { k: 'b', v: 'b' },
          ],
          plain: ['abc', 'd'],
          deep: { a: { b: 'abc' } },
          set: ['a', 'a'],
        },
      }),
      ...redefined(
        object(
          {
            text: withRule({ type: 'string', maxLength: 2 }, { rule: "self != 'abc'", message: 'not abc' }),
            other: text,
            list: keyed(object({ k: text, v: { type: 'string', pattern: '^b' } }, { required: ['k'] })),
            plain: { type: 'array', maxItems: 10, items: { type: 'string', enum: ['d', 'e'] } },
            deep: object({ a: object({ b: { type: 'string', minLength: 5 } }) }),
            set: { type: 'array', 'x-kubernetes-list-type': 'set', items: text },
            needed: text,
          },
          { required: ['needed'] },
        ),
      ),
      get(things, 'one'),
      ...patches('one', { 'without what is needed now': { other: 'x' } }),
      ...redefined(
        object({
          text: withRule({ type: 'string', maxLength: 20 }, { rule: "self != 'abc'", message: 'not abc' }),
          other: text,
          list: keyed(object({ k: text, v: { type: 'string', pattern: '^b' } }, { required: ['k'] })),
          plain: { type: 'array', maxItems: 10, items: { type: 'string', enum: ['d', 'e'] } },
          deep: object({ a: object({ b: { type: 'string', minLength: 5 } }) }),
          set: { type: 'array', 'x-kubernetes-list-type': 'set', items: text },
        }),
      ),
      ...patches('one', {
        'another field': { other: 'x' },
        'the text changed, still wrong': { text: 'abc', other: 'y' },
        'another wrong text': { text: 'abcd' },
        'an item of the list map more': {
          list: [
            { k: 'b', v: 'b' },
            { k: 'a', v: 'abc' },
            { k: 'c', v: 'c' },
          ],
        },
        'items in another order': {
          list: [
            { k: 'b', v: 'b' },
            { k: 'a', v: 'abc' },
          ],
        },
        'the plain list changed': { plain: ['abc', 'e'] },
        'the plain list in order': { plain: ['d', 'e'] },
        'a field beside the deep one': { deep: { a: { b: 'abcd' } } },
        'the set changed': { set: ['a', 'a', 'b'] },
        'the set mended': { set: ['a'] },
      }),
      update(things, 'one', { spec: { text: 'abc' }, 'metadata/labels': { a: 'b' } }, dry),
      patch('merge', things, 'one', { metadata: { labels: { a: 'b' } } }),
      create(things, 'two', { spec: { text: 'abc' } }, dry),
    ],
  },
];
