//! A request of which only the sizes matter: for simulated days, in which nobody writes the words.

/// A request of which only the sizes matter.
#[derive(Debug, Clone, Copy)]
pub struct Call<'a> {
    /// The model.
    pub model: &'a str,
    /// Tokens of the prompt.
    pub prompt: u64,
    /// Tokens of the answer, if it gets one.
    pub answer: u64,
}
