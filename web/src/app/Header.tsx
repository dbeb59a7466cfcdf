import { Settings, X } from 'lucide-react';
import { useRef, useSyncExternalStore } from 'react';
import { BUFFERS } from '~/features/player/source';
import { LOCALES, preferredLocale, show, useText } from '~/i18n/text';
import { PROFILES, preferences, type Theme } from '~/platform/preferences';
import { IconButton } from '~/ui/Button';
import styles from './Header.module.css';

const THEMES: Theme[] = ['auto', 'dark', 'light'];

/** Each language by its own name. */
const NAMES = { en: 'English', fr: 'Français', es: 'Español' };

export function Header() {
  const { t } = useText();
  const dialog = useRef<HTMLDialogElement>(null);
  return (
    <header className={styles.header}>
      <h1 className={styles.brand}>
        <svg viewBox="0 0 32 32" width="32" height="32" aria-hidden="true">
          <rect width="32" height="32" rx="8" fill="var(--accent)" />
          <path
            d="M12 9.5v13a1 1 0 0 0 1.5.86l10.7-6.5a1 1 0 0 0 0-1.72L13.5 8.64A1 1 0 0 0 12 9.5Z"
            fill="var(--on-accent)"
          />
        </svg>
        acehls
      </h1>
      <IconButton name={t('set.title')} onClick={() => dialog.current?.showModal()}>
        <Settings size={20} aria-hidden />
      </IconButton>
      <dialog ref={dialog} className={styles.dialog} aria-labelledby="settings">
        <div className={styles.head}>
          <h2 id="settings">{t('set.title')}</h2>
          <IconButton name={t('act.close')} onClick={() => dialog.current?.close()}>
            <X size={20} aria-hidden />
          </IconButton>
        </div>
        <Choices />
      </dialog>
    </header>
  );
}

/** Speak `language` from now on, and next time. */
function speak(language: string): void {
  preferences.set({ locale: language });
  void show(preferredLocale([language]));
}

function Choices() {
  const { t, locale } = useText();
  const chosen = useSyncExternalStore(preferences.subscribe, preferences.now);
  return (
    <div className={styles.choices}>
      <label htmlFor="language">{t('set.language')}</label>
      <select id="language" value={locale} onChange={(e) => speak(e.target.value)}>
        {LOCALES.map((l) => (
          <option key={l} value={l} lang={l}>
            {NAMES[l]}
          </option>
        ))}
      </select>
      <label htmlFor="buffer">{t('set.buffer')}</label>
      <select
        id="buffer"
        value={chosen.profile}
        onChange={(e) => preferences.set({ profile: PROFILES.find((profile) => profile === e.target.value) ?? 'balanced' })}
      >
        {PROFILES.map((profile) => (
          <option key={profile} value={profile}>
            {t(`set.${profile}`, { s: BUFFERS[profile].holdBack })}
          </option>
        ))}
      </select>
      <label htmlFor="theme">{t('set.theme')}</label>
      <select
        id="theme"
        value={chosen.theme}
        onChange={(e) => preferences.set({ theme: THEMES.find((theme) => theme === e.target.value) ?? 'auto' })}
      >
        {THEMES.map((theme) => (
          <option key={theme} value={theme}>
            {t(`set.${theme}`)}
          </option>
        ))}
      </select>
      <label htmlFor="keys">
        {t('set.keys')} <kbd>K</kbd> <kbd>M</kbd> <kbd>F</kbd> <kbd>/</kbd>
      </label>
      <input
        id="keys"
        type="checkbox"
        checked={chosen.keys}
        onChange={(e) => preferences.set({ keys: e.target.checked })}
      />
    </div>
  );
}
