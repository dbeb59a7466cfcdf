import { Play, Volume2 } from 'lucide-react';
import { useRef, type ReactNode } from 'react';
import { useText } from '~/i18n/text';
import { Button } from '~/ui/Button';
import { useLasting } from '~/ui/hooks';
import { Controls } from './Controls';
import { EmbedFrame } from './EmbedFrame';
import { ErrorCard } from './ErrorCard';
import { IdleCard } from './IdleCard';
import { ImprovedWebPlayer, OutageBanner } from './ImprovedWebPlayer';
import { usePlayerLink } from './link';
import { RefillCard, StartCard } from './StartCard';
import styles from './UnifiedStreamPlayer.module.css';
import { useActions } from './useActions';
import { usePlayback, type Picture } from './usePlayback';

export interface UnifiedStreamPlayerProps {
  /** The HLS playlist to play, or the page to frame; null while there is none. */
  streamUrl: string | null;
  /** `streamUrl` is a web page with a player of its own. */
  isEmbed: boolean;
  isLoading: boolean;
  /** What went wrong, as a title; `statusMessage` says what to do about it. */
  error: string | null;
  /** What is going on, as a sentence. */
  statusMessage: string | null;
  /** Whether the server answers. While it does not, the other ways to watch are shown. */
  backendReady: boolean;
}

/** Nothing that is over sooner is shown. */
const SHOWN_AFTER = 300;

/**
 * The one player of the app: picture, controls, and a card for every state. Its `<video>` is never
 * unmounted, so full screen outlives a change of channel.
 */
export function UnifiedStreamPlayer(props: UnifiedStreamPlayerProps) {
  const { streamUrl, isEmbed, isLoading, error, statusMessage } = props;
  const { t } = useText();
  const { title, zap } = usePlayerLink();
  const box = useRef<HTMLElement>(null);
  const video = useRef<HTMLVideoElement>(null);
  const still = useRef<HTMLCanvasElement>(null);
  const picture = usePlayback(video, still, isEmbed ? null : streamUrl, isLoading || !props.backendReady);
  const act = useActions(video, picture.playback, box, zap);
  const embedUrl = isEmbed ? streamUrl : null;

  return (
    <section
      ref={box}
      id="player"
      className={`${styles.box} onPicture`}
      data-card={error !== null && !picture.moving}
      aria-label={t('player.region')}
      tabIndex={-1}
    >
      {/* Live television: captions come inside the stream when it has them. */}
      {/* oxlint-disable-next-line jsx-a11y/media-has-caption */}
      <video ref={video} className={styles.video} playsInline aria-label={title || t('player.region')} />
      <canvas ref={still} className={styles.still} hidden aria-hidden="true" />
      {embedUrl !== null && <EmbedFrame url={embedUrl} />}
      {picture.begun && picture.playback !== null && (
        <Controls video={video} playback={picture.playback} box={box} act={act} />
      )}
      <Layer {...props} picture={picture} unmute={() => act('unmute')} />
      <p className="srOnly" role="status">
        {error === null ? announced(statusMessage) : ''}
      </p>
    </section>
  );
}

interface GestureProps {
  picture: Picture;
  unmute: () => void;
}

/** The card over the picture, if this moment has one. */
function Layer({ picture, unmute, ...props }: UnifiedStreamPlayerProps & GestureProps): ReactNode {
  const { streamUrl, isLoading, error, statusMessage, backendReady } = props;
  const shown = useLasting(isLoading, SHOWN_AFTER);
  if (!backendReady) {
    return picture.moving ? (
      <OutageBanner title={error ?? ''} />
    ) : (
      <ImprovedWebPlayer title={error ?? ''} body={statusMessage ?? ''} />
    );
  }
  if (error !== null) return <ErrorCard title={error} body={statusMessage ?? ''} />;
  if (picture.gesture !== 'none') return <GestureCard picture={picture} unmute={unmute} />;
  if (isLoading) {
    if (!shown) return null;
    const standing = streamUrl !== null && picture.begun;
    return standing ? <RefillCard message={statusMessage ?? ''} /> : <StartCard message={statusMessage ?? ''} />;
  }
  return streamUrl === null ? <IdleCard message={statusMessage ?? ''} /> : null;
}

/** What the browser lets only a person start. */
function GestureCard({ picture, unmute }: GestureProps) {
  const { t } = useText();
  const isTap = picture.gesture === 'tap';
  const go = () => {
    unmute();
    void picture.playback?.play();
    picture.clearGesture();
  };
  return (
    <div className={isTap ? styles.centre : styles.corner}>
      <Button primary onClick={go}>
        {isTap ? <Play size={20} aria-hidden /> : <Volume2 size={20} aria-hidden />}
        {t(isTap ? 'player.tapToPlay' : 'player.tapToUnmute')}
      </Button>
    </div>
  );
}

/** Screen readers hear each phase once and only every 25 %, not every second. */
function announced(message: string | null): string {
  return (message ?? '').replace(/(\d+)(\s?%)/, (_, n: string, sign: string) => `${Math.floor(Number(n) / 25) * 25}${sign}`).split(' · ')[0] ?? '';
}
