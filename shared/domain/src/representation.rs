//! Who acts for whom. Must not know how representatives are looked up.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, Hash};

/// How far a chain of representatives is followed when looking for a cycle: a
/// child, its minor parent, that parent's own parent.
pub const REPRESENTATION_DEPTH_MAX: usize = 4;

/// The persons who, through their representatives, end up representing
/// themselves. `represents` maps a person to their representatives; those who
/// are not in the map have none.
pub fn find_cycles<K: Eq + Hash + Clone, S: BuildHasher>(
    representatives: &HashMap<K, Vec<K>, S>,
) -> HashSet<K> {
    let mut in_cycle = HashSet::new();
    for person in representatives.keys() {
        let mut seen = HashSet::new();
        let mut frontier: Vec<(&K, usize)> = vec![(person, 0)];
        while let Some((current, depth)) = frontier.pop() {
            if depth >= REPRESENTATION_DEPTH_MAX {
                continue;
            }
            for next in representatives.get(current).into_iter().flatten() {
                if next == person {
                    in_cycle.insert(person.clone());
                } else if seen.insert(next) {
                    frontier.push((next, depth + 1));
                }
            }
        }
    }
    in_cycle
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cycle_names_all_who_are_in_it_and_nobody_else() {
        let map = HashMap::from([
            ("ana", vec!["ben"]),
            ("ben", vec!["ana"]),
            ("cleo", vec!["ana"]),
            ("dan", vec!["dan"]),
            ("eve", vec!["finn", "gus"]),
            ("hal", vec!["ivy"]),
            ("ivy", vec!["jo"]),
            ("jo", vec!["hal"]),
        ]);
        assert_eq!(find_cycles(&map), HashSet::from(["ana", "ben", "dan", "hal", "ivy", "jo"]));
    }
}
