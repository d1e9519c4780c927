/** The thread in which decodeYaml has long documents read: one message, one answer, in order. */
import { parentPort } from 'node:worker_threads';
import { CodecError } from './serializer.ts';
import { yamlSerializer } from './yaml-serializer.ts';

export interface YamlQuestion {
  bytes: Uint8Array;
  strict: boolean;
}

/** The object is JSON text: raw numbers do not pass between threads. */
export type YamlAnswer = { json: string; duplicateFields: string[]; strictErrors: string[] } | { problem: string };

function answer({ bytes, strict }: YamlQuestion): YamlAnswer {
  try {
    const { object, duplicateFields, strictErrors } = yamlSerializer.decode(bytes, { strict });
    return { json: JSON.stringify(object), duplicateFields, strictErrors };
  } catch (error) {
    if (error instanceof CodecError) return { problem: error.message };
    throw error;
  }
}

parentPort?.on('message', (question: YamlQuestion) => parentPort?.postMessage(answer(question)));
