//! Values that are kept in memory as long as there is room: those that nobody has used for the longest time go when all of
//! them take too much. Each is behind a lock of its own, so that nobody makes it twice at once.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Mutex as AsyncMutex;

/// The values that were used last. Cloning it shares them.
pub(super) struct Recent<K, V> {
    slots: Arc<Mutex<Slots<K, V>>>,
    /// How many bytes all values may take together.
    most: usize,
}

struct Slots<K, V> {
    by_key: HashMap<K, Slot<V>>,
    uses: u64,
}

#[derive(Default)]
struct Slot<V> {
    value: Arc<AsyncMutex<V>>,
    weight: usize,
    used: u64,
}

impl<K, V> Clone for Recent<K, V> {
    fn clone(&self) -> Self {
        Self {
            slots: Arc::clone(&self.slots),
            most: self.most,
        }
    }
}

impl<K: Copy + Eq + Hash, V: Default> Recent<K, V> {
    pub(super) fn new(most: usize) -> Self {
        let slots = Slots {
            by_key: HashMap::new(),
            uses: 0,
        };
        Self {
            slots: Arc::new(Mutex::new(slots)),
            most,
        }
    }

    /// The value of a key, which is the default one if none is kept.
    pub(super) fn get(&self, key: K) -> Arc<AsyncMutex<V>> {
        let mut slots = self.slots();
        slots.uses += 1;
        let used = slots.uses;
        let slot = slots.by_key.entry(key).or_default();
        slot.used = used;
        Arc::clone(&slot.value)
    }

    /// Tells how many bytes a value takes, and lets go of others that nobody has at hand until there is room.
    pub(super) fn weigh(&self, key: K, weight: usize) {
        let mut slots = self.slots();
        if let Some(slot) = slots.by_key.get_mut(&key) {
            slot.weight = weight;
        }
        while slots.by_key.values().map(|slot| slot.weight).sum::<usize>() > self.most {
            let idle = slots.by_key.iter().filter(|(other, slot)| {
                **other != key && slot.weight > 0 && Arc::strong_count(&slot.value) == 1
            });
            let Some(oldest) = idle.min_by_key(|(_, slot)| slot.used).map(|(other, _)| *other) else {
                return;
            };
            slots.by_key.remove(&oldest);
        }
    }

    fn slots(&self) -> MutexGuard<'_, Slots<K, V>> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(recent: &Recent<u8, u8>, key: u8, weight: usize) {
        *recent.get(key).try_lock().unwrap() = key;
        recent.weigh(key, weight);
    }

    fn kept(recent: &Recent<u8, u8>) -> Vec<u8> {
        let slots = recent.slots();
        let mut kept: Vec<u8> = slots
            .by_key
            .values()
            .map(|slot| *slot.value.try_lock().unwrap())
            .collect();
        kept.sort_unstable();
        kept
    }

    #[test]
    fn what_was_not_used_for_the_longest_time_goes_first() {
        let recent = Recent::new(100);
        for key in [1, 2, 3] {
            set(&recent, key, 30);
        }
        recent.get(1);
        set(&recent, 4, 40);
        assert_eq!(kept(&recent), [1, 3, 4]);
    }

    #[test]
    fn what_is_in_use_or_alone_too_large_stays() {
        let recent = Recent::new(100);
        let in_use = recent.get(1);
        set(&recent, 1, 50);
        set(&recent, 2, 150);
        assert_eq!(kept(&recent), [1, 2]);
        drop(in_use);
        set(&recent, 2, 151);
        assert_eq!(kept(&recent), [2]);
    }
}
