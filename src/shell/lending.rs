//! The terminal, lent to the user's editor: what the scheduler says meanwhile is taken in, so that it never waits.

use crate::app::message::Msg;
use crate::shell::editor::Editor;
use crate::shell::ended::Ended;
use crate::shell::run::{Happened, Hearing, Screen, Step};
use crate::shell::signals::{Asked, Signals};
use crate::shell::terminal::Terminal;

impl Screen {
    /// Gives the terminal to the user's editor. What is reported meanwhile is taken in, and seen when it is back.
    pub(in crate::shell) async fn edit(
        &mut self,
        draft: String,
        terminal: &mut Terminal,
        signals: &mut Signals,
        hearing: &mut Hearing,
    ) -> Result<Step, Ended> {
        self.typed = true;
        let editor = match Editor::prepare(self.session.folder.as_deref(), draft) {
            Ok(editor) => editor,
            Err(why) => return self.take(Msg::Edited(Err(why)), terminal).await,
        };
        terminal.lend();
        let mut running = tokio::task::spawn_blocking(move || editor.run());
        let edited = loop {
            let happened = tokio::select! {
                biased;
                edited = &mut running => break edited.unwrap_or_else(|broken| Err(format!("the editor broke: {broken}"))),
                asked = signals.next() => match asked {
                    // They are for the editor: it has the terminal.
                    Asked::Interrupt | Asked::Continue => continue,
                    asked => Happened::Asked(asked),
                },
                report = hearing.from.reports.recv(), if hearing.lives => Happened::Report(report),
                news = self.session.news() => Happened::News(news),
                parsed = self.highlighter.next() => Happened::Parsed(parsed),
                came = self.errands.next() => Happened::Came(came),
            };
            if let Step::Leave(next) = self.take_in(happened, hearing, terminal).await? {
                return Ok(Step::Leave(next));
            }
        };
        terminal.take_back().map_err(|error| Ended::Failed(error.to_string()))?;
        self.take(Msg::Edited(edited), terminal).await
    }
}
