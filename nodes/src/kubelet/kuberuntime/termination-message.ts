/** What a container left as its last words: its termination message file, or the end of its log. */
import { open } from 'node:fs/promises';
import type { ContainerStatus } from 'cri-client';
import { parseLogLine } from '../logs/cri-log.ts';
import { terminationMessagePathAnnotation, terminationMessagePolicyAnnotation } from './labels.ts';

const maximumBytes = 4096;
const maximumLogBytes = 2048;
const maximumLogLines = 80;

async function tail(path: string, bytes: number): Promise<string> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    const buffer = Buffer.alloc(Math.min(size, bytes));
    await file.read(buffer, 0, buffer.length, size - buffer.length);
    return buffer.toString('utf8');
  } finally {
    await file.close();
  }
}

async function lastLogLines(path: string): Promise<string> {
  const lines = (await tail(path, maximumLogBytes * 4)).split('\n');
  const text = lines
    .flatMap((line) => {
      const record = parseLogLine(line);
      return record === undefined ? [] : [record.content + (record.partial ? '' : '\n')];
    })
    .slice(-maximumLogLines)
    .join('');
  return Buffer.from(text).subarray(-maximumLogBytes).toString('utf8');
}

/** Empty when there is none, or it cannot be read. */
export async function terminationMessage(status: ContainerStatus): Promise<string> {
  if (status.state !== 'CONTAINER_EXITED') return '';
  const wanted = status.annotations[terminationMessagePathAnnotation];
  const mount = status.mounts.find(({ containerPath }) => containerPath === wanted);
  const message = mount === undefined ? '' : await tail(mount.hostPath, maximumBytes).catch(() => '');
  if (message !== '') return message;
  const useLogs =
    status.annotations[terminationMessagePolicyAnnotation] === 'FallbackToLogsOnError' && status.exitCode !== 0;
  if (useLogs && status.logPath !== '') return lastLogLines(status.logPath).catch(() => '');
  return status.message;
}
