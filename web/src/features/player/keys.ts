export type Action =
  | 'toggle'
  | 'mute'
  | 'unmute'
  | 'louder'
  | 'quieter'
  | 'back'
  | 'forward'
  | 'live'
  | 'fullscreen'
  | 'next'
  | 'previous';

type Press = Pick<KeyboardEvent, 'key' | 'shiftKey' | 'ctrlKey' | 'altKey' | 'metaKey'>;

const NAMED: Record<string, Action> = {
  ' ': 'toggle',
  MediaPlayPause: 'toggle',
  ArrowUp: 'louder',
  ArrowDown: 'quieter',
  ArrowLeft: 'back',
  ArrowRight: 'forward',
  End: 'live',
  PageDown: 'next',
  ChannelUp: 'next',
  PageUp: 'previous',
  ChannelDown: 'previous',
};
const LETTERS: Record<string, Action> = { k: 'toggle', m: 'mute', f: 'fullscreen' };

/** What a key does to the player; letters only while they are shortcuts. */
export function actionFor(press: Press, letters: boolean): Action | null {
  if (press.ctrlKey || press.altKey || press.metaKey) return null;
  const named = NAMED[press.key];
  if (named !== undefined) return press.shiftKey ? null : named;
  return letters ? (LETTERS[press.key.toLowerCase()] ?? null) : null;
}

/** Whether the element with the focus has its own use for `key`. */
export function isTaken(target: EventTarget | null, key: string): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.matches('select, textarea, [contenteditable], input:not([type=range])')) return true;
  if (target.matches('input[type=range]')) return /^(Arrow|Page|Home|End)/.test(key);
  if (target.closest('[role=listbox]') !== null) return !/^[a-z]$/i.test(key);
  return key === ' ' && target.closest('button, a, summary') !== null;
}
