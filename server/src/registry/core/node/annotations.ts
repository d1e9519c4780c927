/** Annotations of Nodes that kept what has fields now, or nothing: upstream still looks at their text. */
import { parseJson } from '@typernetes/openapi/codec';
import type { Node, Taint } from '@typernetes/openapi/types/core/v1';
import { type FieldError, invalidValue, path, required } from '../../validation/index.ts';
import { validateTaints } from './taints.ts';

const TAINTS = 'scheduler.alpha.kubernetes.io/taints';
const AVOID_PODS = 'scheduler.alpha.kubernetes.io/preferAvoidPods';

interface AvoidPods {
  preferAvoidPods?: readonly { podSignature?: { podController?: { controller?: boolean } } }[];
}

const at = path('metadata', 'annotations');

export function validateNodeAnnotations({ metadata }: Readonly<Node>): FieldError[] {
  const taints = metadata?.annotations?.[TAINTS];
  const avoided = metadata?.annotations?.[AVOID_PODS];
  return [...(taints ? validateTaintsText(taints) : []), ...(avoided ? validateAvoidPods(avoided) : [])];
}

function validateTaintsText(text: string): FieldError[] {
  const { value, message } = parse<readonly Taint[] | null>(text);
  if (message !== undefined) return [invalidValue(at, TAINTS, message)];
  return Array.isArray(value) ? validateTaints(value, at.child(TAINTS)) : [];
}

function validateAvoidPods(text: string): FieldError[] {
  const { value, message } = parse<AvoidPods | null>(text);
  if (message !== undefined) return [invalidValue(at.child('AvoidPods'), AVOID_PODS, message)];
  const entries = value?.preferAvoidPods;
  return (Array.isArray(entries) ? (entries as NonNullable<AvoidPods['preferAvoidPods']>) : []).flatMap(
    (entry, index) => {
      const here = at.child(AVOID_PODS).index(index).child('PodSignature');
      const controller = entry?.podSignature?.podController;
      if (controller == null) return [required(here, '')];
      if (controller.controller === true) return [];
      const place = here.child('PodController', 'Controller');
      return [invalidValue(place, false, 'must point to a controller')];
    },
  );
}

function parse<T>(text: string): { value?: T; message?: string } {
  try {
    return { value: parseJson(text).value as T };
  } catch (error) {
    return { message: error instanceof Error ? error.message : String(error) };
  }
}
