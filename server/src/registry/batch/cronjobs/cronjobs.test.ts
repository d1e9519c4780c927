import { type Kind, refusals } from '../../testing/rules.ts';

const cronjobs: Kind = {
  apiVersion: 'batch/v1',
  kind: 'CronJob',
  resource: 'cronjobs',
  example: {
    spec: {
      schedule: '*/5 * * * *',
      jobTemplate: {
        spec: {
          template: { spec: { containers: [{ name: 'main', image: 'example.com/main:1' }], restartPolicy: 'Never' } },
        },
      },
    },
  },
};

refusals('CronJobs', cronjobs, {
  'no schedule': [{ 'spec/schedule': '' }, 'spec.schedule: Required value'],
  nonsense: [
    { 'spec/schedule': 'now and then' },
    'spec.schedule: Invalid value: "now and then": expected exactly 5 fields, found 3: {…}',
  ],
  'six fields': [
    { 'spec/schedule': '* * * * * *' },
    'spec.schedule: Invalid value: "* * * * * *": expected exactly 5 fields, found 6: {…}',
  ],
  'minute 60': [
    { 'spec/schedule': '60 * * * *' },
    'spec.schedule: Invalid value: "60 * * * *": end of range (60) above maximum (59): 60',
  ],
  'a range backwards': [
    { 'spec/schedule': '5-1 * * * *' },
    'spec.schedule: Invalid value: "5-1 * * * *": beginning of range (5) beyond end of range (1): 5-1',
  ],
  'a step of 0': [
    { 'spec/schedule': '*/0 * * * *' },
    'spec.schedule: Invalid value: "*/0 * * * *": step of range should be a positive number: */0',
  ],
  'two dashes': [
    { 'spec/schedule': '1-2-3 * * * *' },
    'spec.schedule: Invalid value: "1-2-3 * * * *": too many hyphens: 1-2-3',
  ],
  'two slashes': [
    { 'spec/schedule': '1/2/3 * * * *' },
    'spec.schedule: Invalid value: "1/2/3 * * * *": too many slashes: 1/2/3',
  ],
  'month 13': [
    { 'spec/schedule': '* * * 13 *' },
    'spec.schedule: Invalid value: "* * * 13 *": end of range (13) above maximum (12): 13',
  ],
  'day 0': [
    { 'spec/schedule': '* * 0 * *' },
    'spec.schedule: Invalid value: "* * 0 * *": beginning of range (0) below minimum (1): 0',
  ],
  names: [{ 'spec/schedule': '0 0 1 JAN MON-FRI' }],
  'a bad name': [
    { 'spec/schedule': '* * * X *' },
    'spec.schedule: Invalid value: "* * * X *": failed to parse int from X: strconv.Atoi: parsing "X": invalid syntax',
  ],
  '@daily': [{ 'spec/schedule': '@daily' }],
  '@every': [{ 'spec/schedule': '@every 1h30m' }],
  '@every nonsense': [
    { 'spec/schedule': '@every x' },
    'spec.schedule: Invalid value: "@every x": failed to parse duration @every x: time: invalid duration "x"',
  ],
  '@nonsense': [
    { 'spec/schedule': '@nonsense' },
    'spec.schedule: Invalid value: "@nonsense": unrecognized descriptor: @nonsense',
  ],
  'a zone in the schedule': [
    { 'spec/schedule': 'TZ=UTC * * * * *' },
    'spec.schedule: Invalid value: "TZ=UTC * * * * *": cannot use TZ or CRON_TZ in schedule, use timeZone field instead',
  ],
  'a zone in both': [
    { 'spec/schedule': 'CRON_TZ=UTC * * * * *', 'spec/timeZone': 'UTC' },
    'spec.schedule: Invalid value: "CRON_TZ=UTC * * * * *": cannot use TZ or CRON_TZ in schedule, use timeZone field instead',
  ],
  'no zone': [{ 'spec/timeZone': '' }, 'spec.timeZone: Invalid value: "": timeZone must be nil or non-empty string'],
  'an unknown zone': [
    { 'spec/timeZone': 'Nowhere/Land' },
    'spec.timeZone: Invalid value: "Nowhere/Land": unknown time zone Nowhere/Land',
  ],
  'a local zone': [
    { 'spec/timeZone': 'Local' },
    'spec.timeZone: Invalid value: "Local": timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones',
  ],
  'a zone in other letters': [
    { 'spec/timeZone': 'europe/berlin' },
    'spec.timeZone: Invalid value: "europe/berlin": unknown time zone europe/berlin',
  ],
  'an offset': [{ 'spec/timeZone': '+0100' }, 'spec.timeZone: Invalid value: "+0100": unknown time zone +0100'],
  'a zone by its old name': [{ 'spec/timeZone': 'US/Pacific' }],
  'a duration without unit': [
    { 'spec/schedule': '@every 5' },
    'spec.schedule: Invalid value: "@every 5": failed to parse duration @every 5: time: missing unit in duration "5"',
  ],
  'a part of an hour': [{ 'spec/schedule': '@every .5h' }],
  'a zone with a space': [{ 'spec/timeZone': ' UTC' }, 'spec.timeZone: Invalid value: " UTC": unknown time zone  UTC'],
  'a policy': [
    { 'spec/concurrencyPolicy': 'X' },
    'spec.concurrencyPolicy: Unsupported value: "X": supported values: "Allow", "Forbid", "Replace"',
  ],
  'negative numbers': [
    { 'spec/startingDeadlineSeconds': -1, 'spec/successfulJobsHistoryLimit': -1, 'spec/failedJobsHistoryLimit': -1 },
    'spec.failedJobsHistoryLimit: Invalid value: -1: must be greater than or equal to 0',
    'spec.startingDeadlineSeconds: Invalid value: -1: must be greater than or equal to 0',
    'spec.successfulJobsHistoryLimit: Invalid value: -1: must be greater than or equal to 0',
  ],
  'restarted always': [
    { 'spec/jobTemplate/spec/template/spec/restartPolicy': 'Always' },
    'spec.jobTemplate.spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"',
  ],
  'a manual selector': [
    { 'spec/jobTemplate/spec/manualSelector': true },
    'spec.jobTemplate.spec.manualSelector: Unsupported value: true: supported values: "nil", "false"',
  ],
  'a job’s numbers': [
    { 'spec/jobTemplate/spec/parallelism': -1, 'spec/jobTemplate/spec/ttlSecondsAfterFinished': -1 },
    'spec.jobTemplate.spec.parallelism: Invalid value: -1: must be greater than or equal to 0',
    'spec.jobTemplate.spec.ttlSecondsAfterFinished: Invalid value: -1: must be greater than or equal to 0',
  ],
});
