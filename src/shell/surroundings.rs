//! What the dashboard is told of its surroundings: the terminal, the environment, where things are kept.

use crate::app::message::AppConfig;
use crate::domain::clock::Zone;
use crate::domain::standing::Need;
use crate::scheduler::door::Subscription;
use crate::shell::log;
use crate::shell::session::Session;
use crate::shell::terminal::modes::has_links;

/// The variable of the key that is quickest to get.
const FIRST_KEY: &str = "GROQ_API_KEY";

/// What does not change while the dashboard runs.
pub fn app_config(session: &Session, subscription: &Subscription, size: (u16, u16)) -> AppConfig {
    let folder = session.folder.as_ref();
    let nowhere = || "nowhere: --ephemeral".to_owned();
    AppConfig {
        subscriber: subscription.number,
        zone: Zone::Local,
        data_path: folder.map_or_else(nowhere, |path| path.display().to_string()),
        log_path: folder.map_or_else(nowhere, |path| log::path(path).display().to_string()),
        kept: folder.is_some(),
        links: has_links(|name| std::env::var(name).ok()),
        color: std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()),
        key_name: FIRST_KEY.into(),
        usual: Need { no_training: session.no_training, ..Need::USUAL },
        size,
        owner: session.owner,
        screen: session.screen,
    }
}
