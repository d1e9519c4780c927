import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { parseQuantity, Quantity } from './index.ts';

const texts: [text: string, printed: string, value: number, milli: number][] = [
  ['0', '0', 0, 0],
  ['-', '0', 0, 0],
  ['0Ki', '0', 0, 0],
  ['1', '1', 1, 1000],
  ['1000', '1k', 1000, 1_000_000],
  ['1024', '1024', 1024, 1_024_000],
  ['1024Ki', '1Mi', 1048576, 1_048_576_000],
  ['12Ki', '12Ki', 12288, 12_288_000],
  ['1.5Gi', '1536Mi', 1610612736, 1_610_612_736_000],
  ['2.5Ki', '2560', 2560, 2_560_000],
  ['0.5Mi', '512Ki', 524288, 524_288_000],
  ['0.5', '500m', 1, 500],
  ['.5', '500m', 1, 500],
  ['1.5', '1500m', 2, 1500],
  ['1500m', '1500m', 2, 1500],
  ['1.500', '1.500', 2, 1500],
  ['0.1', '100m', 1, 100],
  ['1n', '1n', 1, 1],
  ['1.1n', '2n', 1, 1],
  ['-1.5Gi', '-1536Mi', -1610612736, -1_610_612_736_000],
  ['-0.5', '-500m', -1, -500],
  ['1e3', '1e3', 1000, 1_000_000],
  ['1e5', '100e3', 100_000, 100_000_000],
  ['5e-4', '500e-6', 1, 1],
  ['0.5Ki', '512', 512, 512_000],
  ['0.0001Ki', '102400u', 1, 103],
];

for (const [text, printed, value, milli] of texts) {
  test(`${text} is ${printed}`, () => {
    const quantity = parseQuantity(text);
    assert.equal(quantity.toString(), printed);
    assert.equal(quantity.value() + 0, value);
    assert.equal(quantity.milliValue() + 0, milli);
  });
}

const wrongFormat = /^QuantityError: quantities must match the regular expression '\^\(\[\+-\]\?\[0-9\.\]\+\)/;
const wrongSuffix = /^QuantityError: unable to parse quantity's suffix$/;
for (const [text, message] of [
  ['', wrongFormat],
  ['a', wrongFormat],
  ['1.2.3', wrongFormat],
  ['1 ', wrongFormat],
  ['1KiB', wrongFormat],
  ['--1', wrongSuffix],
  ['1mm', wrongSuffix],
  ['1K', wrongSuffix],
  ['1e', wrongSuffix],
  ['1e99999999999', wrongSuffix],
] as const) {
  test(`${JSON.stringify(text)} is refused`, () => {
    assert.throws(() => parseQuantity(text), message);
  });
}

test('binary amounts stop at the largest int64', () => {
  assert.equal(parseQuantity('99999999999999999999Ei').toString(), '9223372036854775807');
});

test('sums keep the notation, and a zero takes over the other one', () => {
  const add = (left: string, right: string): string => parseQuantity(left).add(parseQuantity(right)).toString();
  assert.equal(add('1Gi', '1Gi'), '2Gi');
  assert.equal(add('1500m', '500m'), '2');
  assert.equal(add('0', '1Mi'), '1Mi');
  assert.equal(add('1', '1Ki'), '1025');
  assert.equal(parseQuantity('2Gi').sub(parseQuantity('512Mi')).toString(), '1536Mi');
  assert.equal(Quantity.fromMilli(1500).toString(), '1500m');
  assert.equal(Quantity.fromNumber(1024 * 1024, 'BinarySI').toString(), '1Mi');
});

const suffix = fc.constantFrom(
  'n',
  'u',
  'm',
  '',
  'k',
  'M',
  'G',
  'T',
  'P',
  'E',
  'Ki',
  'Mi',
  'Gi',
  'Ti',
  'e3',
  'e-3',
  'E2',
);
const amount = fc.tuple(fc.integer({ min: -99_999, max: 99_999 }), fc.option(fc.nat(999)), suffix);
const quantityText = amount.map(
  ([whole, fraction, unit]) => `${whole}${fraction === null ? '' : `.${fraction}`}${unit}`,
);

test('however long a text is, it takes no time', () => {
  const started = process.cpuUsage();
  for (const text of [`${'1'.repeat(1_000_000)}x`, '1'.repeat(1_000_000), `0.${'1'.repeat(1_000_000)}`])
    assert.throws(() => parseQuantity(text), wrongFormat);
  assert.equal(parseQuantity(`1${'0'.repeat(4000)}`).toString(), '10e3999');
  assert.ok(process.cpuUsage(started).user < 2_000_000);
});

test('property: printing loses nothing and is stable', () => {
  fc.assert(
    fc.property(quantityText, (text) => {
      const quantity = parseQuantity(text);
      const canonical = parseQuantity(quantity.canonical());
      assert.equal(canonical.compare(quantity), 0);
      assert.equal(canonical.canonical(), quantity.canonical());
      assert.equal(parseQuantity(quantity.toString()).compare(quantity), 0);
    }),
  );
});

test('property: order and arithmetic agree', () => {
  fc.assert(
    fc.property(quantityText, quantityText, (left, right) => {
      const [a, b] = [parseQuantity(left), parseQuantity(right)];
      assert.equal(a.compare(b), a.sub(b).sign());
      assert.equal(a.add(b).sub(b).compare(a), 0);
      assert.equal(a.add(b).compare(b.add(a)), 0);
      assert.ok(a.milliValue() === 0 || Math.sign(a.milliValue()) === a.sign());
    }),
  );
});

test('property: rounding is away from zero, by less than one', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(10n ** 15n), max: 10n ** 15n }), (nanos) => {
      const whole = new Quantity(nanos, -9, 'DecimalSI').scaledBigInt(0) * 10n ** 9n;
      const error = nanos < 0n ? nanos - whole : whole - nanos;
      assert.ok(error >= 0n && error < 10n ** 9n);
    }),
  );
});
