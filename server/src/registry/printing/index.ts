export { age, ago, anyTime, humanDuration, since, withAges } from './age.ts';
export { ageColumn, boolean, integer, nameColumn, named, text } from './columns.ts';
export { containerCells, joinAtMost } from './lists.ts';
export { formatLabelSelector, formatLabels, labelSelectorText } from './selectors.ts';
