/** How much is done, as a ring with the number in it. The sentence beside it says the same to those who cannot see it. */
export function Ring({ percent, size }: { percent: number; size: number }) {
  const around = 2 * Math.PI * 44;
  return (
    <svg width={size} height={size} viewBox="0 0 100 100" aria-hidden="true">
      <circle cx="50" cy="50" r="44" fill="none" stroke="var(--line)" strokeWidth="9" />
      <circle
        cx="50"
        cy="50"
        r="44"
        fill="none"
        stroke="var(--accent)"
        strokeWidth="9"
        strokeLinecap="round"
        strokeDasharray={around}
        strokeDashoffset={around * (1 - percent / 100)}
        transform="rotate(-90 50 50)"
        style={{ transition: 'stroke-dashoffset 200ms' }}
      />
      <text x="50" y="59" textAnchor="middle" fontSize="26" fontWeight="700" fill="currentColor">
        {percent}%
      </text>
    </svg>
  );
}
