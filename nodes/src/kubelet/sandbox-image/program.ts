/**
 * The program of a pod's sandbox, in machine code: it blocks all signals and waits for one after the other. SIGCHLD: it
 * reaps every child that has ended (as PID 1 of a pod that shares its processes it inherits orphans). SIGTERM and
 * SIGINT: it exits. Blocked signals reach PID 1 too, which otherwise ignores what it does not handle.
 */
import { MachineCode } from './assembler.ts';

export type Architecture = 'x64' | 'arm64';

const signals = { interrupt: 2, terminate: 15, child: 17 };
const withoutHanging = 1;

function x64(): Buffer {
  const code = new MachineCode();
  const calls = { sigprocmask: 14, sigtimedwait: 128, wait4: 61, exit: 60 };
  const immediate = (value: number): number[] => [
    value & 0xff,
    (value >>> 8) & 0xff,
    (value >>> 16) & 0xff,
    (value >>> 24) & 0xff,
  ];
  const moveEax = (value: number): void => code.bytes(0xb8, ...immediate(value));
  const moveEdi = (value: number): void => code.bytes(0xbf, ...immediate(value));
  const moveEdx = (value: number): void => code.bytes(0xba, ...immediate(value));
  const moveR10 = (value: number): void => code.bytes(0x41, 0xba, ...immediate(value));
  const clearEdi = (): void => code.bytes(0x31, 0xff);
  const clearEsi = (): void => code.bytes(0x31, 0xf6);
  const clearEdx = (): void => code.bytes(0x31, 0xd2);
  const syscall = (): void => code.bytes(0x0f, 0x05);
  const compareEax = (value: number): void => code.bytes(0x83, 0xf8, value);
  const short = (opcode: number, label: string): void =>
    code.jump(label, 2, (distance) => [opcode, (distance - 2) & 0xff]);
  const jumpIfEqual = (label: string): void => short(0x74, label);
  const jumpIfNotEqual = (label: string): void => short(0x75, label);
  const jumpIfGreater = (label: string): void => short(0x7f, label);
  const jump = (label: string): void => short(0xeb, label);

  code.bytes(0x6a, 0xff); // push -1: the set of all signals, at rsp
  moveEax(calls.sigprocmask);
  clearEdi(); // SIG_BLOCK
  code.bytes(0x48, 0x89, 0xe6); // mov rsi, rsp
  clearEdx();
  moveR10(8);
  syscall();
  code.label('wait');
  moveEax(calls.sigtimedwait);
  code.bytes(0x48, 0x89, 0xe7); // mov rdi, rsp
  clearEsi();
  clearEdx();
  moveR10(8);
  syscall();
  compareEax(signals.terminate);
  jumpIfEqual('exit');
  compareEax(signals.interrupt);
  jumpIfEqual('exit');
  compareEax(signals.child);
  jumpIfNotEqual('wait');
  code.label('reap');
  moveEax(calls.wait4);
  moveEdi(-1);
  clearEsi();
  moveEdx(withoutHanging);
  moveR10(0);
  syscall();
  compareEax(0);
  jumpIfGreater('reap');
  jump('wait');
  code.label('exit');
  moveEax(calls.exit);
  clearEdi();
  syscall();
  return code.assemble();
}

function arm64(): Buffer {
  const code = new MachineCode();
  const calls = { sigprocmask: 135, sigtimedwait: 137, wait4: 260, exit: 93 };
  const move = (register: number, value: number): void => code.word((0xd2800000 | (value << 5) | register) >>> 0);
  const moveMinusOne = (register: number): void => code.word((0x92800000 | register) >>> 0);
  const moveStackPointer = (register: number): void => code.word((0x910003e0 | register) >>> 0);
  const supervisorCall = (call: number): void => {
    move(8, call);
    code.word(0xd4000001);
  };
  const compareW0 = (value: number): void => code.word((0x7100001f | (value << 10)) >>> 0);
  const branchIf = (condition: number, label: string): void =>
    code.jump(label, 4, (distance) => word((0x54000000 | (((distance / 4) & 0x7ffff) << 5) | condition) >>> 0));
  const branch = (label: string): void =>
    code.jump(label, 4, (distance) => word((0x14000000 | ((distance / 4) & 0x3ffffff)) >>> 0));
  const word = (value: number): number[] => [
    value & 0xff,
    (value >>> 8) & 0xff,
    (value >>> 16) & 0xff,
    (value >>> 24) & 0xff,
  ];
  const [equal, notEqual, greater] = [0, 1, 12];

  moveMinusOne(0);
  code.word(0xf81f0fe0); // str x0, [sp, #-16]!: the set of all signals, at sp
  move(0, 0); // SIG_BLOCK
  moveStackPointer(1);
  move(2, 0);
  move(3, 8);
  supervisorCall(calls.sigprocmask);
  code.label('wait');
  moveStackPointer(0);
  move(1, 0);
  move(2, 0);
  move(3, 8);
  supervisorCall(calls.sigtimedwait);
  compareW0(signals.terminate);
  branchIf(equal, 'exit');
  compareW0(signals.interrupt);
  branchIf(equal, 'exit');
  compareW0(signals.child);
  branchIf(notEqual, 'wait');
  code.label('reap');
  moveMinusOne(0);
  move(1, 0);
  move(2, withoutHanging);
  move(3, 0);
  supervisorCall(calls.wait4);
  compareW0(0);
  branchIf(greater, 'reap');
  branch('wait');
  code.label('exit');
  move(0, 0);
  supervisorCall(calls.exit);
  return code.assemble();
}

const machines: Record<Architecture, number> = { x64: 0x3e, arm64: 0xb7 };

/** A static ELF executable: header, one loadable segment, code. */
export function pauseExecutable(architecture: Architecture): Buffer {
  const code = architecture === 'x64' ? x64() : arm64();
  const base = 0x400000n;
  const headers = 64 + 56;
  const size = BigInt(headers + code.length);
  const file = Buffer.alloc(headers);
  Buffer.from([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0]).copy(file);
  file.writeUInt16LE(2, 16); // executable
  file.writeUInt16LE(machines[architecture], 18);
  file.writeUInt32LE(1, 20);
  file.writeBigUInt64LE(base + BigInt(headers), 24); // entry
  file.writeBigUInt64LE(64n, 32); // program headers
  file.writeUInt16LE(64, 52);
  file.writeUInt16LE(56, 54);
  file.writeUInt16LE(1, 56);
  file.writeUInt16LE(64, 58);
  file.writeUInt32LE(1, 64); // PT_LOAD
  file.writeUInt32LE(5, 68); // readable, executable
  file.writeBigUInt64LE(base, 80);
  file.writeBigUInt64LE(base, 88);
  file.writeBigUInt64LE(size, 96);
  file.writeBigUInt64LE(size, 104);
  file.writeBigUInt64LE(0x1000n, 112);
  return Buffer.concat([file, code]);
}
