import { preferences } from '~/platform/preferences';

const system = matchMedia('(prefers-color-scheme: light)');

/** Colours as the reader chose, or as the system has them; follows both from now on. */
export function applyTheme(): void {
  const apply = () => {
    const { theme } = preferences.now();
    const isLight = theme === 'light' || (theme === 'auto' && system.matches);
    document.documentElement.dataset['theme'] = isLight ? 'light' : 'dark';
  };
  apply();
  system.addEventListener('change', apply);
  preferences.subscribe(apply);
}
