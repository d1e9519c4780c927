/** Applying what others manage. */

import { quote } from '../../meta/quote.ts';
import type { StatusCause } from '../../meta/status.ts';
import { applyConflict, type StatusError } from '../../meta/status-error.ts';
import { FieldSet } from './field-set.ts';
import { parseManagerIdentifier } from './manager-identifier.ts';
import { describePath, type FieldPath } from './path-element.ts';
import { compareText } from './value.ts';

export interface Conflict {
  /** The identifier of the manager of the field. */
  readonly manager: string;
  readonly path: FieldPath;
}

/** Fields of others that an apply without force would change; at least one, managers in order. */
export class ConflictError extends Error {
  override name = 'ConflictError';
  readonly conflicts: readonly Conflict[];

  constructor(conflicts: readonly Conflict[]) {
    super(describeConflicts(conflicts));
    this.conflicts = conflicts;
  }

  static ofSets(sets: ReadonlyMap<string, FieldSet>): ConflictError {
    const managers = [...sets.keys()].sort(compareText);
    return new ConflictError(
      managers.flatMap((manager) =>
        [...(sets.get(manager) ?? FieldSet.empty).paths()].map((path) => ({ manager, path })),
      ),
    );
  }

  get fields(): FieldSet {
    return FieldSet.fromPaths(this.conflicts.map((conflict) => conflict.path));
  }

  toStatusError(): StatusError {
    const causes = this.conflicts.map(({ manager, path }): StatusCause => {
      const cause: StatusCause = {
        reason: 'FieldManagerConflict',
        message: `conflict with ${describeManager(manager)}`,
      };
      const field = describePath(path);
      return field === '' ? cause : { ...cause, field };
    });
    return applyConflict(causes, this.message);
  }
}

function describeConflicts(conflicts: readonly Conflict[]): string {
  const [only] = conflicts;
  if (only !== undefined && conflicts.length === 1) {
    return `Apply failed with 1 conflict: conflict with ${describeManager(only.manager)}: ${describePath(only.path)}`;
  }
  const managers = [...new Set(conflicts.map((conflict) => conflict.manager))].sort(compareText);
  const lines = managers.flatMap((manager) => [
    `conflicts with ${describeManager(manager)}:`,
    ...conflicts.filter((conflict) => conflict.manager === manager).map(({ path }) => `- ${describePath(path)}`),
  ]);
  return `Apply failed with ${conflicts.length} conflicts: ${lines.join('\n')}`;
}

function describeManager(identifier: string): string {
  const entry = parseManagerIdentifier(identifier);
  if (entry === undefined) return quote(identifier);
  const subresource = entry.subresource === undefined ? '' : ` with subresource ${quote(entry.subresource)}`;
  const version = entry.operation === 'Update' ? ` using ${entry.apiVersion ?? ''}` : '';
  return `${quote(entry.manager ?? '')}${subresource}${version}`;
}
