import { useVirtualizer } from '@tanstack/react-virtual';
import { memo, useId, useRef, useState, type KeyboardEvent } from 'react';
import type { Channel } from '~/api/client';
import styles from './ChannelList.module.css';
import type { Entry } from './filter';
import { Logo } from './Logo';

const ROW = 64;

interface Props {
  label: string;
  entries: readonly Entry[];
  /** Which one is open, as an index of `entries`; -1 if none of them. */
  open: number;
  /** It plays: the row says so. */
  isPlaying: boolean;
  onOpen: (channel: Channel) => void;
}

/** A list of any length with a keyboard: arrows move, Enter plays. Only what is on the screen is in the page. */
export function ChannelList({ label, entries, open, isPlaying, onOpen }: Props) {
  const scroller = useRef<HTMLDivElement>(null);
  const id = useId();
  const [active, setActive] = useState(-1);
  const rows = useVirtualizer({
    count: entries.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW,
    overscan: 8,
  });
  const at = Math.min(active < 0 ? open : active, entries.length - 1);
  const shown = rows.getVirtualItems();

  const move = (to: number) => {
    const next = Math.min(entries.length - 1, Math.max(0, to));
    setActive(next);
    rows.scrollToIndex(next);
  };
  const press = (event: KeyboardEvent) => {
    const page = Math.max(1, Math.floor((scroller.current?.clientHeight ?? 640) / ROW) - 1);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, PageDown: at + page, PageUp: at - page, Home: 0, End: entries.length }[event.key];
    const chosen = entries[at];
    if (to !== undefined) move(to);
    else if ((event.key === 'Enter' || event.key === ' ') && chosen !== undefined) onOpen(chosen.channel);
    else return;
    event.preventDefault();
  };

  return (
    <div
      ref={scroller}
      className={styles.scroller}
      role="listbox"
      aria-label={label}
      tabIndex={0}
      aria-activedescendant={shown.some((row) => row.index === at) ? `${id}${at}` : undefined}
      onKeyDown={press}
      onFocus={() => at < 0 && setActive(0)}
    >
      <div role="presentation" style={{ height: rows.getTotalSize() }}>
        {shown.map((row) => {
          const entry = entries[row.index];
          return (
            entry !== undefined && (
              <Row
                key={row.key}
                id={`${id}${row.index}`}
                entry={entry}
                top={row.start}
                position={row.index + 1}
                size={entries.length}
                isOpen={row.index === open}
                isPlaying={isPlaying && row.index === open}
                isActive={row.index === at}
                onOpen={onOpen}
              />
            )
          );
        })}
      </div>
    </div>
  );
}

interface RowProps {
  id: string;
  entry: Entry;
  top: number;
  position: number;
  size: number;
  isOpen: boolean;
  isPlaying: boolean;
  isActive: boolean;
  onOpen: (channel: Channel) => void;
}

const Row = memo(function Row({ id, entry, top, position, size, isOpen, isPlaying, isActive, onOpen }: RowProps) {
  const { channel, number } = entry;
  return (
    // The list has the keyboard (`aria-activedescendant`), the row has the pointer.
    // oxlint-disable-next-line jsx-a11y/click-events-have-key-events, jsx-a11y/interactive-supports-focus
    <div
      id={id}
      role="option"
      className={styles.row}
      aria-selected={isOpen}
      aria-setsize={size}
      aria-posinset={position}
      data-active={isActive}
      style={{ transform: `translateY(${top}px)` }}
      onClick={() => onOpen(channel)}
    >
      <span className={styles.number} aria-hidden="true">
        {number}
      </span>
      <Logo key={channel.logo} name={channel.name} src={channel.logo} />
      <span className={styles.words}>
        <span className={styles.name}>{channel.name}</span>
        {channel.group !== null && <span className={styles.group}>{channel.group}</span>}
      </span>
      {isPlaying && (
        <span className={styles.playing} aria-hidden="true">
          <i />
          <i />
          <i />
        </span>
      )}
    </div>
  );
});
