import { I18nProvider } from '@lingui/react';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { createApi } from '~/api/client';
import { PlayerSession } from '~/features/player/session';
import { i18n } from '~/i18n/text';
import { preferences } from '~/platform/preferences';
import { router } from './routes';
import { ServicesProvider } from './services';

/** Where the server is: a setting of this device, a setting of the build, or where the page came from. */
const base = (preferences.now().server ?? import.meta.env['VITE_API_BASE'] ?? '').replace(/\/+$/, '');
/** Whether a server elsewhere gets this browser's password for it: a setting of the build. */
const withCredentials = import.meta.env['VITE_API_CREDENTIALS'] === 'include';
const api = createApi(base, withCredentials);
const services = { api, session: new PlayerSession(api) };

const queries = new QueryClient({
  defaultOptions: { queries: { staleTime: 60_000, retry: 2, refetchOnWindowFocus: false } },
});

export function Providers() {
  return (
    <I18nProvider i18n={i18n}>
      <QueryClientProvider client={queries}>
        <ServicesProvider value={services}>
          <RouterProvider router={router} />
        </ServicesProvider>
      </QueryClientProvider>
    </I18nProvider>
  );
}
