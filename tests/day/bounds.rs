//! By how much a gauge may differ from what the provider itself has counted: for each dialect a formula of what no
//! header could have told by then. Everything in them is a plain fact of the day: who asked what and when, which header
//! was written when and read when. Neither the desk nor the simulated provider is asked.

/// The facts of one limit at one instant. Amounts are of the limit's unit.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Sight {
    /// How much fits.
    pub(crate) cap: u64,
    /// Own attempts in the air that are held although they may not count (they will be refused), or held although a
    /// header already counts them (it was written after they came, and read before their own), or held beyond the window
    /// in which they were sent (nobody knows on which side of its end they arrived); of a limit on tokens all that is in
    /// the air, for nobody knows how long an answer will be.
    pub(crate) air: u64,
    /// What others used since the last header was written.
    pub(crate) unheard: u64,
    /// What others used, within the window.
    pub(crate) others: u64,
    /// What others used, within two windows.
    pub(crate) others_twice: u64,
    /// Tokens of our own answers that ended after the last header was written.
    pub(crate) answers: u64,
    /// What comes back while a header travels: cap x age / window, for the age at which the last one was read.
    pub(crate) age: u64,
    /// What was used above the cap when the last header was written: it says "nothing left" and no more.
    pub(crate) over: u64,
    /// What of our own uses came back within the last 64th of the window.
    pub(crate) slot: u64,
    /// What was used before a reset that is younger than a header's second and its age.
    pub(crate) edge: u64,
    /// What was used before a reset that came while the last header travelled; of a rolling window what came back while
    /// the headers of the last window travelled.
    pub(crate) stale: u64,
    /// 1 if the last word was a refusal's sentence, which knows whole numbers only, on a bucket.
    pub(crate) words: u64,
}

/// A formula.
pub(crate) type Bound = fn(&Sight) -> u64;

/// Groq: authoritative, and a reset in milliseconds that tells the fraction which the count rounds away. Nothing, but
/// for what is in the air or unheard, and what trickles back while a header travels. **0** alone, headers at once.
pub(crate) const fn groq(sight: &Sight) -> u64 {
    sight.air + sight.unheard + sight.age + sight.answers + sight.over + sight.words
}

/// `OpenAI`: as Groq.
pub(crate) const fn openai(sight: &Sight) -> u64 {
    groq(sight)
}

/// Azure: as Groq; its resets are milliseconds, too.
pub(crate) const fn azure(sight: &Sight) -> u64 {
    groq(sight)
}

/// A proxy before Groq: what it passes on is as good as Groq's own.
pub(crate) const fn litellm_upstream(sight: &Sight) -> u64 {
    groq(sight)
}

/// A proxy's own limit of the minute: it tells the cap alone, so this is counted: **0** alone.
pub(crate) const fn litellm_key(sight: &Sight) -> u64 {
    sight.air + sight.others + sight.edge
}

/// Cerebras: as Groq; its resets are seconds with all their decimals.
pub(crate) const fn cerebras(sight: &Sight) -> u64 {
    groq(sight)
}

/// Anthropic: its resets are whole seconds, so the fraction of a request that the count rounds away stays unknown: **1**.
pub(crate) const fn anthropic(sight: &Sight) -> u64 {
    groq(sight) + 1
}

/// Together: as Anthropic, **1**; and its window is a second, so that a header is soon as old as the window.
pub(crate) const fn together(sight: &Sight) -> u64 {
    groq(sight) + 1
}

/// Mistral: authoritative, the clock's minute. A header that was written before :00 and read after it speaks of the
/// minute before. **0** alone, headers at once.
pub(crate) const fn mistral(sight: &Sight) -> u64 {
    sight.air + sight.unheard + sight.answers + sight.over + sight.stale
}

/// Mistral's streams have no headers: counted. **0** alone; else what others used in this minute.
pub(crate) const fn mistral_streaming(sight: &Sight) -> u64 {
    sight.air + sight.others
}

/// The standard's fields: authoritative, with a reset in whole seconds: for the second after it the gauge may still show
/// the window before. **0** alone but in that second.
pub(crate) const fn ietf(sight: &Sight) -> u64 {
    mistral(sight) + sight.edge
}

/// Gemini: no headers. Counted per model until midnight in Los Angeles, and in a rolling minute: **0** alone, but for
/// the slot of a rolling window; else what others used. A refusal tells the cap, and that nothing is left.
pub(crate) const fn gemini_day(sight: &Sight) -> u64 {
    sight.air + sight.others
}

/// Gemini's minute. When what others used comes back nobody tells: twice the window.
pub(crate) const fn gemini_minute(sight: &Sight) -> u64 {
    sight.air + sight.others_twice + sight.slot
}

/// `OpenRouter`: no headers but on refusals; the clock's minute and the day in UTC over all `:free` models. What is
/// refused counts. **0** alone.
pub(crate) const fn openrouter(sight: &Sight) -> u64 {
    sight.air + sight.others + sight.over
}

/// NVIDIA: no headers, no words: a rolling minute, counted. **0** alone but for the slot.
pub(crate) const fn nvidia(sight: &Sight) -> u64 {
    sight.air + sight.others_twice + sight.slot
}

/// Cohere's calls of the minute: told on answers; when each of the others' comes back is not: twice the window. What a
/// header still counts, and has come back when it is read, is held for another window. **0** alone, headers at once, but
/// for the slot.
pub(crate) const fn cohere_minute(sight: &Sight) -> u64 {
    sight.air + sight.others_twice + sight.slot + sight.stale
}

/// Cohere's calls of the month, of which the cap alone is told: counted. **0** alone.
pub(crate) const fn cohere_month(sight: &Sight) -> u64 {
    sight.air + sight.others
}
