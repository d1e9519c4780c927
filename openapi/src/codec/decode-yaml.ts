/**
 * Decodes YAML that clients send. The library takes 3 µs a byte, so a body of a megabyte would keep all other requests
 * waiting for seconds: what is long is read in a thread of its own, one document after the other.
 */
import { Worker } from 'node:worker_threads';
import { parseJson } from './parse-json.ts';
import { CodecError, type Decoded, type DecodeOptions } from './serializer.ts';
import { tryJson, yamlSerializer } from './yaml-serializer.ts';
import type { YamlAnswer, YamlQuestion } from './yaml-thread.ts';

/** Read at once: 30 ms. */
const shortBytes = 8 * 1024;
/** The thread goes when it had nothing to do for so long. */
const idleMs = 10_000;
/** Several times what a body of 3 MiB takes. Who needs more (aliases of aliases) is refused, and harms nobody else. */
const heapMiB = 1024;

interface Waiting {
  question: YamlQuestion;
  resolve: (answer: YamlAnswer | Promise<YamlAnswer>) => void;
  reject: (error: Error) => void;
}

let current: YamlThread | undefined;

class YamlThread {
  readonly #waiting: Waiting[] = [];
  readonly #worker: Worker;
  #idle: NodeJS.Timeout | undefined;

  constructor() {
    const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
    this.#worker = new Worker(new URL(`./yaml-thread.${extension}`, import.meta.url), {
      resourceLimits: { maxOldGenerationSizeMb: heapMiB },
      execArgv: [],
    });
    this.#worker.on('message', (answer: YamlAnswer) => {
      this.#waiting.shift()?.resolve(answer);
      if (this.#waiting.length === 0) this.#rest();
    });
    this.#worker.on('error', (error: Error & { code?: string }) =>
      this.#end(
        error.code === 'ERR_WORKER_OUT_OF_MEMORY' ? new CodecError('yaml: document takes too much memory') : error,
      ),
    );
    this.#worker.on('exit', () => this.#end(new Error('the thread that reads YAML has ended')));
  }

  ask(question: YamlQuestion): Promise<YamlAnswer> {
    clearTimeout(this.#idle);
    this.#worker.ref();
    return new Promise((resolve, reject) => {
      this.#waiting.push({ question, resolve, reject });
      this.#worker.postMessage(question);
    });
  }

  #rest(): void {
    this.#worker.unref();
    this.#idle = setTimeout(() => {
      this.#leave();
      void this.#worker.terminate();
    }, idleMs).unref();
  }

  #leave(): void {
    if (current === this) current = undefined;
  }

  /** Whose document it died of is told so, the others have theirs read by another. */
  #end(error: Error): void {
    this.#leave();
    const [culprit, ...others] = this.#waiting.splice(0);
    culprit?.reject(error);
    for (const { question, resolve } of others) resolve(ask(question));
  }
}

function ask(question: YamlQuestion): Promise<YamlAnswer> {
  current ??= new YamlThread();
  return current.ask(question);
}

/** As yamlSerializer.decode; rejects with CodecError. */
export async function decodeYaml(bytes: Uint8Array, options?: DecodeOptions): Promise<Decoded> {
  const json = tryJson(bytes, options);
  if (json !== undefined) return json;
  if (bytes.length <= shortBytes) return yamlSerializer.decode(bytes, options);
  const answer = await ask({ bytes, strict: options?.strict === true });
  if ('problem' in answer) throw new CodecError(answer.problem);
  const { json: text, duplicateFields, strictErrors } = answer;
  return { object: parseJson(Buffer.from(text)).value as Decoded['object'], duplicateFields, strictErrors };
}
