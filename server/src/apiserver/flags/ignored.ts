/** Flags of upstream that are taken with any value and change nothing, each with the reason. */
export const ignoredFlags: readonly (readonly [name: string, why: string])[] = [
  ['v', 'the log has no levels of verbosity'],
  ['vmodule', 'the log has no levels of verbosity'],
  ['log-flush-frequency', 'the log is written at once'],
  ['log-json-info-buffer-size', 'the log is written at once'],
  ['log-json-split-stream', 'the log goes to standard error'],
  ['log-text-info-buffer-size', 'the log is written at once'],
  ['log-text-split-stream', 'the log goes to standard error'],
  ['watch-cache-sizes', 'upstream heeds no sizes but 0'],
  ['etcd-count-metric-poll-period', 'objects are counted when /metrics is asked for'],
  ['etcd-db-metric-poll-interval', 'the size is read when /metrics is asked for'],
  ['lease-reuse-duration-seconds', 'a lease of etcd is used for a minute'],
  ['storage-initialization-timeout', 'the server listens once the storage is there'],
  ['delete-collection-workers', 'a collection is deleted eight objects at a time'],
  ['permit-address-sharing', 'Node always sets SO_REUSEADDR'],
];
