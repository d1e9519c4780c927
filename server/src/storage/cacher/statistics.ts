import { Distribution } from '../../metrics/index.ts';

const waitBuckets = [0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.25, 1.5, 2, 3];

/** What a Cacher has done since it was made; read when somebody asks for metrics. */
export class CacherStatistics {
  initializations = 0;
  eventsReceived = 0;
  eventsDispatched = 0;
  lists = 0;
  objectsFetched = 0;
  objectsReturned = 0;
  /** Reads as fresh as the storage, and those of them that the storage had to answer after all. */
  consistentReads = 0;
  consistentReadFallbacks = 0;
  /** Seconds that reads waited for the cache to be fresh enough. */
  readonly waited = new Distribution(waitBuckets);
}
