import { useEffect, useState, type RefObject } from 'react';

const SLEEPS_AFTER = 3_000;

/** Whether somebody needs the controls: a pointer moved or a key was pressed lately, the focus is on them, or it is paused. */
export function useAwake(box: RefObject<HTMLElement | null>, paused: boolean): boolean {
  const [stirred, setStirred] = useState(true);
  useEffect(() => {
    const element = box.current;
    if (element === null) return undefined;
    let timer: ReturnType<typeof setTimeout>;
    const focused = () => element.querySelector('[role=group] :focus-visible') !== null;
    const sleep = () => (focused() ? stir() : setStirred(false));
    const stir = () => {
      setStirred(true);
      clearTimeout(timer);
      timer = setTimeout(sleep, SLEEPS_AFTER);
    };
    stir();
    const events = ['pointermove', 'pointerdown', 'keydown', 'focusin'];
    for (const event of events) element.addEventListener(event, stir);
    return () => {
      clearTimeout(timer);
      for (const event of events) element.removeEventListener(event, stir);
    };
  }, [box]);
  return stirred || paused;
}
