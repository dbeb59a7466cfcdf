/** What this device remembers. The only place that touches `localStorage`; without it, it lasts as long as the page. */

/** How much is held back against gaps in the supply. */
export type Profile = 'fast' | 'balanced' | 'smooth' | 'solid';
export const PROFILES: readonly Profile[] = ['fast', 'balanced', 'smooth', 'solid'];

export type Theme = 'auto' | 'dark' | 'light';

export interface Preferences {
  theme: Theme;
  /** A language the reader chose; null follows the browser. */
  locale: string | null;
  /** Whether single letters are shortcuts everywhere on the page (WCAG 2.1.4 wants a way to turn them off). */
  keys: boolean;
  volume: number;
  muted: boolean;
  profile: Profile;
  /** The server's address when it is not where this page came from. */
  server: string | null;
}

const KEY = 'acehls';
const DEFAULTS: Preferences = { theme: 'auto', locale: null, keys: true, volume: 1, muted: false, profile: 'balanced', server: null };

let current = read();
const listeners = new Set<() => void>();

export const preferences = {
  now: (): Preferences => current,
  subscribe: (listener: () => void): (() => void) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
  set(change: Partial<Preferences>): void {
    current = { ...current, ...change };
    try {
      localStorage.setItem(KEY, JSON.stringify(current));
    } catch {
      // private window or full storage: it holds until the page closes
    }
    for (const listener of listeners) listener();
  },
};

function read(): Preferences {
  try {
    const saved: Partial<Record<keyof Preferences, unknown>> = JSON.parse(localStorage.getItem(KEY) ?? '{}') ?? {};
    return {
      theme: saved.theme === 'dark' || saved.theme === 'light' ? saved.theme : 'auto',
      locale: typeof saved.locale === 'string' ? saved.locale : null,
      keys: saved.keys !== false,
      volume: typeof saved.volume === 'number' ? Math.min(1, Math.max(0, saved.volume)) : 1,
      muted: saved.muted === true,
      profile: PROFILES.find((profile) => profile === saved.profile) ?? 'balanced',
      server: typeof saved.server === 'string' ? saved.server : null,
    };
  } catch {
    return DEFAULTS;
  }
}
