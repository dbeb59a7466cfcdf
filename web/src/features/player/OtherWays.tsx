import { Copy, ExternalLink, MonitorSmartphone } from 'lucide-react';
import { useRef, useState } from 'react';
import { useText } from '~/i18n/text';
import { copy, copyKeys } from '~/platform/clipboard';
import { Button, LinkButton } from '~/ui/Button';
import { usePlayerLink } from './link';
import styles from './Card.module.css';

/** Playing a channel without this page's player: another window, the Ace Stream app, or its ID by hand. */
export function OtherWays({ hash }: { hash: string }) {
  const { t } = useText();
  const { windowHref } = usePlayerLink();
  const id = useRef<HTMLElement>(null);
  const [copied, setCopied] = useState<'no' | 'copied' | 'selected'>('no');

  return (
    <>
      {windowHref !== null && (
        <LinkButton href={windowHref} target="_blank" rel="noopener">
          <ExternalLink size={18} aria-hidden />
          {t('fb.window')}
        </LinkButton>
      )}
      <LinkButton href={`acestream://${hash}`}>
        <MonitorSmartphone size={18} aria-hidden />
        {t('fb.ace')}
      </LinkButton>
      <Button onClick={() => void copy(hash, id.current).then(setCopied)}>
        <Copy size={18} aria-hidden />
        {t('fb.copy')}
      </Button>
      <p className={styles.id}>
        <span className="srOnly">{t('fb.id')}: </span>
        <code ref={id}>{hash}</code>
      </p>
      <p className={styles.copied} role="status">
        {copied === 'copied' && t('fb.copied')}
        {copied === 'selected' && t('fb.copyManual', { keys: copyKeys() })}
      </p>
    </>
  );
}
