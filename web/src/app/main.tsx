import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { preferredLocale, show } from '~/i18n/text';
import { preferences } from '~/platform/preferences';
import '~/ui/tokens.css';
import { Providers } from './providers';
import { applyTheme } from './theme';

applyTheme();
const { locale } = preferences.now();
await show(preferredLocale([...(locale === null ? [] : [locale]), ...navigator.languages]));

const root = document.getElementById('root');
if (root !== null) {
  createRoot(root).render(
    <StrictMode>
      <Providers />
    </StrictMode>,
  );
}
