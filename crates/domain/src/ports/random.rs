use rand_core::CryptoRng;

/// Gives randomness that nobody can predict, for keys and secrets. As with the [`Clock`](super::Clock), a rule never
/// asks it: a caller draws from it once and passes on what it got.
pub trait Randomness: Send + Sync {
    /// A source of its own, for one thing to be made.
    fn source(&self) -> Box<dyn CryptoRng + Send>;
}
