/** The last values as a line, newest on the right. The number beside it says the last one. */
export function Sparkline({ values, colour }: { values: readonly number[]; colour: string }) {
  const top = Math.max(...values, 1e-9) * 1.15;
  const step = 120 / 59;
  const from = 60 - values.length;
  const points = values.map((v, i) => `${((from + i) * step).toFixed(1)},${(22 - (20 * v) / top).toFixed(1)}`);
  return (
    <svg width="100%" height="24" viewBox="0 0 120 24" preserveAspectRatio="none" aria-hidden="true">
      <polyline
        points={points.join(' ')}
        fill="none"
        stroke={colour}
        strokeWidth="1.6"
        strokeLinejoin="round"
        vectorEffect="non-scaling-stroke"
      />
    </svg>
  );
}
