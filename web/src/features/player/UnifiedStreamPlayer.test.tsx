import { I18nProvider } from '@lingui/react';
import { act, render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { Report } from '~/api/client';
import { problemOf } from '~/api/problem';
import { i18n, show } from '~/i18n/text';
import { PlayerLinkProvider, type PlayerLink } from './link';
import { IDLE, type PlayerState } from './state';
import { UnifiedStreamPlayer, type UnifiedStreamPlayerProps } from './UnifiedStreamPlayer';

const HASH = 'd65257bb7856e13b718df1dfe65ee482d90dd384';
const CALM: UnifiedStreamPlayerProps = {
  streamUrl: null,
  isEmbed: false,
  isLoading: false,
  error: null,
  statusMessage: null,
  backendReady: true,
};

let link: PlayerLink;

function page(props: Partial<UnifiedStreamPlayerProps>, state: Partial<PlayerState> = {}) {
  const target = { name: 'News', hash: HASH, url: null };
  link.state = { ...IDLE, target, since: Date.now(), ...state };
  return (
    <I18nProvider i18n={i18n}>
      <PlayerLinkProvider value={{ ...link }}>
        <UnifiedStreamPlayer {...CALM} {...props} />
      </PlayerLinkProvider>
    </I18nProvider>
  );
}

beforeEach(async () => {
  await show('en');
  vi.spyOn(HTMLMediaElement.prototype, 'load').mockReturnValue();
  const nothing = () => undefined;
  link = {
    title: 'News',
    state: IDLE,
    windowHref: `/play/${HASH}?bare=1`,
    withCredentials: false,
    report: vi.fn<PlayerLink['report']>(),
    connect: () => nothing,
    retry: vi.fn<PlayerLink['retry']>(),
    stop: vi.fn<PlayerLink['stop']>(),
    zap: null,
  };
});

it('invites to choose a channel while nothing is open', () => {
  render(page({ statusMessage: 'Choose a channel to start' }));

  expect(screen.getByRole('region', { name: 'Player' })).toHaveTextContent('Choose a channel to start');
});

describe('loading', () => {
  it('shows nothing for 300 ms, the sentence after them, the steps after a second, and a way out', async () => {
    vi.useFakeTimers();
    const state = { phase: 'findingPeers' } as const;
    render(page({ isLoading: true, statusMessage: 'Looking for peers…' }, state));
    const cancel = () => screen.queryByRole('button', { name: 'Cancel' });

    await act(() => vi.advanceTimersByTimeAsync(250));
    expect(cancel()).toBeNull();

    await act(() => vi.advanceTimersByTimeAsync(100));
    expect(screen.getByRole('heading', { name: 'News' })).toBeVisible();
    expect(screen.queryByRole('list')).toBeNull();

    await act(() => vi.advanceTimersByTimeAsync(700));
    expect(screen.getAllByRole('listitem').map((item) => item.textContent)).toEqual([
      expect.stringContaining('Server reached, done'),
      expect.stringContaining('P2P engine ready, done'),
      expect.stringContaining('Looking for peers…'),
      expect.stringContaining('Buffer filled'),
    ]);
    cancel()?.click();
    expect(link.stop).toHaveBeenCalledTimes(1);
    vi.useRealTimers();
  });

  it('says that nobody shares the channel when the server does, while the search goes on', async () => {
    vi.useFakeTimers();
    const report = { code: 'no_peers', peers: 0 };
    const state: Partial<PlayerState> = { phase: 'findingPeers', since: Date.now(), report: { ...REPORT, ...report } };
    render(page({ isLoading: true, statusMessage: 'No peers found after 20 s.' }, state));
    await act(() => vi.advanceTimersByTimeAsync(400));

    expect(screen.getByRole('heading', { name: 'Nobody is sharing this channel right now' })).toBeVisible();
    vi.useRealTimers();
  });

  it('tells a screen reader of every quarter, not of every percent', () => {
    render(page({ isLoading: true, statusMessage: 'Buffering 63% · 14 peers · 4.2 Mb/s' }));

    expect(screen.getByRole('status')).toHaveTextContent(/^Buffering 50%$/);
  });
});

describe('an error', () => {
  it('is a sentence with a way on, and its code', async () => {
    const state = { phase: 'failed', problem: problemOf('bad_content', 'failed to load content') } as const;
    render(page({ error: 'The engine can’t open this channel', statusMessage: 'The ID may be wrong.' }, state));

    expect(screen.getByRole('alert')).toHaveTextContent('The ID may be wrong.');
    expect(screen.getByText('Code bad_content')).toBeVisible();
    await userEvent.click(screen.getByRole('button', { name: 'Try again' }));
    expect(link.retry).toHaveBeenCalledTimes(1);
    expect(screen.queryByRole('link', { name: 'Open in the Ace Stream app' })).toBeNull();
  });

  it('offers other players when only this browser cannot play it', () => {
    const state = { phase: 'failed', problem: problemOf('codec_video', null, { codec: 'HEVC' }) } as const;
    render(page({ error: 'This browser can’t show HEVC video', statusMessage: '' }, state));

    expect(screen.getByRole('link', { name: 'Open in the Ace Stream app' })).toHaveAttribute('href', `acestream://${HASH}`);
  });
});

describe('the server is down', () => {
  const down = { backendReady: false, error: 'Can’t reach the server', statusMessage: 'nas.lan isn’t answering.' };

  it('shows every other way to watch', async () => {
    render(page(down, { phase: 'fallback' }));

    expect(screen.getByRole('heading', { name: 'Can’t reach the server' })).toBeVisible();
    expect(screen.getByRole('link', { name: 'Open in a new window' })).toHaveAttribute('href', `/play/${HASH}?bare=1`);
    expect(screen.getByRole('link', { name: 'Open in the Ace Stream app' })).toHaveAttribute('href', `acestream://${HASH}`);
    expect(screen.getAllByRole('listitem')).toHaveLength(4);
    await userEvent.click(screen.getByRole('button', { name: 'Try again now' }));
    expect(link.retry).toHaveBeenCalledTimes(1);
  });

  it('copies the ID with the clipboard', async () => {
    const user = userEvent.setup();
    render(page(down, { phase: 'fallback' }));

    await user.click(screen.getByRole('button', { name: 'Copy the content ID' }));

    expect(await screen.findByText('Copied')).toBeVisible();
    expect(await navigator.clipboard.readText()).toBe(HASH);
  });

  it('selects the ID where no way of copying is left, and says which keys copy it', async () => {
    vi.stubGlobal('navigator', { onLine: true, userAgent: 'Linux' });
    Object.assign(document, { execCommand: () => false });
    render(page(down, { phase: 'fallback' }));

    await userEvent.click(screen.getByRole('button', { name: 'Copy the content ID' }));

    expect(await screen.findByText(/press Ctrl\+C/)).toBeVisible();
    expect(String(getSelection())).toBe(HASH);
  });
});

it('keeps the very same video element through every state', () => {
  const { container, rerender } = render(page({}));
  const video = container.querySelector('video');

  rerender(page({ isLoading: true, statusMessage: 'Opening News…' }));
  rerender(page({ error: 'Playback stopped', statusMessage: '' }, { phase: 'failed', problem: problemOf('unknown') }));
  rerender(page({ backendReady: false, error: 'x', statusMessage: '' }, { phase: 'fallback' }));

  expect(container.querySelector('video')).toBe(video);
});

it('frames a channel that is a web page, without the right to touch ours', () => {
  render(page({ streamUrl: 'https://player.example/embed/1', isEmbed: true }, { phase: 'playing' }));

  const frame = screen.getByTitle('News');
  expect(frame).toHaveAttribute('src', 'https://player.example/embed/1');
  expect(frame.getAttribute('sandbox')).not.toContain('allow-top-navigation');
  expect(screen.getByRole('link', { name: 'Open in a new window' })).toHaveAttribute('href', 'https://player.example/embed/1');
});

it('does not frame an address of its own, which the frame’s rights would open', () => {
  render(page({ streamUrl: `${location.origin}/evil.html`, isEmbed: true }, { phase: 'playing' }));

  expect(screen.queryByTitle('News')).toBeNull();
});

const REPORT: Report = {
  phase: 'prebuffering',
  code: null,
  reason: null,
  startedAt: null,
  serviceName: null,
  tracks: [],
  peers: 0,
  speedDown: 0,
  speedUp: 0,
  viewers: 1,
  ready: 0,
  bitrate: null,
};
