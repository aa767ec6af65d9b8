// Things by what they have in common. `Map.groupBy` does it too, in browsers of 2024 and later.

/** The things of each key, in their order; keys as they first come. @template T, K
 * @param {T[]} things @param {(thing: T) => K} keyOf @returns {Map<K, T[]>} */
export function grouped(things, keyOf) {
  const groups = new Map();
  for (const thing of things) {
    const key = keyOf(thing);
    if (!groups.has(key)) groups.set(key, []);
    groups.get(key).push(thing);
  }
  return groups;
}
