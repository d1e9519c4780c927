/** Takes out of an answer what two clusters may rightly differ in, and nothing else. */
import type { Json, JsonObject } from './case.ts';
import type { Answer } from './target.ts';

export class Normaliser {
  private readonly namespace: string;
  /** Everything sent so far: what a client chose is compared, what the server chose is not. */
  private sent = '';
  private readonly chosen = new Set<string>();
  private readonly generated = new Map<string, string>();

  constructor(namespace: string) {
    this.namespace = namespace;
  }

  noteSent(text: string): void {
    this.sent += `${text}\n`;
  }

  answer({ status, contentType, warnings, body }: Answer): Answer {
    this.noteGenerated(body);
    return {
      status,
      contentType,
      warnings: warnings.map((warning) => this.text(warning)),
      body: this.value(body, ''),
    };
  }

  private value(value: Json, key: string): Json {
    if (typeof value === 'string') return this.string(value, key);
    if (typeof value === 'number') return this.number(value, key);
    if (Array.isArray(value)) return value.map((each) => this.value(each, key));
    if (typeof value !== 'object' || value === null) return value;
    const object: JsonObject = {};
    for (const [name, child] of Object.entries(value)) object[this.text(name)] = this.value(child, name);
    return object;
  }

  private number(value: number, key: string): Json {
    if ((key === 'nodePort' || key === 'healthCheckNodePort') && value >= 30_000 && !this.sent.includes(String(value)))
      return '<port>';
    return value;
  }

  private string(value: string, key: string): string {
    if (key === 'resourceVersion' && /^[1-9]\d*$/.test(value)) return '<version>';
    if (key === 'continue' && value.length > 20) return '<continue>';
    if (/^(clusterIPs?|clusterIP)$/.test(key) && value !== 'None' && !this.sent.includes(value)) return '<ip>';
    if (key === 'cells' && /^(\d+[smhdy]){1,2}$/.test(value)) return '<age>';
    if (key === 'cells' && /^\d+:\d+\/(TCP|UDP|SCTP)/.test(value))
      return value.replaceAll(/:(3\d{4})\//g, (text, port: string) => (this.sent.includes(port) ? text : ':<port>/'));
    if (key === 'cells' && /^10\.\d+\.\d+\.\d+$/.test(value) && !this.sent.includes(value)) return '<ip>';
    if (key === 'token' && value.startsWith('ey')) return '<token>';
    return this.text(value);
  }

  /** What the cluster chose stays its choice when a later request sends it back. */
  private uid(uid: string): string {
    if (!this.sent.includes(uid)) this.chosen.add(uid);
    return this.chosen.has(uid) ? '<uid>' : uid;
  }

  /** A name made from metadata.generateName ends in five random letters, and may be said elsewhere too. */
  private noteGenerated(value: Json): void {
    if (typeof value !== 'object' || value === null) return;
    if (!Array.isArray(value)) {
      // A refusal tells the name that the server made of what was sent.
      const refused = value['kind'] === 'Status' ? (value['details'] as JsonObject | undefined)?.['name'] : undefined;
      if (typeof refused === 'string' && refused.length > 5 && !this.sent.includes(`"name":"${refused}"`)) {
        const kept = refused.slice(0, -5);
        if (this.sent.includes(`"generateName":"${kept}`)) this.generated.set(refused, `${kept}<random>`);
      }
      const { name, generateName } = value;
      if (typeof generateName === 'string' && typeof name === 'string' && name.length > 5) {
        const kept = name.slice(0, -5);
        if (generateName.startsWith(kept)) this.generated.set(name, `${kept}<random>`);
      }
    }
    for (const child of Object.values(value)) this.noteGenerated(child);
  }

  /** An object quoted in a message is compared as an object: the order of its fields says nothing. */
  private quotedObjects(value: string): string {
    if (!value.includes('"{\\"')) return value;
    return value.replaceAll(/"\{\\"(?:[^"\\]|\\.)*\}"/g, (quoted) => {
      try {
        return sorted(this.value(JSON.parse(JSON.parse(quoted) as string) as Json, ''));
      } catch {
        return quoted;
      }
    });
  }

  private text(value: string): string {
    let shown = this.quotedObjects(value);
    for (const [name, said] of this.generated) shown = shown.replaceAll(name, said);
    return shown
      .replaceAll(this.namespace, '$ns')
      .replaceAll(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, (uid) => this.uid(uid))
      .replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)/g, (time) =>
        this.sent.includes(time) ? time : '<time>',
      )
      .replaceAll(/("resourceVersion":")[1-9]\d*(?=")/g, '$1<version>')
      .replaceAll(/\b\d+s ago\b/g, '<age> ago')
      .replaceAll(/kube-api-access-[a-z0-9]{5}\b/g, 'kube-api-access-<random>');
  }
}

/** By key; owners of fields in any order. */
const sorted = (value: Json): string =>
  JSON.stringify(value, (key, each: Json) => {
    if (key === 'managedFields' && Array.isArray(each))
      return each.toSorted((left, right) => (JSON.stringify(left) < JSON.stringify(right) ? -1 : 1));
    return typeof each === 'object' && each !== null && !Array.isArray(each)
      ? Object.fromEntries(Object.entries(each).toSorted(([left], [right]) => (left < right ? -1 : 1)))
      : each;
  });
