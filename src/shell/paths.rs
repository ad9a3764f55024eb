//! Where things stand on this computer: the platform's folder for data, and `demo/` under it; the folder for what can be
//! asked for again.

use std::path::PathBuf;

use etcetera::{BaseStrategy, choose_base_strategy};

/// The data folder. The demo has its own: nothing simulated mixes with real data. None: the home folder is not known.
pub fn data_folder(chosen: Option<PathBuf>, demo: bool) -> Option<PathBuf> {
    let base = match chosen {
        Some(dir) => dir,
        None => choose_base_strategy().ok()?.data_dir().join("roundel"),
    };
    Some(if demo { base.join("demo") } else { base })
}

/// The platform's folder for what the user set up. None: the home folder is not known.
pub fn config_folder() -> Option<PathBuf> {
    Some(choose_base_strategy().ok()?.config_dir().join("roundel"))
}

/// The folder of the lists of models: `models/` in the platform's cache folder, or in the data folder that was chosen.
/// None: the home folder is not known.
pub fn lists_folder(chosen: Option<PathBuf>) -> Option<PathBuf> {
    match chosen {
        Some(dir) => Some(dir.join("models")),
        None => Some(choose_base_strategy().ok()?.cache_dir().join("roundel").join("models")),
    }
}
