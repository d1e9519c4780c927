/** Sets of fields built level by level, together with their FieldsV1. */
import type { JsonObject } from '../../meta/object.ts';
import { type FieldEntry, FieldSet } from './field-set.ts';
import { comparePathElements, type PathElement } from './path-element.ts';

const leaf: FieldEntry = { member: true, children: undefined };

/** A level that is finished. */
interface Made {
  readonly set: FieldSet;
  /** Whether the same fields lead here again. */
  readonly kept: boolean;
}

/**
 * Fields of one object so far, in the order they came. Steps are kept, so that what one template makes takes the same
 * steps to the same set each time: sets and their encodings never change, and objects can share them.
 */
class Step {
  readonly #before: Step | undefined;
  readonly #element: PathElement;
  readonly #entry: FieldEntry;
  readonly #length: number;
  readonly #kept: boolean;
  #leaves: Map<PathElement, Step> | undefined;
  #parents: Map<PathElement, Map<Made, Step>> | undefined;
  #members: Map<PathElement, Map<Made, Step>> | undefined;
  #made: Made | undefined;
  #madeWithSelf: Made | undefined;

  constructor(before: Step | undefined, element: PathElement, entry: FieldEntry, kept: boolean) {
    this.#before = before;
    this.#element = element;
    this.#entry = entry;
    this.#length = before === undefined ? 0 : before.#length + 1;
    this.#kept = kept;
  }

  leaf(element: PathElement): Step {
    const steps = (this.#leaves ??= new Map());
    return steps.get(element) ?? this.#next(steps, element, element, leaf, true);
  }

  parent(element: PathElement, member: boolean, children: Made): Step {
    const byElement = member ? (this.#members ??= new Map()) : (this.#parents ??= new Map());
    let steps = byElement.get(element);
    if (steps === undefined) byElement.set(element, (steps = new Map()));
    const entry = { member, children: children.set };
    return steps.get(children) ?? this.#next(steps, children, element, entry, children.kept);
  }

  #next<Key>(steps: Map<Key, Step>, key: Key, element: PathElement, entry: FieldEntry, mayKeep: boolean): Step {
    const kept =
      mayKeep && this.#kept && this.#length < maxLevel && element.length <= maxElement && keptSteps < maxKept;
    const step = new Step(this, element, entry, kept);
    if (!kept) return step;
    keptSteps++;
    steps.set(key, step);
    return step;
  }

  /** `self`: whether the object is a field itself. Undefined where it has no fields. */
  make(self: boolean): Made | undefined {
    if (this.#before === undefined) return undefined;
    if (self) return (this.#madeWithSelf ??= { set: Step.#sorted(this, true), kept: this.#kept });
    return (this.#made ??= { set: Step.#sorted(this, false), kept: this.#kept });
  }

  static #sorted(last: Step, self: boolean): FieldSet {
    const steps: Step[] = [];
    for (let step = last; step.#before !== undefined; step = step.#before) steps.push(step);
    steps.sort((left, right) => comparePathElements(left.#element, right.#element));
    const encoded: JsonObject = self ? { '.': {} } : {};
    for (const step of steps) encoded[step.#element] = step.#entry.children?.encoded ?? {};
    const set = new FieldSet(new Map(steps.map((step) => [step.#element, step.#entry])));
    set.encoded = encoded;
    return set;
  }
}

/** What is longer is not likely to come again. */
const maxLevel = 512;
const maxElement = 256;
const maxKept = 16_384;
let keptSteps = 0;
let start = new Step(undefined, '', leaf, true);

/** The fields of an object, to begin with. */
export function newLevel(): Level {
  if (keptSteps >= maxKept) {
    keptSteps = 0;
    start = new Step(undefined, '', leaf, true);
  }
  return new Level(start);
}

export class Level {
  #step: Step;

  constructor(step: Step) {
    this.#step = step;
  }

  add(element: PathElement): void {
    this.#step = this.#step.leaf(element);
  }

  /** `member`: whether the object is a field of its own. */
  addTo(above: Level, element: PathElement, member: boolean): void {
    const made = this.#step.make(member);
    if (made !== undefined) above.#step = above.#step.parent(element, member, made);
    else if (member) above.add(element);
  }

  build(): FieldSet {
    return this.#step.make(false)?.set ?? FieldSet.empty;
  }
}
