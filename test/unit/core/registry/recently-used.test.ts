import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RecentlyUsed } from '../../../../core/registry/recently-used.ts';

describe('RecentlyUsed', () => {
  it('forgets what was not used for longest', () => {
    const used = new RecentlyUsed<string, number>(2);
    used.set('a', 1);
    used.set('b', 2);
    used.get('a');
    used.set('c', 3);
    expect([used.get('a'), used.get('b'), used.get('c')]).toEqual([1, undefined, 3]);
  });

  const operations = fc.array(
    fc.tuple(fc.constantFrom('get', 'set', 'delete'), fc.integer({ min: 0, max: 5 }), fc.nat()),
  );

  it('answers as a list that is reordered on every use and cut at its capacity', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 4 }), operations, (capacity, steps) => {
        const used = new RecentlyUsed<number, number>(capacity);
        let list: [number, number][] = [];
        const answers: [number | undefined, number | undefined][] = [];
        for (const [operation, key, value] of steps) {
          const held = list.find(([each]) => each === key);
          const others = list.filter(([each]) => each !== key);
          if (operation === 'get') {
            answers.push([used.get(key), held?.[1]]);
            list = held ? [...others, held] : list;
          } else if (operation === 'set') {
            used.set(key, value);
            list = [...others, [key, value] as [number, number]].slice(-capacity);
          } else {
            used.delete(key);
            list = others;
          }
        }
        answers.push(...list.map(([key, value]) => [used.get(key), value] as [number | undefined, number]));
        expect(answers.map(([given]) => given)).toEqual(answers.map(([, expected]) => expected));
      }),
    );
  });
});
