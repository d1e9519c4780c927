/**
 * Follows the FlowSchemas and PriorityLevelConfigurations, hands them to FlowControl whenever one has changed, and
 * tells each FlowSchema whether its level exists (condition Dangling).
 */
import { formatTime, isNotFound, type KubernetesObject } from '@typernetes/openapi/meta';
import type {
  FlowSchema,
  FlowSchemaCondition,
  PriorityLevelConfiguration,
} from '@typernetes/openapi/types/flowcontrol/v1';
import { type Follower, follow, type ObjectSource } from '../authorization/object-source.ts';
import type { RegistryReader } from '../registry/generic/rest.ts';
import { flowSchemas, priorityLevels } from './ensure.ts';
import type { FlowControl } from './flow-control.ts';
import { responseOf } from './level.ts';

const retryMs = 1000;
const fieldManager = 'api-priority-and-fairness-config-consumer-v1';

/** Servers that disagree must not fight: a FlowSchema's status is written at most so often in a minute. */
const writesPerMinute = 6;

export interface ConfigConsumerOptions {
  control: FlowControl;
  source: ObjectSource;
  registry: RegistryReader;
  now: () => Date;
  report: (error: unknown) => void;
}

export class ConfigConsumer {
  readonly #options: ConfigConsumerOptions;
  readonly #levels = new Map<string, Readonly<PriorityLevelConfiguration>>();
  readonly #schemas = new Map<string, Readonly<FlowSchema>>();
  readonly #writes = new Map<string, number[]>();
  #followers: Follower[] = [];
  #retry: NodeJS.Timeout | undefined;
  #due = false;
  #ready = false;
  #stopped = false;
  #writing: Promise<void> = Promise.resolve();

  constructor(options: ConfigConsumerOptions) {
    this.#options = options;
  }

  /** Resolves when what there is is in force. */
  async start(): Promise<void> {
    const { source } = this.#options;
    this.#followers = [
      follow<PriorityLevelConfiguration & KubernetesObject>(source, priorityLevels, (type, object) =>
        this.#changed(this.#levels, type, object),
      ),
      follow<FlowSchema & KubernetesObject>(source, flowSchemas, (type, object) =>
        this.#changed(this.#schemas, type, object),
      ),
    ];
    await Promise.all(this.#followers.map(({ ready }) => ready));
    this.#ready = true;
    this.#digest();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#retry);
    for (const follower of this.#followers) follower.stop();
    await this.#writing;
  }

  #changed<T extends KubernetesObject>(objects: Map<string, T>, type: 'put' | 'delete', object: T): void {
    const name = object.metadata?.name ?? '';
    if (type === 'put') objects.set(name, object);
    else objects.delete(name);
    this.#schedule();
  }

  /** Changes that come together are digested together. */
  #schedule(): void {
    if (!this.#ready || this.#due) return;
    this.#due = true;
    setImmediate(() => this.#digest());
  }

  #digest(): void {
    this.#due = false;
    if (this.#stopped) return;
    this.#options.control.configure([...this.#levels.values()], [...this.#schemas.values()]);
    const writes = [...this.#schemas.values()].map((schema) => this.#writeCondition(schema));
    const before = this.#writing;
    this.#writing = Promise.all([before, ...writes]).then(() => undefined);
  }

  async #writeCondition(schema: FlowSchema): Promise<void> {
    const { registry, now, report } = this.#options;
    const name = schema.metadata?.name ?? '';
    const wanted = this.#condition(schema);
    if (hasCondition(schema, wanted)) return;
    if (!this.#mayWrite(name)) return this.#retryLater(writeDelayMs());
    const lastTransitionTime = formatTime(now());
    try {
      await registry.apply(
        flowSchemas,
        {
          apiVersion: 'flowcontrol.apiserver.k8s.io/v1',
          kind: 'FlowSchema',
          metadata: { name },
          status: { conditions: [{ ...wanted, lastTransitionTime }] },
        } as KubernetesObject,
        { subresource: 'status', fieldManager },
      );
    } catch (error) {
      if (this.#stopped || isNotFound(error)) return;
      report(error);
      this.#retryLater(retryMs);
    }
  }

  #condition({ spec }: FlowSchema): FlowSchemaCondition {
    const level = spec?.priorityLevelConfiguration.name ?? '';
    const object = this.#levels.get(level);
    const found = object !== undefined && responseOf(object) !== undefined;
    const what = `This FlowSchema references the PriorityLevelConfiguration object named ${JSON.stringify(level)}`;
    return found
      ? { type: 'Dangling', status: 'False', reason: 'Found', message: `${what} and it exists` }
      : { type: 'Dangling', status: 'True', reason: 'NotFound', message: `${what} but there is no such object` };
  }

  #mayWrite(name: string): boolean {
    const minuteAgo = this.#options.now().getTime() - 60_000;
    const recent = (this.#writes.get(name) ?? []).filter((time) => time > minuteAgo);
    if (recent.length >= writesPerMinute) return false;
    this.#writes.set(name, [...recent, this.#options.now().getTime()]);
    return true;
  }

  #retryLater(delayMs: number): void {
    clearTimeout(this.#retry);
    if (this.#stopped) return;
    this.#retry = setTimeout(() => this.#schedule(), delayMs);
    this.#retry.unref();
  }
}

function writeDelayMs(): number {
  return (30 + Math.random() * 45) * 1000;
}

function hasCondition({ status }: FlowSchema, wanted: FlowSchemaCondition): boolean {
  const current = status?.conditions?.find(({ type }) => type === wanted.type);
  if (current === undefined) return false;
  return current.status === wanted.status && current.reason === wanted.reason && current.message === wanted.message;
}
