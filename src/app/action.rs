//! What can be done at the dashboard, whichever key asks for it.

use crate::app::page::Form;

/// What has the keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Focus {
    /// The composer: letters are text.
    #[default]
    Composer,
    /// The transcript of the chat.
    Transcript,
    /// The quota of the roster.
    Quota,
    /// The request log.
    Log,
}

/// A way through rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Move {
    /// One row up.
    Up,
    /// One row down.
    Down,
    /// A page up.
    PageUp,
    /// A page down.
    PageDown,
    /// Half a page up.
    HalfUp,
    /// Half a page down.
    HalfDown,
    /// To the first row.
    First,
    /// To the last row.
    Last,
    /// To the turn before.
    PreviousTurn,
    /// To the next turn.
    NextTurn,
}

impl Move {
    /// The place in a list of so many to which it leads from `at`.
    pub fn from(self, at: usize, count: usize) -> usize {
        let last = count.saturating_sub(1);
        let at = at.min(last);
        let to = match self {
            Self::Up | Self::PreviousTurn => at.saturating_sub(1),
            Self::Down | Self::NextTurn => at + 1,
            Self::PageUp | Self::HalfUp => at.saturating_sub(10),
            Self::PageDown | Self::HalfDown => at + 10,
            Self::First => 0,
            Self::Last => last,
        };
        to.min(last)
    }
}

/// A change of the draft, or a way through it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Edit {
    /// A new line.
    NewLine,
    /// One character left.
    Left,
    /// One character right.
    Right,
    /// One row up; on the first, an earlier prompt.
    Up,
    /// One row down; on the last, a later prompt.
    Down,
    /// One word left.
    WordLeft,
    /// One word right.
    WordRight,
    /// To the head of the line.
    Head,
    /// To the end of the line.
    End,
    /// Delete the character before.
    DeleteBack,
    /// Delete the character behind.
    DeleteForward,
    /// Delete the word before.
    DeleteWordBack,
    /// Delete the word behind.
    DeleteWord,
    /// Cut to the head of the line.
    CutToHead,
    /// Cut to the end of the line.
    CutToEnd,
    /// Put back what was cut.
    PutBack,
    /// Undo.
    Undo,
    /// Redo.
    Redo,
}

/// What is done with conversations, and with what was said in them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Talk {
    /// Open the list.
    List,
    /// Begin a new one.
    New,
    /// Open the form of its settings.
    Settings,
    /// Take what is chosen, or what is written.
    Take,
    /// Rename the chosen one.
    Rename,
    /// Delete the chosen one, or bring it back.
    Delete,
    /// Search in the chat.
    Find,
    /// To the next place that is found.
    Next,
    /// To the place before.
    Previous,
    /// Copy the selected answer.
    Copy,
    /// Copy the whole chat.
    CopyAll,
    /// Copy a block of code of the selected answer.
    CopyBlock,
    /// Save the chat.
    Export,
}

/// What is done with the log, and with one row of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LogAction {
    /// Open the filter line.
    Filter,
    /// Keep the filter, and go through the rows.
    KeepFilter,
    /// Write the attempt into a file that `roundel inspect` reads.
    Save,
    /// Copy its request as a curl command.
    Curl,
    /// Choose how to write the rows into a file.
    Export,
    /// Write them so; None: as chosen.
    Write(Option<Form>),
}

/// A border that can be moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Border {
    /// Between the chat and what is right of it.
    Chat,
    /// Above the log.
    Log,
}

/// What the screen is like, and what is set up on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LookAction {
    /// Open the setup.
    Setup,
    /// Veil what is private, or show it.
    Private,
    /// Open the list of themes.
    Themes,
    /// Move a border by so many steps: right or down, negative the other way.
    Move(Border, i8),
    /// All borders where they were first.
    Reset,
    /// Say how much was written to the terminal.
    Count,
}

/// What the user's hand does with the rotation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Lever {
    /// Out of the rotation for a while, to be chosen.
    Off,
    /// Keep requests back for the chat.
    Keep,
    /// Further up in the order.
    Up,
    /// Further down in the order.
    Down,
    /// More turns in a round.
    Heavier,
    /// Fewer turns in a round.
    Lighter,
    /// The next strategy.
    Strategy,
    /// Send nothing new, or go on.
    Pause,
    /// Keep the picture as it is, or show all again.
    Freeze,
    /// Ask a lane one tiny question.
    Test,
}

/// What a key does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// Open or close the help.
    Help,
    /// Stop what is nearest: the help, the answer, the draft, the program.
    Stop,
    /// Delete forward, or quit if there is nothing.
    EndOfInput,
    /// Quit; asks if work is running.
    Quit,
    /// Paint everything again.
    Repaint,
    /// Stop the program, until the shell wakes it.
    Suspend,
    /// The next pane.
    NextPane,
    /// The pane before.
    PreviousPane,
    /// This pane.
    Focus(Focus),
    /// Leave what is open: a detail, an expanded pane, the pane.
    Back,
    /// The focused pane on the whole screen, or not.
    Expand,
    /// Keep the chat off lanes that train on prompts, or not.
    NoTraining,
    /// Open the endpoint, or close it.
    Endpoint,
    /// Send the draft.
    Send,
    /// Edit the draft.
    Edit(Edit),
    /// Write the draft in the user's editor.
    Editor,
    /// The first half of Ctrl+X Ctrl+E.
    Prefix,
    /// Search the earlier prompts.
    Recall,
    /// Open the list of commands.
    Palette,
    /// Take what is chosen in a list.
    Take,
    /// Complete what is written by what is chosen.
    Complete,
    /// Put what is folded into the draft as it is.
    Unfold,
    /// Go through the focused pane.
    Move(Move),
    /// Go through the transcript.
    Scroll(Move),
    /// Show all that is known of what is selected.
    Open,
    /// Show the listed lanes of an account, or hide them.
    Fold(bool),
    /// Show what the models thought, or hide it.
    Thoughts,
    /// Show the selected answer as the model wrote it, or read again.
    Raw,
    /// Ask a turn's question again.
    Again,
    /// Ask it again on a lane to be chosen.
    AgainOn,
    /// Choose the lane for the next turn.
    SendOn,
    /// Take the chosen lane.
    TakeLane,
    /// Write a turn's question anew, and go on from there.
    EditPrompt,
    /// From the selected turn to its row in the log.
    ToLog,
    /// From the selected row of the log to its turn.
    ToTurn,
    /// Do something with conversations.
    Talk(Talk),
    /// Something with the log.
    Log(LogAction),
    /// Something with the screen itself.
    Look(LookAction),
    /// Take out of the rotation, or back in.
    Switch,
    /// Something with the rotation.
    Lever(Lever),
    /// Undo the last thing that was done by hand.
    Undo,
}
