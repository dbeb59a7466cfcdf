import { expect, it } from 'vitest';
import { rateOf } from './catchUp';

it('hurries by how late it is', () => {
  expect([0.1, 0.2, 0.5, 1, 2, 5].map((late) => rateOf(1, late, 1))).toEqual([1, 1.05, 1.15, 1.25, 1.5, 1.5]);
});

it('goes on until it is in time, and does not begin anew for little', () => {
  expect(rateOf(1.05, 0.1, 1)).toBe(1.05);
  expect(rateOf(1.05, 0.07, 1)).toBe(1);
  expect(rateOf(1, 0.1, 1)).toBe(1);
});

it('never hurries towards the end of what it has', () => {
  expect(rateOf(1.15, 0.5, 0.3)).toBe(1);
});

it('lets somebody who looks back look back', () => {
  expect(rateOf(1, 60, 30)).toBe(1);
});

it('takes its time where it began early, however little is ahead of it', () => {
  expect([-0.05, -0.15, -1].map((late) => rateOf(1, late, 0.2))).toEqual([1, 0.95, 0.95]);
  expect([-0.06, -0.03].map((late) => rateOf(0.95, late, 1))).toEqual([0.95, 1]);
});
