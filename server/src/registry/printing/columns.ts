import type { TableColumn } from '../generic/table.ts';

/** Columns as upstream's printers declare them: name, type, format and priority are a contract with clients. */

export const nameColumn: TableColumn = {
  name: 'Name',
  type: 'string',
  format: 'name',
  description: 'Name of the object, unique within its namespace and resource.',
  priority: 0,
};

export const ageColumn: TableColumn = {
  name: 'Age',
  type: 'string',
  format: '',
  description: 'Time since the server stored the object first.',
  priority: 0,
};

export function text(name: string, priority = 0): TableColumn {
  return { name, type: 'string', format: '', description: '', priority };
}

/** A name that is not the object's own first column, but is formatted like one. */
export function named(name: string, priority = 0): TableColumn {
  return { name, type: 'string', format: 'name', description: '', priority };
}

export function integer(name: string, priority = 0): TableColumn {
  return { name, type: 'integer', format: '', description: '', priority };
}

export function boolean(name: string, priority = 0): TableColumn {
  return { name, type: 'boolean', format: '', description: '', priority };
}
