//! A small seeded generator (splitmix64, <https://prng.di.unimi.it/splitmix64.c>): the same seed, the same world.

use std::time::Duration;

/// Chance, for one exchange.
#[derive(Debug, Clone)]
pub(crate) struct Dice(u64);

impl Dice {
    /// The dice for the `nth` request to `provider`: what other providers are asked changes nothing.
    pub(crate) fn new(seed: u64, provider: &str, nth: u64) -> Self {
        // FNV-1a: the standard library's hash may change with its version.
        let name = provider
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
        Self(seed ^ name ^ nth.wrapping_mul(0xd6e8_feb8_6659_fd93))
    }

    /// Any number.
    pub(crate) const fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// From 0 up to, but not including, 1.
    pub(crate) fn share(&mut self) -> f64 {
        (self.number() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// `span`, longer or shorter by up to `jitter` of itself (0 to 1); whole milliseconds.
    pub(crate) fn around(&mut self, span: Duration, jitter: f64) -> Duration {
        let factor = 1.0 + jitter * (2.0 * self.share() - 1.0);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "f64 to u64 saturates")]
        Duration::from_millis((span.as_secs_f64() * factor * 1000.0) as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_sequence() {
        // The first outputs of splitmix64 for the seed 1234567, as published with Java's SplittableRandom.
        let mut dice = Dice(1_234_567);
        let numbers = [dice.number(), dice.number(), dice.number()];
        assert_eq!(numbers, [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423]);
    }

    #[test]
    fn jitter_stays_within_its_share() {
        let mut dice = Dice::new(1, "quick", 1);
        for _ in 0..1000 {
            let span = dice.around(Duration::from_secs(1), 0.25).as_millis();
            assert!((750..=1250).contains(&span), "{span}");
        }
        assert_eq!(dice.around(Duration::from_millis(40), 0.0), Duration::from_millis(40));
    }
}
