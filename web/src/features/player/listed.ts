import { Refused, Unreachable } from '~/api/client';
import { backoff, wait, type Bell } from '~/lib/time';

/** Milliseconds between questions for a stream that is on its way, only has no media yet. */
export const ASK_STARTING = 1_000;

/**
 * Waits until the server lists enough to begin with; rejects with its refusal when there will be none.
 *
 * A server that cannot be reached is asked again, later each time, or when `hurry` rings.
 */
export async function untilListed(ask: () => Promise<void>, hurry: Bell, signal: AbortSignal): Promise<void> {
  for (let misses = 0; ; ) {
    try {
      return await ask();
    } catch (error) {
      if (isStarting(error)) {
        misses = 0;
        await wait(ASK_STARTING, signal);
      } else if (error instanceof Unreachable) {
        await hurry.wait(backoff(misses), signal);
        misses += 1;
      } else {
        throw error;
      }
    }
  }
}

const isStarting = (error: unknown): boolean => error instanceof Refused && error.problem.code === 'stream_starting';
