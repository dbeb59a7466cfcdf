import type { ButtonHTMLAttributes, AnchorHTMLAttributes, ReactNode } from 'react';
import styles from './Button.module.css';

type Look = { primary?: boolean };

const look = (primary: boolean | undefined) => (primary ? `${styles.button} ${styles.primary}` : styles.button);

export function Button({ primary, ...rest }: Look & ButtonHTMLAttributes<HTMLButtonElement>) {
  return <button type="button" {...rest} className={look(primary)} />;
}

/** A link that looks like a button: it goes somewhere. */
export function LinkButton({ primary, children, ...rest }: Look & AnchorHTMLAttributes<HTMLAnchorElement>) {
  return (
    <a {...rest} className={look(primary)}>
      {children}
    </a>
  );
}

/** A button that is only a picture; its name is for those who cannot see it, and its tooltip. */
export function IconButton({
  name,
  children,
  ...rest
}: { name: string; children: ReactNode } & ButtonHTMLAttributes<HTMLButtonElement>) {
  return (
    <button type="button" title={name} aria-label={name} {...rest} className={styles.icon}>
      {children}
    </button>
  );
}
