/** The few lines that `up` shows while it starts: in place on a terminal, one line per event elsewhere. */
import type { Writable } from 'node:stream';
import type { ComponentState } from './supervisor.ts';

export class StatusView {
  private readonly output: Writable & { isTTY?: boolean; columns?: number };
  private readonly states = new Map<string, ComponentState>();
  private readonly announced = new Map<string, string>();
  private drawn = 0;
  private live: boolean;

  constructor(output: Writable & { isTTY?: boolean; columns?: number }) {
    this.output = output;
    this.live = output.isTTY === true;
  }

  update(state: ComponentState): void {
    this.states.set(state.name, { ...state });
    if (this.live) this.draw();
    else this.announce(state);
  }

  /** A line of its own, above the live part. */
  note(text: string): void {
    this.erase();
    this.output.write(`${text}\n`);
    if (this.live) this.draw();
  }

  /** The components as they stand become ordinary lines; later changes are written as single lines. */
  freeze(): void {
    if (this.live) this.draw();
    this.drawn = 0;
    this.live = false;
    for (const state of this.states.values()) this.announced.set(state.name, state.phase);
  }

  private announce(state: ComponentState): void {
    if (this.announced.get(state.name) === state.phase) return;
    this.announced.set(state.name, state.phase);
    if (state.phase !== 'starting') this.output.write(`${describe(state)}\n`);
  }

  private draw(): void {
    this.erase();
    for (const state of this.states.values())
      this.output.write(`${describe(state).slice(0, (this.output.columns ?? 80) - 1)}\n`);
    this.drawn = this.states.size;
  }

  private erase(): void {
    if (this.drawn > 0) this.output.write(`\u001b[${this.drawn}A\u001b[0J`);
    this.drawn = 0;
  }
}

export function describe(state: ComponentState): string {
  const name = `  ${state.name.padEnd(20)}`;
  switch (state.phase) {
    case 'starting':
      return `${name}starting${state.message === '' ? '' : `: ${state.message}`}`;
    case 'ready':
      return `${name}ready after ${Math.round(state.readyAfterMs ?? 0)} ms${state.message === '' ? '' : `: ${state.message}`}`;
    case 'restarting':
      return `${name}ended (${state.message}); starting it again (restart ${state.restarts})`;
    case 'stopping':
      return `${name}stopping`;
    case 'stopped':
      return `${name}stopped`;
  }
}
