/** The parts of a JSON schema that CEL's types, sizes and rules come from. */
import type { JsonValue } from '@typernetes/openapi/meta';

export interface ValidationRule {
  rule: string;
  message?: string;
  messageExpression?: string;
  reason?: string;
  fieldPath?: string;
  optionalOldSelf?: boolean;
}

export interface ValidatedSchema {
  type?: string;
  format?: string;
  default?: JsonValue;
  required?: string[];
  properties?: Record<string, ValidatedSchema>;
  items?: ValidatedSchema;
  additionalProperties?: ValidatedSchema | boolean;
  allOf?: ValidatedSchema[];
  maxLength?: number;
  maxItems?: number;
  maxProperties?: number;
  enum?: JsonValue[];
  'x-kubernetes-embedded-resource'?: boolean;
  'x-kubernetes-int-or-string'?: boolean;
  'x-kubernetes-preserve-unknown-fields'?: boolean;
  'x-kubernetes-list-type'?: string;
  'x-kubernetes-list-map-keys'?: string[];
  'x-kubernetes-validations'?: ValidationRule[];
}
