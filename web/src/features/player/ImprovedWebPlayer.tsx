import { TriangleAlert } from 'lucide-react';
import { useText, type MessageKey } from '~/i18n/text';
import { Button, LinkButton } from '~/ui/Button';
import { usePlayerLink } from './link';
import styles from './Card.module.css';
import { OtherWays } from './OtherWays';

const STEPS: MessageKey[] = ['fb.step1', 'fb.step2', 'fb.step3', 'fb.step4'];

/** The server does not answer: the other ways to watch, until it does. It goes away by itself. */
export function ImprovedWebPlayer({ title, body }: { title: string; body: string }) {
  const { t } = useText();
  const { state, retry } = usePlayerLink();
  const { hash = null, url = null } = state.target ?? {};

  return (
    <div className={styles.card}>
      <TriangleAlert className={styles.icon} size={28} aria-hidden />
      <div className={styles.words}>
        <div role="alert">
          <h2>{title}</h2>
        </div>
        <p>{body}</p>
      </div>
      <div className={styles.actions} role="group" aria-label={t('fb.title')}>
        <Button primary onClick={retry}>
          {t('act.retry')}
        </Button>
        {hash !== null && <OtherWays hash={hash} />}
        {hash === null && url !== null && (
          <LinkButton href={url} target="_blank" rel="noopener noreferrer">
            {t('fb.window')}
          </LinkButton>
        )}
      </div>
      {hash !== null && (
        <details className={styles.details} open>
          <summary>{t('fb.how')}</summary>
          <ol>
            {STEPS.map((step) => (
              <li key={step}>{t(step)}</li>
            ))}
          </ol>
        </details>
      )}
    </div>
  );
}

/** The server does not answer, but what is buffered still plays: say it without hiding the picture. */
export function OutageBanner({ title }: { title: string }) {
  const { t } = useText();
  const { retry } = usePlayerLink();
  return (
    <div className={styles.banner} role="alert">
      <TriangleAlert size={20} aria-hidden />
      <span>{title}</span>
      <Button onClick={retry}>{t('act.retry')}</Button>
    </div>
  );
}
