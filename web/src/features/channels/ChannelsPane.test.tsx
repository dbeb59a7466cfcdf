import { I18nProvider } from '@lingui/react';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { render, screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { useState } from 'react';
import { beforeEach, expect, it, vi } from 'vitest';
import { Unreachable, type Api, type Channel } from '~/api/client';
import { i18n, show } from '~/i18n/text';
import { ChannelsPane, type View } from './ChannelsPane';

const channel = (name: string, group: string, i: number): Channel => ({
  name,
  group,
  logo: null,
  id: null,
  hash: String(i).padStart(40, '0'),
  url: '',
});
const NEWS = ['News One', 'Télé Matin'].map((name, i) => channel(name, 'News', i));
const MANY = [...NEWS, ...Array.from({ length: 5000 }, (_, i) => channel(`Film ${i}`, 'Films', i + 2))];

let api: { [K in 'playlists' | 'channels']: ReturnType<typeof vi.fn<Api[K]>> };
let open: ReturnType<typeof vi.fn<(c: Channel) => void>>;

function Page() {
  const [view, setView] = useState<View>({ list: null, q: '', group: null });
  const server: Api = {
    ...api,
    base: '',
    withCredentials: false,
    health: () => Promise.resolve(),
    ready: () => Promise.resolve(),
    play: () => Promise.reject(new Unreachable()),
    events: () => null,
    stream: () => Promise.resolve(null),
  };
  return (
    <ChannelsPane
      api={server}
      view={view}
      onView={(change) => setView((before) => ({ ...before, ...change }))}
      hash={NEWS[1]?.hash ?? null}
      url={null}
      isPlaying
      onOpen={open}
    />
  );
}

beforeEach(async () => {
  await show('en');
  // jsdom has no layout: the list is told its size.
  vi.spyOn(Element.prototype, 'clientHeight', 'get').mockReturnValue(640);
  vi.spyOn(Element.prototype, 'clientWidth', 'get').mockReturnValue(380);
  Element.prototype.scrollTo = () => undefined;
  open = vi.fn<(c: Channel) => void>();
  api = {
    playlists: vi.fn<Api['playlists']>().mockResolvedValue(['main', 'other']),
    channels: vi.fn<Api['channels']>().mockResolvedValue(MANY),
  };
});

function openPage() {
  const client = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  render(
    <I18nProvider i18n={i18n}>
      <QueryClientProvider client={client}>
        <Page />
      </QueryClientProvider>
    </I18nProvider>,
  );
  return userEvent.setup();
}

const rows = () => within(screen.getByRole('listbox')).getAllByRole('option');
const names = () => rows().map((option) => option.textContent);

it('lists the first playlist, and only what fits the screen', async () => {
  openPage();

  expect(await screen.findByRole('option', { name: /News One/ })).toHaveAttribute('aria-setsize', '5002');
  expect(rows().length).toBeLessThan(40);
  expect(screen.getByRole('option', { name: /Télé Matin/ })).toHaveAttribute('aria-selected', 'true');
  expect(api.channels).toHaveBeenCalledWith('main', expect.anything());
});

it('finds channels while typing, without accents', async () => {
  const user = openPage();
  await screen.findByRole('listbox');

  await user.type(screen.getByRole('searchbox', { name: 'Search 5,002 channels' }), 'tele');

  expect(names()).toEqual([expect.stringContaining('Télé Matin')]);
  expect(screen.getByRole('status')).toHaveTextContent('1 result');
});

it('says that nothing matches, and clears the search', async () => {
  const user = openPage();
  await screen.findByRole('listbox');

  await user.type(screen.getByRole('searchbox'), 'opera');
  expect(screen.getByRole('heading', { name: 'No channel matches “opera”' })).toBeVisible();

  await user.click(screen.getByRole('button', { name: 'Clear the search' }));
  expect(names().length).toBeGreaterThan(2);
});

it('shows one group', async () => {
  const user = openPage();
  await screen.findByRole('listbox');

  await user.click(screen.getByRole('button', { name: 'News' }));

  expect(names()).toHaveLength(2);
  expect(screen.getByRole('button', { name: 'News' })).toHaveAttribute('aria-pressed', 'true');
});

it('opens a channel with the arrows and Enter', async () => {
  const user = openPage();
  await screen.findByRole('listbox');

  screen.getByRole('listbox').focus();
  await user.keyboard('{Home}{ArrowDown}{ArrowDown}{Enter}');

  expect(open).toHaveBeenCalledWith(MANY[2]);
});

it('changes the playlist', async () => {
  const user = openPage();
  await screen.findByRole('listbox');

  await user.selectOptions(screen.getByRole('combobox', { name: 'Playlist' }), 'other');

  expect(api.channels).toHaveBeenLastCalledWith('other', expect.anything());
});

it('says what to do when there is no channel yet, and when the server does not answer', async () => {
  api.playlists.mockResolvedValueOnce([]);
  openPage();
  expect(await screen.findByRole('heading', { name: 'No channels yet' })).toBeVisible();

  api.playlists.mockRejectedValue(new Unreachable());
  openPage();
  expect(await screen.findByRole('heading', { name: 'The channels couldn’t be loaded' })).toBeVisible();
});
