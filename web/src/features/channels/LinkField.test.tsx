import { I18nProvider } from '@lingui/react';
import { render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { beforeEach, expect, it, vi } from 'vitest';
import { i18n, show } from '~/i18n/text';
import { LinkField } from './LinkField';

const HASH = 'd65257bb7856e13b718df1dfe65ee482d90dd384';

let onPlay: ReturnType<typeof vi.fn<(hash: string | null, url: string | null) => void>>;

beforeEach(async () => {
  await show('en');
  onPlay = vi.fn<(hash: string | null, url: string | null) => void>();
  render(
    <I18nProvider i18n={i18n}>
      <LinkField onPlay={onPlay} />
    </I18nProvider>,
  );
});

const field = () => screen.getByRole('textbox', { name: 'Ace Stream link or ID' });
const button = () => screen.getByRole('button', { name: 'Play' });

it('says what it recognises before anything is sent, then plays it', async () => {
  await userEvent.type(field(), `magnet:?xt=urn:btih:${HASH}`);
  expect(screen.getByRole('status')).toHaveTextContent('This is a magnet link');
  expect(onPlay).not.toHaveBeenCalled();

  await userEvent.type(field(), '{Enter}');

  expect(onPlay).toHaveBeenCalledWith(HASH, null);
  expect(field()).toHaveValue('');
});

it('plays an HLS address as it is', async () => {
  await userEvent.type(field(), 'https://example.com/live.m3u8');
  await userEvent.click(button());

  expect(onPlay).toHaveBeenCalledWith(null, 'https://example.com/live.m3u8');
});

it.each([
  ['acestream://d65257bb', 'Too short'],
  ['https://example.com/list.m3u', 'This is a playlist'],
  ['https://example.com/page', 'This is a web address without an Ace Stream ID'],
  ['hello world', 'This isn’t an Ace Stream link or ID'],
])('does not play %s, and says why', async (text, why) => {
  await userEvent.type(field(), `${text}{Enter}`);

  expect(screen.getByRole('status')).toHaveTextContent(why);
  expect(field()).toBeInvalid();
  expect(button()).toBeDisabled();
  expect(onPlay).not.toHaveBeenCalled();
});

it('finds no fault with an empty field', () => {
  expect(screen.getByRole('status')).toBeEmptyDOMElement();
  expect(field()).toBeValid();
});
