import { type Kind, refusals, refusedUpdates } from '../../testing/rules.ts';

const controllerrevisions: Kind = {
  apiVersion: 'apps/v1',
  kind: 'ControllerRevision',
  resource: 'controllerrevisions',
  example: { revision: 1, data: { some: 'data' } },
};

refusals('ControllerRevisions', controllerrevisions, {
  'a negative revision': [{ revision: -1 }, 'revision: Invalid value: -1: must be greater than or equal to 0'],
  'no data': [{ data: undefined }, 'data: Required value: data is mandatory'],
});

refusedUpdates('updates of ControllerRevisions', controllerrevisions, {
  'other data': [{ data: { other: 'data' } }, 'data: Invalid value: {…}: field is immutable'],
});
