/** The last result of each probe of each container, and who wants to hear when it changes. */
export type ProbeKind = 'liveness' | 'readiness' | 'startup';
export type ProbeOutcome = 'success' | 'failure' | 'unknown';

export type ProbeListener = (change: {
  kind: ProbeKind;
  podUid: string;
  containerId: string;
  outcome: ProbeOutcome;
}) => void;

export class ProbeResults {
  readonly #results = new Map<string, ProbeOutcome>();
  readonly #listener: ProbeListener;

  constructor(listener: ProbeListener) {
    this.#listener = listener;
  }

  get(kind: ProbeKind, containerId: string): ProbeOutcome | undefined {
    return this.#results.get(`${kind} ${containerId}`);
  }

  set(kind: ProbeKind, containerId: string, podUid: string, outcome: ProbeOutcome): void {
    const key = `${kind} ${containerId}`;
    if (this.#results.get(key) === outcome) return;
    this.#results.set(key, outcome);
    this.#listener({ kind, podUid, containerId, outcome });
  }

  remove(kind: ProbeKind, containerId: string): void {
    this.#results.delete(`${kind} ${containerId}`);
  }
}
