import { MonitorPlay } from 'lucide-react';
import { useText } from '~/i18n/text';
import styles from './UnifiedStreamPlayer.module.css';

export function IdleCard({ message }: { message: string }) {
  const { t } = useText();
  return (
    <div className={styles.centre}>
      <MonitorPlay size={56} strokeWidth={1.25} className={styles.idleIcon} aria-hidden />
      <p className={styles.idleTitle}>{message}</p>
      <p className={styles.quiet}>{t('player.hint')}</p>
    </div>
  );
}
