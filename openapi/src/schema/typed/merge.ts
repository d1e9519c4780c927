/** Laying an applied configuration over a live object. */
import type { JsonObject, JsonValue } from '../../meta/object.ts';
import { deepCopy, setOwn } from '../json-value.ts';
import { listItemElement } from './list-item.ts';
import type { PathElement } from './path-element.ts';
import { asList, asMap, kindOf, type ListType, type MapType, memberType, type TypedNode } from './typed-node.ts';
import { isEmptyObject, memberOf } from './value.ts';

type Value = JsonValue | undefined;

/**
 * Nothing is removed; where both have a leaf, the configuration's stays; items of lists keep the live order, unless the
 * configuration orders them otherwise. Both must be valid, the configuration without items that come more than once.
 * The result shares nothing with what it was made of.
 */
export function mergeTyped(node: TypedNode, live: Value, config: Value): Value {
  const kind = config === undefined ? kindOf(node, live) : kindOf(node, config);
  switch (kind ?? node.preferred) {
    case 'list':
      return mergeLists(node.list as ListType, live, config);
    case 'map':
      return mergeMaps(node.map as MapType, live, config);
    default:
      return leaf(live, config);
  }
}

function leaf(live: Value, config: Value): Value {
  return deepCopy(config === undefined ? live : config);
}

function mergeMaps(map: MapType, live: Value, config: Value): Value {
  const left = asMap(live);
  const right = asMap(config);
  if (map.atomic || (isEmptyMap(left) && isEmptyMap(right))) return leaf(live, config);
  const result: JsonObject = {};
  for (const key in left) mergeMember(map, key, memberOf(left, key), right && memberOf(right, key), result);
  for (const key in right) {
    if (left === undefined || memberOf(left, key) === undefined)
      mergeMember(map, key, undefined, memberOf(right, key), result);
  }
  return isEmptyObject(result) ? undefined : result;
}

function isEmptyMap(members: JsonObject | undefined): boolean {
  return members === undefined || isEmptyObject(members);
}

function mergeMember(map: MapType, key: string, live: Value, config: Value, result: JsonObject): void {
  if (live === undefined && config === undefined) return;
  const node = memberType(map, key);
  const value = node === undefined ? leaf(live, config) : mergeTyped(node, live, config);
  if (value !== undefined) setOwn(result, key, value);
}

interface Item {
  readonly element: PathElement;
  readonly value: JsonValue;
}

function mergeLists(list: ListType, live: Value, config: Value): Value {
  const left = asList(live) ?? [];
  const right = asList(config) ?? [];
  if (list.atomic || (left.length === 0 && right.length === 0)) return leaf(live, config);
  const merged = new ListMerge(list, left, right).run();
  return merged.length === 0 ? undefined : merged;
}

/**
 * Items the configuration does not name stay where they are between those it names; those it names come in its order.
 * `awaited` is the next item both lists have, in the configuration's order: live items of both lists are passed over
 * until it is its turn.
 */
class ListMerge {
  private readonly list: ListType;
  private readonly live: readonly Item[];
  private readonly config: readonly Item[];
  private readonly liveValues = new Map<PathElement, JsonValue>();
  private readonly configElements: ReadonlySet<PathElement>;
  private readonly shared: readonly PathElement[];
  private readonly placed = new Set<PathElement>();
  private readonly result: JsonValue[] = [];
  private awaited = 0;

  constructor(list: ListType, live: readonly JsonValue[], config: readonly JsonValue[]) {
    this.list = list;
    this.live = named(list, live);
    this.config = named(list, config);
    for (const { element, value } of this.live) {
      // Which of several items of one name is meant cannot be told: the configuration's is taken as it is.
      this.liveValues.set(element, this.liveValues.has(element) ? null : value);
    }
    this.configElements = new Set(this.config.map((item) => item.element));
    this.shared = this.config.map((item) => item.element).filter((element) => this.liveValues.has(element));
  }

  run(): JsonValue[] {
    let [liveIndex, configIndex] = [0, 0];
    while (liveIndex < this.live.length || configIndex < this.config.length) {
      const live = this.live[liveIndex];
      const config = this.config[configIndex];
      if (live !== undefined && config !== undefined) {
        if (live.element === config.element) {
          this.place(config);
          this.awaited++;
          liveIndex++;
          configIndex++;
          continue;
        }
        const awaited = this.shared[this.awaited];
        if (this.configElements.has(live.element) && awaited !== undefined && awaited !== live.element) {
          liveIndex++;
          continue;
        }
      }
      if (live !== undefined) {
        if (!this.configElements.has(live.element)) {
          this.push(mergeTyped(this.list.item, live.value, undefined));
          liveIndex++;
          continue;
        }
        if (this.placed.has(live.element)) liveIndex++;
      }
      if (config !== undefined) {
        this.place(config);
        configIndex++;
        if (this.shared[this.awaited] === config.element) this.awaited++;
      }
    }
    return this.result;
  }

  private place(config: Item): void {
    this.placed.add(config.element);
    this.push(mergeTyped(this.list.item, this.liveValues.get(config.element), config.value));
  }

  private push(value: Value): void {
    if (value !== undefined) this.result.push(value);
  }
}

function named(list: ListType, items: readonly JsonValue[]): Item[] {
  return items.flatMap((value) => {
    const element = listItemElement(list, value);
    return element === undefined ? [] : [{ element, value }];
  });
}
