import { ExternalLink } from 'lucide-react';
import { useText } from '~/i18n/text';
import { LinkButton } from '~/ui/Button';
import { usePlayerLink } from './link';
import styles from './UnifiedStreamPlayer.module.css';

/** A channel that is a web page, with only the rights that a player needs. */
export function EmbedFrame({ url }: { url: string }) {
  const { t } = useText();
  const { title } = usePlayerLink();
  const { protocol, origin, hostname } = new URL(url, location.href);
  const isForeign = /^https?:$/.test(protocol) && origin !== location.origin;
  return (
    <div className={styles.embed}>
      <div className={styles.embedBar}>
        <span>{t('player.embedded', { host: hostname })}</span>
        <LinkButton href={isForeign ? url : undefined} target="_blank" rel="noopener noreferrer">
          <ExternalLink size={18} aria-hidden />
          {t('fb.window')}
        </LinkButton>
      </div>
      {isForeign && (
        <iframe
          src={url}
          title={title}
          // Its player keeps its state in its own origin, so it must be allowed to have one; ours it never is.
          // oxlint-disable-next-line react/iframe-missing-sandbox
          sandbox="allow-scripts allow-same-origin allow-presentation"
          allow="autoplay; fullscreen; encrypted-media"
          referrerPolicy="no-referrer"
        />
      )}
    </div>
  );
}
