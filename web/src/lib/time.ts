/** Waiting that ends early: when its signal is aborted it throws, when its bell rings it returns. */

/** Resolves after `ms`; rejects with the signal's reason when that comes first. */
export function wait(ms: number, signal: AbortSignal): Promise<void> {
  return new Bell().wait(ms, signal).then(() => undefined);
}

/** Wakes those who wait before their time is over. */
export class Bell {
  #sleepers = new Set<() => void>();

  ring(): void {
    for (const wake of this.#sleepers) wake(); // each takes itself out of the set, which a set allows
  }

  /** Whether the bell rang before `ms` were over. */
  wait(ms: number, signal: AbortSignal): Promise<boolean> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason);
      const done = (settle: () => void) => () => {
        clearTimeout(timer);
        this.#sleepers.delete(rang);
        signal.removeEventListener('abort', stopped);
        settle();
      };
      const rang = done(() => resolve(true));
      const stopped = done(() => reject(signal.reason));
      const timer = setTimeout(done(() => resolve(false)), ms);
      this.#sleepers.add(rang);
      signal.addEventListener('abort', stopped);
    });
  }
}

const STEPS_S = [1, 2, 4, 8, 15];

/** How long to wait before try `n` (from 0), in milliseconds: 1-2-4-8-15 s, a fifth more or less so that clients spread. */
export function backoff(n: number, random: () => number = Math.random): number {
  const seconds = STEPS_S[Math.min(n, STEPS_S.length - 1)] ?? 15;
  return Math.round(seconds * 1000 * (0.8 + 0.4 * random()));
}
