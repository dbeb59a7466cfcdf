import { useEffect, useState } from 'react';
import { useText } from '~/i18n/text';
import { bitrate } from '~/lib/format';
import { Sparkline } from '~/ui/Sparkline';
import styles from './HealthPanel.module.css';
import type { PlayerSession } from './session';

/** One sample a second, the last minute of them. */
const KEPT = 60;
/** Seconds behind live that the gauge ends at. */
const GAUGE_S = 30;

interface Sample {
  speed: number;
  peers: number;
  buffer: number;
  behind: number | null;
}

/** Is it flowing: speed, peers and buffer of the last minute, and how live the picture is. */
export function HealthPanel({ session }: { session: PlayerSession }) {
  const { t, locale } = useText();
  const samples = useSamples(session);
  const last = samples.at(-1);
  if (last === undefined) return null;
  const seconds = (s: number) => t('unit.s', { s: new Intl.NumberFormat(locale, { maximumFractionDigits: 1, minimumFractionDigits: 1 }).format(s) });
  const rows = [
    { name: t('health.speed'), values: samples.map((s) => s.speed), colour: 'var(--accent)', text: bitrate(last.speed, locale) },
    { name: t('health.peers'), values: samples.map((s) => s.peers), colour: 'var(--ok)', text: String(last.peers) },
    { name: t('health.buffer'), values: samples.map((s) => s.buffer), colour: 'var(--warn)', text: seconds(last.buffer) },
  ];

  return (
    <section className={styles.panel} aria-label={t('health.title')}>
      <h2>{t('health.title')}</h2>
      <dl className={styles.rows}>
        {rows.map((row) => (
          <div key={row.name}>
            <dt>{row.name}</dt>
            <dd>
              <Sparkline values={row.values} colour={row.colour} />
              <span>{row.text}</span>
            </dd>
          </div>
        ))}
      </dl>
      {last.behind !== null && <Gauge behind={last.behind} label={t('health.behind')} edge={t('health.edge')} text={seconds(last.behind)} most={t('unit.s', { s: `${GAUGE_S}+` })} />}
    </section>
  );
}

function Gauge({ behind, label, edge, text, most }: { behind: number; label: string; edge: string; text: string; most: string }) {
  return (
    <div className={styles.gauge}>
      <div className={styles.scale} role="img" aria-label={`${label}: ${text}`}>
        <span className={styles.needle} style={{ left: `${Math.min(100, (100 * behind) / GAUGE_S)}%` }} />
      </div>
      <div className={styles.legend} aria-hidden="true">
        <span>{edge}</span>
        <span>{text}</span>
        <span>{most}</span>
      </div>
    </div>
  );
}

function useSamples(session: PlayerSession): Sample[] {
  const [samples, setSamples] = useState<Sample[]>([]);
  useEffect(() => {
    const take = () => {
      const { report, target } = session.now();
      if (target === null || report === null) return setSamples((before) => (before.length === 0 ? before : []));
      const gauge = session.gauge();
      const sample = {
        speed: report.speedDown ?? 0,
        peers: report.peers ?? 0,
        buffer: gauge?.ahead ?? 0,
        behind: gauge?.behind ?? null,
      };
      return setSamples((before) => [...before.slice(1 - KEPT), sample]);
    };
    const timer = setInterval(take, 1000);
    return () => clearInterval(timer);
  }, [session]);
  return samples;
}
