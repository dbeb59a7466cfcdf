import type { Report } from '~/api/client';
import { problemOf, type Problem } from '~/api/problem';

/** Why watching came to an end that may not be the end. */
export type End =
  | { kind: 'unreachable' }
  /** The server no longer plays what we watched: ask it to. */
  | { kind: 'gone' }
  | { kind: 'problem'; problem: Problem };

/** What the end of a stream on the server means here. */
export function endOf(report: Report): End {
  // Idle, restarted, or joined with another of the same swarm: the server starts it again when asked.
  if (report.code === null) return { kind: 'gone' };
  return { kind: 'problem', problem: problemOf(report.code, report.reason) };
}
