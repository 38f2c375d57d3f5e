//! A set of numbers that are no attacker's choice: a million are put in some milliseconds, where the standard library's
//! guarded hash takes ten times that.

use std::collections::HashSet;
use std::hash::{BuildHasherDefault, Hash, Hasher};

/// A set of values made of numbers that we gave out ourselves.
pub(crate) type NumberSet<T> = HashSet<T, BuildHasherDefault<NumberHasher>>;

/// Multiplies each number into what came before it (Knuth, *The Art of Computer Programming* 3, 6.4).
#[derive(Default)]
pub(crate) struct NumberHasher(u64);

/// 2 to the 64th, divided by the golden ratio.
const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;

impl Hasher for NumberHasher {
    fn finish(&self) -> u64 {
        self.0 ^ (self.0 >> 32)
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(u64::from(*byte));
        }
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = (self.0.rotate_left(5) ^ number).wrapping_mul(GOLDEN);
    }

    fn write_u32(&mut self, number: u32) {
        self.write_u64(u64::from(number));
    }

    fn write_i64(&mut self, number: i64) {
        self.write_u64(number.cast_unsigned());
    }
}

/// A set with room for so many.
pub(crate) fn number_set<T: Eq + Hash>(capacity: usize) -> NumberSet<T> {
    HashSet::with_capacity_and_hasher(capacity, BuildHasherDefault::default())
}
