import { setupI18n, type I18n } from '@lingui/core';
import { useLingui } from '@lingui/react';
import type en from './en.json';

export type MessageKey = keyof typeof en;
export type Values = Record<string, string | number>;
export type Translate = (key: MessageKey, values?: Values) => string;

export const LOCALES = ['en', 'fr', 'es'] as const;
export type Locale = (typeof LOCALES)[number];

const catalogues = {
  en: () => import('./en.json'),
  fr: () => import('./fr.json'),
  es: () => import('./es.json'),
} as const;

/** The reader's own language among those we have, English otherwise. */
export function preferredLocale(languages: readonly string[]): Locale {
  const wanted = languages.map((tag) => tag.slice(0, 2).toLowerCase());
  return wanted.map((w) => LOCALES.find((l) => l === w)).find((l) => l !== undefined) ?? 'en';
}

export const i18n: I18n = setupI18n();

/** Loads `locale` and shows the page in it. */
export async function show(locale: Locale): Promise<void> {
  const { default: messages } = await catalogues[locale]();
  i18n.loadAndActivate({ locale, messages });
  document.documentElement.lang = locale;
}

/** The translator and the locale of the moment; the component renders again when the language changes. */
export function useText(): { t: Translate; locale: string } {
  const { i18n: current } = useLingui();
  return { t: (key, values) => current._(key, values), locale: current.locale };
}
