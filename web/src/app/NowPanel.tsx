import type { Channel, Report } from '~/api/client';
import { Logo } from '~/features/channels/Logo';
import { codecName } from '~/features/player/codecs';
import { useText } from '~/i18n/text';
import styles from './NowPanel.module.css';

/** What is on, as far as the list and the stream tell. */
export function NowPanel({ title, channel, report }: { title: string; channel: Channel | null; report: Report }) {
  const { t } = useText();
  const codecs = report.tracks
    .filter((track) => track.kind === 'video' || track.kind === 'audio')
    .map((track) => [codecName(track.codec), track.language].filter(Boolean).join(' '));
  return (
    <section className={styles.panel} aria-label={t('now.title')}>
      <Logo key={channel?.logo} name={title} src={channel?.logo ?? null} />
      <div className={styles.words}>
        <h2>{title}</h2>
        <p>{[channel?.group, report.serviceName].filter(Boolean).join(' · ')}</p>
      </div>
      <ul className={styles.facts}>
        {report.viewers !== null && <li>{t('health.viewers', { n: report.viewers })}</li>}
        {codecs.map((codec) => (
          <li key={codec}>{codec}</li>
        ))}
      </ul>
    </section>
  );
}
