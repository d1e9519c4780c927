/** The parts of a JSON schema that CEL's types, sizes and rules come from. */
import type { JsonValue } from '@typernetes/openapi/meta';
import type { Schema } from '@typernetes/openapi/schema';

export interface ValidationRule {
  rule: string;
  message?: string;
  messageExpression?: string;
  reason?: string;
  fieldPath?: string;
  optionalOldSelf?: boolean;
}

export interface ValidatedSchema extends Schema {
  properties?: Record<string, ValidatedSchema>;
  items?: ValidatedSchema;
  additionalProperties?: ValidatedSchema | boolean;
  allOf?: ValidatedSchema[];
  maxLength?: number;
  maxItems?: number;
  maxProperties?: number;
  enum?: JsonValue[];
  'x-kubernetes-validations'?: ValidationRule[];
}
