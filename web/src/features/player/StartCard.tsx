import { Check } from 'lucide-react';
import { useText, type Translate } from '~/i18n/text';
import { Button } from '~/ui/Button';
import { useLasting, useNow } from '~/ui/hooks';
import { Ring } from '~/ui/Ring';
import { Spinner } from '~/ui/Spinner';
import { usePlayerLink } from './link';
import type { Phase } from './state';
import styles from './StartCard.module.css';
import { isLonely } from './words';

/** The steps are shown to those who have to wait. */
const STEPS_AFTER = 700;

/** How many of the four steps are behind us. */
const DONE: Partial<Record<Phase, number>> = {
  opening: 1,
  engineStarting: 1,
  findingPeers: 2,
  prebuffering: 3,
  starting: 4,
};

/** On the way to the picture: what is done, what is going on, and a way out. */
export function StartCard({ message }: { message: string }) {
  const { t } = useText();
  const { title, state, stop } = usePlayerLink();
  const steps = useLasting(true, STEPS_AFTER);
  const lonely = isLonely(state, useNow(state.phase === 'findingPeers'));
  const hasRing = state.phase === 'prebuffering' || state.phase === 'starting';

  return (
    <div className={styles.card}>
      <div className={styles.head}>
        {hasRing ? <Ring percent={state.percent} size={88} /> : <Spinner size={44} />}
        <div className={styles.words}>
          <h2>{lonely ? t('err.noPeers.title') : title}</h2>
          <p>{message}</p>
        </div>
      </div>
      {steps && state.target?.hash !== null && <Steps done={DONE[state.phase] ?? 0} peers={state.report?.peers ?? 0} t={t} />}
      <Button onClick={stop}>{t('act.cancel')}</Button>
    </div>
  );
}

function Steps({ done, peers, t }: { done: number; peers: number; t: Translate }) {
  const past = { server: t('step.server'), engine: t('step.engine'), peers: t('step.peers', { count: peers }), buffer: t('step.buffer') };
  const present = [t('player.checking'), t('player.engineStarting'), t('player.findingPeers', { count: peers }), t('step.filling')];
  return (
    <ol className={styles.steps}>
      {Object.entries(past).map(([step, name], i) => (
        <li key={step} data-state={i < done ? 'done' : i === done ? 'now' : 'later'} aria-current={i === done ? 'step' : undefined}>
          <span className={styles.dot} aria-hidden="true">
            {i < done ? <Check size={14} strokeWidth={3} /> : i + 1}
          </span>
          {i === done ? present[i] : name}
          {i < done && <span className="srOnly">, {t('step.done')}</span>}
        </li>
      ))}
    </ol>
  );
}

/** The picture stands still while the buffer fills again: small, since the picture stays. */
export function RefillCard({ message }: { message: string }) {
  const { state } = usePlayerLink();
  return (
    <div className={styles.refill}>
      {state.phase === 'rebuffering' ? <Ring percent={state.percent} size={44} /> : <Spinner size={28} />}
      <p>{message}</p>
    </div>
  );
}
