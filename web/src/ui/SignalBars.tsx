/** Four bars for how many share a channel; the number stands beside them. */
export function SignalBars({ peers }: { peers: number }) {
  const lit = [1, 3, 6, 12].filter((enough) => peers >= enough).length;
  const colour = lit >= 3 ? 'var(--ok)' : 'var(--warn)';
  return (
    <svg width="22" height="16" viewBox="0 0 22 16" aria-hidden="true">
      {[0, 1, 2, 3].map((bar) => (
        <rect
          key={bar}
          x={bar * 6}
          y={12 - bar * 4}
          width="4"
          height={4 + bar * 4}
          rx="1"
          fill={bar < lit ? colour : 'var(--control)'}
        />
      ))}
    </svg>
  );
}
