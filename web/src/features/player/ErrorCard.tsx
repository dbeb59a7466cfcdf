import { TriangleAlert } from 'lucide-react';
import { useText } from '~/i18n/text';
import { Button, LinkButton } from '~/ui/Button';
import { useNow } from '~/ui/hooks';
import { usePlayerLink } from './link';
import styles from './Card.module.css';
import { OtherWays } from './OtherWays';
import { secondsTo } from './words';

/** One cause, one sentence, and a way on. */
export function ErrorCard({ title, body }: { title: string; body: string }) {
  const { t } = useText();
  const { state, retry } = usePlayerLink();
  const now = useNow(state.retryAt !== null);
  const { problem, target } = state;
  const direct = target?.hash === null ? target.url : null;

  return (
    <div className={styles.card} role="alert">
      <TriangleAlert className={styles.icon} size={28} aria-hidden />
      <div className={styles.words}>
        <h2>{title}</h2>
        <p>{body}</p>
        {state.retryAt !== null && <p aria-live="off">{t('err.passing', { s: secondsTo(state.retryAt, now) })}</p>}
      </div>
      <div className={styles.actions}>
        <Button primary onClick={retry}>
          {t(state.retryAt === null ? 'act.again' : 'act.retry')}
        </Button>
        {direct !== null && (
          <LinkButton href={direct} target="_blank" rel="noopener noreferrer">
            {t('fb.window')}
          </LinkButton>
        )}
        {problem?.code === 'codec_video' && target?.hash && <OtherWays hash={target.hash} />}
      </div>
      {problem !== null && (
        <details className={styles.details}>
          <summary>{t('err.code', { code: problem.code })}</summary>
          <p>{problem.detail}</p>
        </details>
      )}
    </div>
  );
}
