import { memo, useState } from 'react';
import { hue, monogram } from '~/lib/format';
import styles from './Logo.module.css';

/** A channel's logo on a neutral plate; its initials until it is there, and where it never is. The name stands beside it. */
export const Logo = memo(function Logo({ name, src }: { name: string; src: string | null }) {
  const [state, setState] = useState<'loading' | 'shown' | 'failed'>('loading');
  const usable = src !== null && /^https?:\/\//i.test(src) && state !== 'failed';
  return (
    <span className={styles.plate} style={{ '--hue': hue(name) } as React.CSSProperties} data-logo={state === 'shown'} aria-hidden="true">
      {state !== 'shown' && monogram(name)}
      {usable && (
        <img
          src={src}
          alt=""
          loading="lazy"
          decoding="async"
          onLoad={() => setState('shown')}
          onError={() => setState('failed')}
        />
      )}
    </span>
  );
});
