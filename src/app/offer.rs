//! What the setup is told and what it wants: providers as they are offered, and what came of a key.

use crate::domain::roster::{Secret, Training};

/// A provider as it is offered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// Its id: `groq`.
    pub id: String,
    /// Its name for people.
    pub name: String,
    /// What it gives for free, in few words.
    pub brief: String,
    /// The same, a line for each model or limit.
    pub free: Vec<String>,
    /// What else one should know; empty: nothing.
    pub note: String,
    /// Whether it trains on prompts.
    pub training: Training,
    /// The day of these facts.
    pub as_of: String,
    /// The page where a key is had.
    pub key_url: String,
    /// The variable that its key is kept under.
    pub variable: String,
    /// Variables that have to be set besides, and are not.
    pub besides: Vec<String>,
    /// Where its key is already; None: there is none.
    pub found: Option<String>,
    /// The key that is there can be replaced here: it was typed in here.
    pub ours: bool,
}

/// What is to be done for the setup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// Say what there is.
    Offers,
    /// Test this key without spending quota; keep it if it is good.
    Try {
        /// The provider.
        id: String,
        /// The variable that it is kept under.
        variable: String,
        /// The key.
        key: Secret,
    },
}

/// What was heard for the setup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// What there is; Err: why nobody knows.
    Offers(Result<Vec<Offer>, String>),
    /// What came of a key for this provider.
    Tried(String, Tried),
}

/// What came of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tried {
    /// It is good, and kept.
    Kept {
        /// Models that the provider lists.
        models: usize,
        /// The file that it is kept in.
        path: String,
        /// What has still to be done; None: its lanes are in the rotation.
        after: Option<After>,
    },
    /// The provider refuses it, in these words.
    Refused(String),
    /// The provider was not reached, or says nothing of use.
    Unheard(String),
    /// It is not kept; why.
    NotKept(String),
}

/// What has still to be done before lanes come of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum After {
    /// Begin again with the real providers.
    Begin,
    /// This process has the lanes, and has to be started again.
    Owner(u32),
}
