import {
  Maximize,
  Minimize,
  Pause,
  PictureInPicture2,
  Play,
  SkipBack,
  SkipForward,
  Square,
  Volume1,
  Volume2,
  VolumeX,
} from 'lucide-react';
import { type CSSProperties, type RefObject } from 'react';
import { useText } from '~/i18n/text';
import { hasPictureInPicture, togglePictureInPicture } from '~/platform/screen';
import { IconButton } from '~/ui/Button';
import { SignalBars } from '~/ui/SignalBars';
import { bitrate } from '~/lib/format';
import styles from './Controls.module.css';
import type { Action } from './keys';
import { usePlayerLink } from './link';
import type { Playback } from './playback';
import { seekTo, setVolume } from './useActions';
import { useAwake } from './useAwake';
import { useVideo, type VideoNow } from './useVideo';

/** Up to so many seconds further behind than it should be, it is live. */
const LIVE_WITHIN = 4;
/** Where nobody says how far behind live it should be, it is no further than this. */
const USUAL_AIM = 12;

interface Props {
  video: RefObject<HTMLVideoElement | null>;
  playback: Playback;
  box: RefObject<HTMLElement | null>;
  act: (action: Action) => void;
}

/** Our own controls over the picture: they go when nobody needs them, never while focused or paused. */
export function Controls({ video, playback, box, act }: Props) {
  const { t } = useText();
  const link = usePlayerLink();
  const now = useVideo(video);
  const awake = useAwake(box, now.paused);
  const Sound = now.muted || now.volume === 0 ? VolumeX : now.volume < 0.5 ? Volume1 : Volume2;

  return (
    <div className={styles.layer} data-awake={awake}>
      <TopBar />
      {/* A picture has no keyboard: its keys are the player's, and each has its button below. */}
      {/* oxlint-disable-next-line jsx-a11y/click-events-have-key-events, jsx-a11y/no-static-element-interactions */}
      <div
        className={styles.surface}
        onClick={(e) => e.detail === 1 && matchMedia('(hover: hover)').matches && act('toggle')}
        onDoubleClick={() => act('fullscreen')}
      />
      <div className={styles.bottom} role="group" aria-label={t('player.controls')}>
        <Timeline now={now} video={video} playback={playback} />
        <div className={styles.row}>
          <IconButton name={t(now.paused ? 'act.play' : 'act.pause')} onClick={() => act('toggle')} data-main>
            {now.paused ? <Play aria-hidden fill="currentColor" /> : <Pause aria-hidden fill="currentColor" />}
          </IconButton>
          {link.zap !== null && (
            <>
              <IconButton name={t('act.previous')} onClick={() => act('previous')} data-wide>
                <SkipBack size={20} aria-hidden />
              </IconButton>
              <IconButton name={t('act.next')} onClick={() => act('next')} data-wide>
                <SkipForward size={20} aria-hidden />
              </IconButton>
            </>
          )}
          <IconButton name={t(now.muted ? 'act.unmute' : 'act.mute')} onClick={() => act('mute')}>
            <Sound size={22} aria-hidden />
          </IconButton>
          <input
            type="range"
            className={styles.volume}
            min={0}
            max={1}
            step={0.05}
            value={now.muted ? 0 : now.volume}
            aria-label={t('act.volume')}
            style={{ '--filled': now.muted ? 0 : now.volume } as CSSProperties}
            onChange={(e) => setVolume(video.current, Number(e.target.value))}
          />
          <Live playback={playback} now={now} />
          <span className={styles.space} />
          <IconButton name={t('act.stop')} onClick={link.stop} data-wide>
            <Square size={18} aria-hidden />
          </IconButton>
          {hasPictureInPicture() && (
            <IconButton name={t('act.pip')} onClick={() => video.current && void togglePictureInPicture(video.current)}>
              <PictureInPicture2 size={20} aria-hidden />
            </IconButton>
          )}
          <IconButton
            name={t(now.fullscreen ? 'act.exitFullscreen' : 'act.fullscreen')}
            onClick={() => act('fullscreen')}
          >
            {now.fullscreen ? <Minimize size={20} aria-hidden /> : <Maximize size={20} aria-hidden />}
          </IconButton>
        </div>
      </div>
    </div>
  );
}

function TopBar() {
  const { t, locale } = useText();
  const { title, state } = usePlayerLink();
  const { report, silentCodec } = state;
  return (
    <div className={styles.top}>
      <div className={styles.title}>
        <p>{title}</p>
        {silentCodec !== null && <p className={styles.warning}>{t('err.audio.title', { codec: silentCodec })}</p>}
      </div>
      {report !== null && report.peers !== null && (
        <p className={styles.pill}>
          <SignalBars peers={report.peers} />
          <span>
            {report.peers} <span className={styles.pillWord}>{t('health.peers').toLocaleLowerCase(locale)}</span>
          </span>
          {report.speedDown !== null && <span className={styles.pillWord}>· {bitrate(report.speedDown, locale)}</span>}
        </p>
      )}
    </div>
  );
}

/** Where we are in what can be watched. */
function Timeline({ now, video, playback }: { now: VideoNow; video: RefObject<HTMLVideoElement | null>; playback: Playback }) {
  const { t } = useText();
  const span = Math.max(now.end - now.start, 0.1);
  const behind = Math.round(now.end - now.time);
  const part = (time: number) => Math.min(1, Math.max(0, (time - now.start) / span));
  const style = { '--filled': part(now.time), '--loaded': part(now.loaded) } as CSSProperties;
  return (
    <input
      type="range"
      className={styles.timeline}
      min={now.start}
      max={now.end}
      step={0.5}
      value={now.time}
      aria-label={t('player.position')}
      aria-valuetext={isLive(behind, playback) ? t('player.atLive') : t('player.behind', { s: behind })}
      style={style}
      onChange={(e) => seekTo(video.current, Number(e.target.value))}
    />
  );
}

const isLive = (behind: number, playback: Playback): boolean => behind <= (playback.gauge().aim ?? USUAL_AIM) + LIVE_WITHIN;

function Live({ playback, now }: { playback: Playback; now: VideoNow }) {
  const { t } = useText();
  const behind = Math.round(playback.gauge().behind ?? now.end - now.time);
  if (isLive(behind, playback) && !now.paused) return <span className={styles.live}>{t('player.live')}</span>;
  return (
    <>
      <button type="button" className={styles.goLive} onClick={() => playback.goLive()}>
        {t('player.goLive')}
      </button>
      <span className={styles.behind}>{t('player.behind', { s: behind })}</span>
    </>
  );
}
