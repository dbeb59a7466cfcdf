import { useEffect, useState, useSyncExternalStore } from 'react';

/** Whether `on` has lasted for `ms`: what comes and goes sooner is never shown. */
export function useLasting(on: boolean, ms: number): boolean {
  const [lasted, setLasted] = useState(false);
  useEffect(() => {
    if (!on) return undefined;
    const timer = setTimeout(() => setLasted(true), ms);
    return () => {
      clearTimeout(timer);
      setLasted(false);
    };
  }, [on, ms]);
  return on && lasted;
}

/** The time to the second, renewed each second while `on`. */
export function useNow(on: boolean): number {
  return useSyncExternalStore(on ? everySecond : never, wholeSeconds);
}

const wholeSeconds = () => Math.floor(Date.now() / 1000) * 1000;
const never = () => () => undefined;

function everySecond(tick: () => void): () => void {
  const timer = setInterval(tick, 1000);
  return () => clearInterval(timer);
}
