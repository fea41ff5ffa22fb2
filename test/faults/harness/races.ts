/** The races that no order of calls can exclude (docs/design.md, rule 3 and end of "Schedules"). */
export type Race =
  | 'claimed-after-the-list'
  | 'eni-moved'
  | 'between-unassign-and-assign'
  | 'before-read-back';
