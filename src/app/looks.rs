//! What the screen is like, and what its user does to it: colours, motion, privacy, where the borders stand.

use crate::app::action::{Border, LookAction};
use crate::app::geometry::Shape;
use crate::app::message::Effect;
use crate::app::options::{Offered, Options};
use crate::app::row::Role;
use crate::app::state::{App, Link, Overlay};
use crate::domain::clock::Time;
use crate::domain::look::{Motion, Theme};
use crate::scheduler::link::Command;

/// A key moves a border by so much, in percent.
const STEP: i16 = 4;

impl App {
    /// The colours; those that are looked at in a list, before they are chosen.
    pub fn theme(&self) -> Theme {
        if !self.config.color {
            return Theme::Mono;
        }
        if let Some(Overlay::Options(Options { offered: Offered::Themes, at })) = &self.overlay {
            return Theme::ALL.get(*at).map_or(Theme::Auto, |(theme, ..)| *theme);
        }
        self.chosen_theme()
    }

    fn chosen_theme(&self) -> Theme {
        self.looks.look.theme.unwrap_or(self.config.screen.theme)
    }

    /// Whether little may move.
    pub fn is_calm(&self) -> bool {
        self.looks.look.motion.unwrap_or(self.config.screen.motion) == Motion::Reduced
    }

    /// Whether what is private is veiled.
    pub const fn is_private(&self) -> bool {
        self.looks.private
    }

    pub(in crate::app) fn act_on_look(&mut self, action: LookAction, now: Time) -> Vec<Effect> {
        match action {
            LookAction::Setup => return self.open_setup(false),
            LookAction::Count => return vec![Effect::Count],
            LookAction::Private => {
                self.looks.private = !self.looks.private;
                let said = if self.looks.private {
                    "prompts, answers, names, hosts and paths are veiled; P shows them again"
                } else {
                    "nothing is veiled"
                };
                self.say(said, Role::Plain, now);
            }
            LookAction::Themes => {
                let at = Theme::ALL.iter().position(|(theme, ..)| *theme == self.chosen_theme()).unwrap_or(0);
                self.open(Overlay::Options(Options { offered: Offered::Themes, at }));
            }
            LookAction::Move(border, by) => self.move_border(border, i16::from(by) * STEP, now),
            LookAction::Reset => {
                (self.looks.look.chat, self.looks.look.log) = (None, None);
                self.say("the panes are as they were first", Role::Plain, now);
            }
        }
        Vec::new()
    }

    /// Takes a theme by its place in the list.
    pub(in crate::app) fn take_theme(&mut self, at: usize, now: Time) -> Vec<Effect> {
        let Some((theme, name, _)) = Theme::ALL.get(at) else { return Vec::new() };
        self.looks.look.theme = Some(*theme);
        let words = if self.config.color { "kept" } else { "kept, but NO_COLOR goes before it" };
        self.say(format!("theme {name}, by you: {words}"), Role::Plain, now);
        Vec::new()
    }

    /// `/theme dark`.
    pub(in crate::app) fn name_theme(&mut self, name: &str, now: Time) -> Result<Vec<Effect>, String> {
        if name.is_empty() {
            return Ok(self.act_on_look(LookAction::Themes, now));
        }
        let names = || Theme::ALL.map(|(_, name, _)| name).join(", ");
        let at = Theme::ALL.iter().position(|(_, known, _)| *known == name);
        at.map(|at| self.take_theme(at, now)).ok_or_else(|| format!("no theme is called `{name}`: {}", names()))
    }

    /// `/motion reduced`.
    pub(in crate::app) fn name_motion(&mut self, name: &str, now: Time) -> Result<Vec<Effect>, String> {
        let motion = match name {
            "" if self.is_calm() => Motion::Full,
            "" | "reduced" => Motion::Reduced,
            "full" => Motion::Full,
            _ => return Err("motion is full or reduced".into()),
        };
        self.looks.look.motion = Some(motion);
        self.say(
            match motion {
                Motion::Full => "motion: full, by you",
                Motion::Reduced => "motion: reduced, by you: countdowns by the minute, answers by the line",
            },
            Role::Plain,
            now,
        );
        Ok(Vec::new())
    }

    fn move_border(&mut self, border: Border, by: i16, now: Time) {
        let Some(at) = self.share(border) else {
            return self.say("here is one pane at a time: a wider screen has borders to move", Role::Dim, now);
        };
        self.set_share(border, at + by);
    }

    /// The share that a pane has now, in percent; None: the border is not there.
    fn share(&self, border: Border) -> Option<i16> {
        let areas = &self.areas;
        if !matches!(areas.shape, Shape::Double | Shape::Triple) || self.expanded {
            return None;
        }
        let (part, whole) = match border {
            Border::Chat => (areas.chat.width, areas.whole.width),
            Border::Log => (areas.log.height, areas.panes().height),
        };
        i16::try_from(u32::from(part) * 100 / u32::from(whole.max(1))).ok()
    }

    fn set_share(&mut self, border: Border, share: i16) {
        let share = u8::try_from(share.clamp(10, 90)).ok();
        match border {
            Border::Chat => self.looks.look.chat = share,
            Border::Log => self.looks.look.log = share,
        }
        self.lay_out();
        // What the layout did not allow is not remembered: the next key begins where the border stands.
        if let Some(at) = self.share(border) {
            let meant = i16::from(share.unwrap_or_default());
            let kept = if (at - meant).abs() > 3 { u8::try_from(at).ok() } else { share };
            match border {
                Border::Chat => self.looks.look.chat = kept,
                Border::Log => self.looks.look.log = kept,
            }
        }
    }

    /// The border at this place.
    fn border_at(&self, x: u16, y: u16) -> Option<Border> {
        let areas = &self.areas;
        self.share(Border::Chat)?;
        let (chat, log, quota) = (areas.chat, areas.log, areas.quota);
        if (y == log.y || y + 1 == log.y) && (log.x..log.right()).contains(&x) {
            // The log's own title is no border for a click, but for a drag.
            return Some(Border::Log);
        }
        let between = x + 1 == chat.right() || x == quota.x;
        (between && (chat.y..chat.bottom()).contains(&y)).then_some(Border::Chat)
    }

    /// The mouse went down: on a border, it holds that.
    pub(in crate::app) fn grab(&mut self, x: u16, y: u16) {
        self.looks.grab = if self.overlay.is_none() { self.border_at(x, y) } else { None };
    }

    /// The mouse moved with its button down.
    pub(in crate::app) fn drag(&mut self, x: u16, y: u16) {
        let panes = self.areas.panes();
        let percent =
            |part: u16, whole: u16| i16::try_from(u32::from(part) * 100 / u32::from(whole.max(1))).unwrap_or(50);
        match self.looks.grab {
            Some(Border::Chat) => self.set_share(Border::Chat, percent(x.saturating_add(1), panes.width)),
            Some(Border::Log) => self.set_share(Border::Log, percent(panes.bottom().saturating_sub(y), panes.height)),
            None => {}
        }
    }

    /// What is to be kept of the look, if anything changed.
    pub(in crate::app) fn keep_look(&mut self) -> Option<Effect> {
        let changed = self.looks.look != self.looks.kept && self.looks.grab.is_none() && self.link == Link::Heard;
        changed.then(|| {
            self.looks.kept = self.looks.look;
            Effect::Send(Command::KeepLook(self.looks.look))
        })
    }

    /// Veils what is private, without a word.
    #[cfg(test)]
    pub(crate) const fn looks_private_for_tests(&mut self) {
        self.looks.private = true;
    }
}
