/** For tests of anything that talks to an API server. */
export {
  type FakeApiResource,
  FakeApiServer,
  type FakeApiServerOptions,
  type RecordedRequest,
} from './fake-api-server.ts';
export { ManualClock } from './manual-clock.ts';
export type { Change, FakeObject } from './store.ts';
