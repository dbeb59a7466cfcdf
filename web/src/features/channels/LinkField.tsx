import { Link2, Play, CircleCheck, Info } from 'lucide-react';
import { useId, useState, type FormEvent } from 'react';
import { useText, type MessageKey } from '~/i18n/text';
import { hashOf, recognise, type Recognised } from '~/lib/link';
import { Button } from '~/ui/Button';
import styles from './LinkField.module.css';

/** One field that takes any form of link or ID, and says what it sees before anything is sent. */
export function LinkField({ onPlay }: { onPlay: (hash: string | null, url: string | null) => void }) {
  const { t } = useText();
  const hint = useId();
  const [text, setText] = useState('');
  const seen = recognise(text);
  const goal = playable(seen);
  const isEmpty = text.trim() === '';

  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (goal === null) return;
    onPlay(goal.hash, goal.url);
    setText('');
  };

  return (
    <form className={styles.form} onSubmit={submit}>
      <div className={styles.field}>
        <Link2 size={18} aria-hidden />
        <input
          value={text}
          onChange={(e) => setText(e.target.value)}
          aria-label={t('link.label')}
          aria-describedby={hint}
          aria-invalid={!isEmpty && goal === null}
          placeholder={t('link.placeholder')}
          autoComplete="off"
          autoCapitalize="off"
          spellCheck={false}
        />
      </div>
      <Button type="submit" primary disabled={goal === null}>
        <Play size={18} fill="currentColor" aria-hidden />
        {t('act.play')}
      </Button>
      <p id={hint} className={styles.hint} role="status" data-good={goal !== null}>
        {!isEmpty && (goal === null ? <Info size={16} aria-hidden /> : <CircleCheck size={16} aria-hidden />)}
        {!isEmpty && t(messageFor(seen))}
      </p>
    </form>
  );
}

const messageFor = (seen: Recognised): MessageKey => {
  if (seen.ok) return `link.${seen.link.kind}`;
  return seen.fault === 'empty' ? 'link.unknown' : `link.${seen.fault}`;
};

/** What can be played of what was recognised: something with an ID, or an HLS stream. */
function playable(seen: Recognised): { hash: string | null; url: string | null } | null {
  if (!seen.ok) return null;
  const hash = hashOf(seen.link);
  if (hash !== null) return { hash, url: null };
  return seen.link.kind === 'hls' ? { hash: null, url: seen.link.url } : null;
}
