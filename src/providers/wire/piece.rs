//! What an answer is made of, whatever the wire.

use crate::domain::conversation::Usage;

/// A piece of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// Text of the answer.
    Text(String),
    /// The model thinks.
    Reasoning(String),
    /// The model asks for a tool; the parts of one call share an index.
    ToolCall {
        /// Which call.
        index: u64,
        /// Its id, in the first part.
        id: Option<String>,
        /// The tool, in the first part.
        name: Option<String>,
        /// More of its arguments.
        arguments: String,
        /// What the provider wants back with the call, verbatim.
        signature: Option<String>,
    },
    /// Tokens as the provider counts them; the last one counts, they are never added up.
    Usage(Usage),
    /// Why the model stopped, in the provider's word.
    Finish(String),
    /// The provider says in mid-stream that it failed: its error, as JSON text.
    Error(String),
    /// The stream's own end mark.
    End,
}
