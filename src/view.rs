//! Floor 4: paints what app has laid out. Changes nothing, decides nothing.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use crate::app::App;
use crate::app::action::Focus;
use crate::app::geometry::{LEAST, Shape};
use crate::app::row::{Piece, Role, Row};
use crate::app::screen::Screen;
use crate::domain::clock::Time;
use crate::view::paint::{Link, Painter};

/// Roles as colours.
pub mod theme;

/// Rows and frames on a buffer.
pub mod paint;

/// Gauges of half cells.
pub mod bar;

/// The chat and the composer.
pub mod chat;

/// The quota.
pub mod quota;

/// The log.
pub mod log;

/// The help and details.
pub mod panel;

/// A frame that has been painted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drawn {
    /// Where the cursor stands.
    pub cursor: Option<Position>,
    /// The next instant at which something is to be drawn or kept by time alone, as [`App::next_change`] says it.
    pub next: Option<Time>,
    /// What leads elsewhere.
    pub links: Vec<Link>,
}

/// Paints the dashboard as it is at `now`, and says where the cursor stands.
pub fn draw(buffer: &mut Buffer, app: &App, now: Time) -> Option<Position> {
    frame(buffer, app, now).cursor
}

/// As [`draw`], and says besides when to look again: both from one computed screen.
pub fn frame(buffer: &mut Buffer, app: &App, now: Time) -> Drawn {
    let screen = app.screen(now);
    let next = app.next_after(screen.due.next(), now);
    let mut painter = Painter::new(buffer, app.theme(), app.is_private());
    let cursor = paint_screen(&mut painter, &screen);
    Drawn { cursor, next, links: painter.links() }
}

fn paint_screen(painter: &mut Painter<'_>, screen: &Screen) -> Option<Position> {
    if screen.areas.shape == Shape::Sentence {
        sentence(painter, screen.areas.whole);
        return None;
    }
    painter.row(screen.areas.header, &screen.header);
    if !screen.areas.gauges.is_empty() {
        quota::gauges(painter, screen);
    }
    panes(painter, screen);
    for (line, row) in painter.lines(screen.areas.alerts).zip(&screen.alerts) {
        painter.row(line, row);
    }
    painter.row(screen.areas.footer, &screen.footer);
    panel::draw_menu(painter, screen);
    panel::draw(painter, screen).or(screen.cursor)
}

fn panes(painter: &mut Painter, screen: &Screen) {
    let areas = &screen.areas;
    let alone = [areas.chat, areas.quota, areas.log].iter().filter(|area| !area.is_empty()).count() == 1;
    let mut unreal = screen.unreal.as_deref();
    for (area, focus) in [(areas.chat, Focus::Transcript), (areas.quota, Focus::Quota), (areas.log, Focus::Log)] {
        if area.is_empty() {
            continue;
        }
        let focused = screen.focus.map(pane_of) == Some(focus);
        // It stands in the first frame, or in the line over the composer where there is none.
        let foot = unreal.take();
        if areas.framed() {
            let mut title = if alone { tabs(focus) } else { title(focus, focused) };
            if focus == Focus::Transcript && !screen.name.text().is_empty() {
                title.0.push(Piece::plain("  "));
                title.0.extend(screen.name.0.iter().cloned());
            }
            painter.frame(area, &title, foot, focused);
        }
        match focus {
            Focus::Composer | Focus::Transcript => chat::draw(painter, screen, foot.filter(|_| !areas.framed())),
            Focus::Quota => quota::draw(painter, screen),
            Focus::Log => log::draw(painter, screen),
        }
        if !areas.framed() && focus != Focus::Transcript {
            painter.rule(areas.rule, false, false);
            let below = match focus {
                Focus::Quota if screen.quota.below > 0 => Some(quota::below(&screen.quota)),
                Focus::Log => screen.log.below.clone().or_else(|| screen.log.all.clone()),
                Focus::Composer | Focus::Transcript | Focus::Quota => None,
            };
            let role = if below.is_some() { Role::Accent } else { Role::Dim };
            painter.note(areas.rule, areas.rule.y, below.as_deref().or(foot).unwrap_or_default(), role);
        }
    }
}

/// The pane that a focus belongs to: the composer is part of the chat.
const fn pane_of(focus: Focus) -> Focus {
    match focus {
        Focus::Composer | Focus::Transcript => Focus::Transcript,
        Focus::Quota => Focus::Quota,
        Focus::Log => Focus::Log,
    }
}

const NAMES: [(Focus, &str, &str); 3] =
    [(Focus::Transcript, "1", "Chat"), (Focus::Quota, "2", "Quota"), (Focus::Log, "3", "Log")];

fn title(focus: Focus, focused: bool) -> Row {
    let name = NAMES.iter().find(|(pane, ..)| *pane == focus).map_or("", |(_, _, name)| name);
    if focused {
        Row(vec![Piece::new("▸ ", Role::Accent), Piece::new(name, Role::Strong)])
    } else {
        Row::of(name, Role::Plain)
    }
}

fn tabs(shown: Focus) -> Row {
    let tab = |(pane, number, name): (Focus, &str, &str)| {
        let role = if pane == shown { Role::Strong } else { Role::Dim };
        [Piece::dim(format!("{number} ")), Piece::new(name, role), Piece::plain("  ")]
    };
    let mut pieces: Vec<Piece> = NAMES.into_iter().flat_map(tab).collect();
    pieces.pop();
    Row(pieces)
}

fn sentence(painter: &mut Painter, whole: Rect) {
    let (columns, rows) = LEAST;
    let text =
        format!("roundel needs {columns} columns and {rows} rows; here are {} and {}", whole.width, whole.height);
    let spans = crate::app::cells::wrap(&text, usize::from(whole.width));
    for (line, span) in painter.lines(whole).zip(spans) {
        painter.row(line, &Row::of(text.get(span).unwrap_or_default().trim_end(), Role::Plain));
    }
}

#[cfg(test)]
mod tests {
    use ratatui::buffer::CellWidth;
    use ratatui::style::Modifier;

    use super::*;
    use std::time::Duration;

    use crate::app::fixture::{
        NOW, app, app_of, attempt, fresh, in_, lane, meter, real_snapshot, snapshot, stuck_snapshot, turn,
    };
    use crate::app::keymap::{KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
    use crate::app::message::Effect;
    use crate::app::page::Page;
    use crate::app::{Msg, cells};
    use crate::domain::attempt::{Attempt, Outcome};
    use crate::domain::conversation::TurnState;
    use crate::domain::failure::Class;
    use crate::domain::history::History;
    use crate::domain::ids::AttemptId;
    use crate::domain::look::{Look, Theme};
    use crate::domain::quota::limit::Unit;
    use crate::domain::saving::Saving;
    use crate::domain::standing::{LaneState, Need, Rest, Target};
    use crate::scheduler::link::{Command, Moved, Report, Snapshot};

    fn painted(app: &App, width: u16, height: u16) -> Buffer {
        let mut buffer = Buffer::empty(Rect::new(0, 0, width, height));
        draw(&mut buffer, app, NOW);
        buffer
    }

    fn text(buffer: &Buffer) -> String {
        let area = buffer.area;
        let mut lines: Vec<String> = Vec::new();
        for y in area.top()..area.bottom() {
            let mut line = String::new();
            let mut skip = 0;
            for x in area.left()..area.right() {
                let cell = buffer.cell((x, y)).unwrap();
                if skip == 0 {
                    line.push_str(cell.symbol());
                    skip = usize::from(cell.symbol().cell_width()).max(1);
                }
                skip -= 1;
            }
            lines.push(line.trim_end().to_owned());
        }
        lines.join("\n")
    }

    /// A dashboard whose every private word has `canary` in it.
    fn secretive(width: u16, height: u16) -> App {
        use crate::domain::chat::Conversation;
        let mut all = real_snapshot();
        let said = turn(1, "canaryprompt for you", "canaryanswer\n\n```sh\ncanarycode\n```\n", TurnState::Done);
        all.turns = vec![said];
        all.lanes = vec![lane("groq@canarywork/small-8b"), lane("quick/small-8b")];
        all.next = Some("groq@canarywork/small-8b".into());
        all.endpoint = Some("10.9.8.7:4114".parse().unwrap());
        all.draft = "canarydraft".into();
        let mut tried = attempt(1, 1, 1, "groq@canarywork/small-8b", NOW, Outcome::Answered);
        tried.note = "see https://canary.example.com/x and /home/canary/x".into();
        all.log = vec![tried];
        all.conversations.iter_mut().for_each(|one: &mut Conversation| one.name = "canaryname".into());
        app_of(all, width, height)
    }

    #[test]
    fn nothing_private_is_painted_in_private() {
        let alt = |letter| Msg::Key(KeyEvent::new(KeyCode::Char(letter), KeyModifiers::ALT));
        let ctrl = |letter| Msg::Key(KeyEvent::new(KeyCode::Char(letter), KeyModifiers::CONTROL));
        let opened: [(&str, Vec<Msg>); 9] = [
            ("chat", vec![]),
            ("quota", vec![alt('2')]),
            ("lane", vec![alt('2'), key(KeyCode::Enter)]),
            ("log", vec![alt('3')]),
            ("attempt", vec![alt('3'), key(KeyCode::Enter)]),
            ("help", vec![key(KeyCode::F(1))]),
            ("earlier", vec![ctrl('r')]),
            ("lanes", vec![alt('p')]),
            ("palette", vec![ctrl('p')]),
        ];
        for (width, height) in [(60, 20), (80, 24), (120, 40), (200, 60)] {
            for (name, keys) in &opened {
                let mut app = secretive(width, height);
                for key in keys {
                    app.update(key.clone(), NOW);
                }
                let open = painted(&app, width, height);
                app.looks_private_for_tests();
                let veiled = painted(&app, width, height);
                let seen = text(&veiled);
                for word in ["canary", "10.9.8.7", "/home/ada"] {
                    assert!(!seen.contains(word), "{word} in {name} at {width}x{height}\n{seen}");
                }
                assert!(seen.contains("PRIVATE"), "{name} at {width}x{height}\n{seen}");
                // Only the first line is laid out anew, for the word.
                for y in 1..height {
                    for x in 0..width {
                        let blank = |buffer: &Buffer| buffer.cell((x, y)).unwrap().symbol() == " ";
                        assert_eq!(blank(&open), blank(&veiled), "{name} at {width}x{height}, {x} {y}\n{seen}");
                    }
                }
            }
        }
        let mut app = secretive(120, 40);
        app.looks_private_for_tests();
        snap("private_120x40", &app);
    }

    #[test]
    fn borders_move_by_key_and_mouse_and_are_kept() {
        let chat = |app: &App| (app.areas().chat.width, app.areas().log.height);
        for (width, height) in [(120, 40), (200, 60)] {
            let mut app = app(width, height);
            let first = chat(&app);
            app.update(key(KeyCode::Tab), NOW);
            let effects = app.update(key(KeyCode::Char('>')), NOW);
            assert!(chat(&app).0 > first.0);
            let kept = |effects: &[Effect]| {
                effects.iter().find_map(|effect| match effect {
                    Effect::Send(Command::KeepLook(look)) => Some(*look),
                    _ => None,
                })
            };
            let look = kept(&effects).unwrap();
            let taller = Msg::Key(KeyEvent::new(KeyCode::Up, KeyModifiers::CONTROL));
            app.update(taller, NOW);
            assert!(chat(&app).1 > first.1);
            // Held at the edge, nothing vanishes, and the way back begins at once.
            for _ in 0..40 {
                app.update(key(KeyCode::Char('>')), NOW);
            }
            let widest = chat(&app);
            assert!(app.areas().quota.width >= 40 && app.areas().quota.height >= 5);
            app.update(key(KeyCode::Char('<')), NOW);
            assert!(chat(&app).0 < widest.0);
            app.update(key(KeyCode::Char('=')), NOW);
            assert_eq!(chat(&app), first);
            // The mouse: kept when it is let go.
            let border = app.areas().chat.right() - 1;
            let mouse = |kind, column, row| Msg::Mouse(MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE });
            app.update(mouse(MouseEventKind::Down(MouseButton::Left), border, 4), NOW);
            let effects = app.update(mouse(MouseEventKind::Drag(MouseButton::Left), border - 12, 5), NOW);
            assert_eq!(kept(&effects), None);
            assert!(chat(&app).0.abs_diff(first.0 - 12) <= 2, "{} from {}", chat(&app).0, first.0);
            let effects = app.update(mouse(MouseEventKind::Up(MouseButton::Left), border - 12, 5), NOW);
            assert!(kept(&effects).is_some());
            // Another start.
            let again =
                app_of(Snapshot { look: Look { chat: look.chat, ..Look::default() }, ..snapshot() }, width, height);
            assert!(chat(&again).0 > first.0);
        }
    }

    #[test]
    fn a_theme_is_seen_before_it_is_chosen_and_kept() {
        let mut app = app(120, 40);
        let write =
            |app: &mut App, text: &str| text.chars().for_each(|char| drop(app.update(key(KeyCode::Char(char)), NOW)));
        write(&mut app, "/theme");
        app.update(key(KeyCode::Esc), NOW);
        app.update(key(KeyCode::Enter), NOW);
        assert_eq!(app.theme(), Theme::Auto);
        app.update(key(KeyCode::Down), NOW);
        assert_eq!(app.theme(), Theme::Dark);
        app.update(key(KeyCode::Esc), NOW);
        assert_eq!(app.theme(), Theme::Auto, "only looked at");
        write(&mut app, "/theme high-contrast");
        app.update(key(KeyCode::Esc), NOW);
        let effects = app.update(key(KeyCode::Enter), NOW);
        let look = Look { theme: Some(Theme::HighContrast), ..Look::default() };
        assert!(effects.contains(&Effect::Send(Command::KeepLook(look))), "{effects:?}");
        assert_eq!(app.theme(), Theme::HighContrast);
        write(&mut app, "/theme drak");
        app.update(key(KeyCode::Esc), NOW);
        app.update(key(KeyCode::Enter), NOW);
        assert!(text(&painted(&app, 120, 40)).contains("no theme is called `drak`"));
    }

    #[test]
    fn where_little_may_move_an_answer_grows_by_whole_lines() {
        use crate::domain::look::Motion;
        let look = Look { motion: Some(Motion::Reduced), ..Look::default() };
        let half = turn(1, "q", "The first line of it.\nthe halfwritten", TurnState::Running);
        let app = app_of(Snapshot { look, turns: vec![half], ..snapshot() }, 120, 40);
        let seen = text(&painted(&app, 120, 40));
        assert!(seen.contains("The first line") && !seen.contains("halfwritten"), "{seen}");
        let next = app.next_change(NOW).unwrap();
        assert!(next.since(NOW) >= Duration::from_secs(1));
    }

    #[test]
    fn the_setup_at_all_sizes() {
        use crate::app::offer::{Heard, Offer};
        use crate::domain::roster::Training;
        let offer = |id: &str, name: &str, training, found: Option<&str>| Offer {
            id: id.into(),
            name: name.into(),
            brief: "3 free models".into(),
            free: vec![
                "all models together: 20 req/min".into(),
                "gemini-3.8-flash: 5 req/min, 20 req/day, 250000 in tok/min".into(),
            ],
            note: "Limits are of the project: two keys of one project share them.".into(),
            training,
            as_of: "2026-10-22, ai.google.dev/gemini-api/docs/rate-limits".into(),
            key_url: "https://aistudio.google.com/app/apikey".into(),
            variable: "GEMINI_API_KEY".into(),
            besides: Vec::new(),
            found: found.map(str::to_owned),
            ours: false,
        };
        for (width, height) in [(50, 16), (80, 24), (120, 40)] {
            let mut app = app(width, height);
            for letter in "/setup".chars() {
                app.update(key(KeyCode::Char(letter)), NOW);
            }
            app.update(key(KeyCode::Enter), NOW);
            let offers = vec![
                offer("gemini", "Google Gemini", Training::Yes, None),
                offer("groq", "Groq", Training::No, Some("GROQ_API_KEY")),
                offer("zai", "Z.ai", Training::Unknown, None),
            ];
            app.update(Msg::Setup(Heard::Offers(Ok(offers))), NOW);
            app.update(Msg::Paste("AIza-canary-0123456789wxyz\n".into()), NOW);
            snap(&format!("setup_{width}x{height}"), &app);
        }
    }

    fn snap(name: &str, app: &App) {
        let areas = app.areas().whole;
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_path("view/snapshots");
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        settings.bind(|| insta::assert_snapshot!(name, text(&painted(app, areas.width, areas.height))));
    }

    fn key(code: KeyCode) -> Msg {
        Msg::Key(KeyEvent::new(code, KeyModifiers::NONE))
    }

    fn pressed(mut app: App, codes: &[KeyCode]) -> App {
        for code in codes {
            app.update(key(*code), NOW);
        }
        app
    }

    #[test]
    fn every_size_has_its_form() {
        for (width, height) in [(80, 24), (120, 40), (200, 60), (60, 20), (40, 10), (39, 9)] {
            snap(&format!("working_{width}x{height}"), &app(width, height));
        }
    }

    #[test]
    fn it_opens_with_a_word_of_welcome() {
        for (width, height) in [(80, 24), (120, 40), (40, 10)] {
            snap(&format!("fresh_{width}x{height}"), &fresh(width, height));
        }
    }

    #[test]
    fn each_pane_can_have_the_screen() {
        use KeyCode::{Char, Down, Enter, F, Tab};
        snap("quota_80x24", &pressed(app(80, 24), &[Tab, Tab, Down]));
        snap("quota_60x20", &pressed(app(60, 20), &[Tab, Tab]));
        snap("quota_expanded_120x40", &pressed(app(120, 40), &[Tab, Tab, Char('e'), Char(' ')]));
        snap("log_80x24", &pressed(app(80, 24), &[Tab, Tab, Tab]));
        snap("log_60x20", &pressed(app(60, 20), &[Tab, Tab, Tab]));
        snap("lane_detail_120x40", &pressed(app(120, 40), &[Tab, Tab, Enter]));
        snap("resting_detail_80x24", &pressed(app(80, 24), &[Tab, Tab, Down, Down, Down, Down, Down, Enter]));
        snap("attempt_detail_120x40", &pressed(app(120, 40), &[Tab, Tab, Tab, Char('g'), Enter]));
        snap("help_80x24", &pressed(app(80, 24), &[F(1)]));
        snap("help_found_80x24", &pressed(app(80, 24), &[F(1), Char('u'), Char('n'), Char('d'), Char('o')]));
        snap("help_40x10", &pressed(app(40, 10), &[F(1)]));
    }

    #[test]
    fn the_log_is_filtered_and_its_rows_told_in_full() {
        use KeyCode::{Char, Enter, Tab};
        let typed = |app: App, text: &str| {
            let app = pressed(app, &[Tab, Tab, Tab, Char('/')]);
            pressed(app, &text.chars().map(Char).collect::<Vec<_>>())
        };
        let counted = |mut app: App, meant: u64| {
            // That of the first letter, and that of all.
            for number in [1, 2] {
                let page = Page { number, rows: Vec::new(), counts: Some((meant, 3204)) };
                app.update(Msg::LogRead(page), NOW);
            }
            app
        };
        snap("log_filtered_80x24", &counted(typed(app(80, 24), "!api status:200"), 17));
        snap("log_filtered_120x40", &counted(typed(app(120, 40), "lane:silent"), 1));
        snap("log_filtered_40x10", &counted(typed(app(40, 10), "nothing such"), 0));
        snap("log_bad_filter_80x24", &typed(app(80, 24), "status:odd"));
        snap("log_typing_60x20", &typed(app(60, 20), ""));
        snap("log_expanded_120x40", &pressed(app(120, 40), &[Tab, Tab, Tab, Char('e')]));
        snap("log_export_80x24", &pressed(app(80, 24), &[Tab, Tab, Tab, Char('S')]));
        let mut failed = pressed(app(120, 40), &[Tab, Tab, Tab, Char('g'), Char('j'), Enter]);
        let body = "{\n  \"error\": {\n    \"message\": \"4 requests per minute \u{1b}[31mspent\"\n  }\n}";
        failed.update(Msg::Body(AttemptId(2), Some(body.into())), NOW);
        snap("attempt_failed_120x40", &failed);
    }

    #[test]
    fn real_providers_say_what_they_take() {
        use KeyCode::{Char, Down, End, Enter, Right, Tab};
        for (width, height) in [(80, 24), (120, 40), (60, 20)] {
            snap(&format!("real_{width}x{height}"), &app_of(real_snapshot(), width, height));
            snap(&format!("stuck_{width}x{height}"), &app_of(stuck_snapshot(), width, height));
        }
        let quota = |keys: &[KeyCode]| pressed(pressed(app_of(real_snapshot(), 120, 40), &[Tab, Tab]), keys);
        snap("real_unfolded_120x40", &quota(&[End, Char('k'), Right, Down, Char('e')]));
        snap("real_detail_120x40", &quota(&[Down, Enter]));
        snap("standby_detail_120x40", &quota(&[End, Enter]));
        let none = Snapshot { lanes: vec![], meters: vec![], next: None, ..real_snapshot() };
        snap("no_provider_80x24", &app_of(none, 80, 24));
        let offer = Some("Ollama answers here with llama3.2".into());
        let offered = || Snapshot { offer: offer.clone(), turns: vec![], log: vec![], ..snapshot() };
        snap("offer_80x24", &app_of(offered(), 80, 24));
        snap("offer_40x10", &app_of(offered(), 40, 10));
    }

    /// The detail of the lane that is nearly spent, with a day behind it.
    fn with_a_past(width: u16, height: u16, saving: Saving) -> App {
        use KeyCode::{Down, Enter, Tab};
        let target = Target::Lane("slow/large-70b".into());
        let mut app = app(width, height);
        app.update(Msg::Report(Report::Saving(saving)), NOW);
        let app = pressed(app, &[Tab, Tab, Down, Down, Down, Down, Enter]);
        let outcome = |id: u64| if id % 9 == 4 { Outcome::Failed(Class::Overloaded) } else { Outcome::Answered };
        let attempts: Vec<Attempt> = (0..140)
            .map(|id| {
                // More and more often.
                let started = NOW.minus(Duration::from_secs((140 - id) * (140 - id) * 4));
                let mut one = attempt(id, id, 1, "slow/large-70b", started, outcome(id));
                one.first_token = Some(Duration::from_millis(300 + id * 11));
                one.took = Some(Duration::from_millis(2000 + id * 40));
                one.usage.output = Some(120 + id);
                if one.outcome != Outcome::Answered {
                    (one.status, one.note) = (Some(503), "the model is \u{1b}[31moverloaded, rests 4 s".into());
                }
                one
            })
            .collect();
        let mut app = app;
        let history = History::of(&target, attempts.iter(), NOW);
        app.update(Msg::Recalled(target, Ok(history)), NOW);
        app
    }

    #[test]
    fn a_lane_tells_of_its_last_day() {
        snap("lane_past_120x40", &pressed(with_a_past(120, 40, Saving::Yes), &[KeyCode::End]));
        snap("lane_past_80x24", &pressed(with_a_past(80, 24, Saving::Yes), &[KeyCode::End]));
        snap("lane_past_200x60", &with_a_past(200, 60, Saving::Never));
    }

    #[test]
    fn many_lanes_are_readable() {
        let seats = (0..64).map(|number| format!("account-{}/model-{number}", number / 4));
        let lanes: Vec<LaneState> = seats.map(|id| lane(&id)).collect();
        let meters = lanes.iter().enumerate().flat_map(|(number, lane)| {
            let own = |unit, window, cap| meter(lane.spec.id.as_str(), unit, window, cap);
            let mut minute = own(Unit::Requests, "60s", 30);
            minute.count(number as u64 / 2, NOW);
            [minute, own(Unit::Requests, "1d midnight UTC", 1000), own(Unit::Tokens, "60s bucket", 12_000)]
        });
        let crowd = Snapshot { meters: meters.collect(), lanes, next: None, ..snapshot() };
        for (width, height) in [(80, 24), (120, 40), (200, 60)] {
            let app = pressed(app_of(crowd.clone(), width, height), &[KeyCode::Tab, KeyCode::Tab, KeyCode::Char('e')]);
            snap(&format!("crowd_{width}x{height}"), &app);
        }
    }

    #[test]
    fn an_open_endpoint_says_where_it_is() {
        let endpoint = Some(std::net::SocketAddr::from(([127, 0, 0, 1], 4114)));
        let open = |snapshot: Snapshot, cols, rows| Box::new(app_of(Snapshot { endpoint, ..snapshot }, cols, rows));
        let apps = [
            open(snapshot(), 120, 40),
            open(snapshot(), 80, 24),
            open(real_snapshot(), 80, 24),
            open(snapshot(), 60, 20),
            open(snapshot(), 40, 10),
        ];
        let sizes = [(120, 40), (80, 24), (80, 24), (60, 20), (40, 10)];
        let headers = apps.iter().zip(sizes).map(|(app, (cols, rows))| text(&painted(app, cols, rows)));
        let headers: Vec<String> = headers.map(|text| text.lines().next().unwrap_or_default().to_owned()).collect();
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_path("view/snapshots");
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        settings.bind(|| insta::assert_snapshot!("endpoint_headers", headers.join("\n")));
    }

    #[test]
    fn what_is_written_is_helped() {
        let with = |width, height, keys: &str| {
            let mut app = app(width, height);
            for letter in keys.chars() {
                let key = match letter {
                    '\u{10}' => KeyEvent::new(KeyCode::Char('p'), KeyModifiers::CONTROL),
                    '\u{12}' => KeyEvent::new(KeyCode::Char('r'), KeyModifiers::CONTROL),
                    letter => KeyEvent::new(KeyCode::Char(letter), KeyModifiers::NONE),
                };
                app.update(Msg::Key(key), NOW);
            }
            app
        };
        for (width, height) in [(80, 24), (40, 10)] {
            snap(&format!("slash_{width}x{height}"), &with(width, height, "/"));
            snap(&format!("commands_{width}x{height}"), &with(width, height, "\u{10}"));
        }
        snap("commands_line_120x40", &with(120, 40, "\u{10}disable st"));
        snap("earlier_120x40", &with(120, 40, "\u{12}"));
        snap("earlier_none_80x24", &with(80, 24, "\u{12}nothing of that"));
        let mut app = with(80, 24, "see ");
        app.update(Msg::Paste("a line\n".repeat(412)), NOW);
        app.update(Msg::Paste(" and this".into()), NOW);
        snap("folded_80x24", &app);
    }

    #[test]
    fn trouble_is_told_in_words() {
        let mut app = app(120, 40);
        for (report, now) in troubles() {
            app.update(Msg::Report(report), now);
        }
        app.update(Msg::Paste("a draft of\nthree lines, one of which is so long that it has to go on in the next row of the composer\nend".into()), NOW);
        app.update(Msg::Key(KeyEvent::new(KeyCode::Up, KeyModifiers::SHIFT)), NOW);
        snap("trouble_120x40", &app);
        app.update(Msg::Resize(80, 24), NOW);
        snap("trouble_80x24", &app);
        app.update(Msg::Resize(40, 10), NOW);
        snap("trouble_40x10", &app);
    }

    fn troubles() -> Vec<(Report, Time)> {
        let snapshot = snapshot();
        let rest = |mut lane: LaneState| {
            lane.rest = Some(Rest {
                target: Target::Lane(lane.spec.id.clone()),
                since: NOW,
                until: Some(in_(34)),
                class: Class::RateLimited,
                told: true,
                words: "slow down".into(),
            });
            lane
        };
        let mut lanes: Vec<LaneState> = snapshot.lanes.into_iter().map(rest).collect();
        if let Some(rest) = lanes.iter_mut().find_map(|lane| lane.rest.as_mut()) {
            (rest.until, rest.class) = (None, Class::Auth);
        }
        let on = "steady/medium-14b, resting, rate limited".to_owned();
        let turns = [
            turn(5, "Who stopped this?", "You did, in the mid", TurnState::Stopped),
            turn(
                6,
                "And this?",
                "",
                TurnState::Failed(
                    "the model small-9b does not exist or you do not have access to it (quick/small-9b, 404)".into(),
                ),
            ),
            turn(7, "Anyone there?", "", TurnState::Waiting { until: Some(in_(34)), on }),
        ];
        let moved = |turn, lanes| {
            let moved = Moved {
                at: NOW,
                turn: Some(turn),
                attempts: vec![],
                lanes,
                meters: vec![],
                next: None,
                usual: Need::USUAL,
            };
            (Report::Moved(Box::new(moved)), NOW)
        };
        let saving = Saving::No { since: NOW, why: "the disk is full".into() };
        let mut reports: Vec<(Report, Time)> = turns.into_iter().map(|turn| moved(turn, lanes.clone())).collect();
        reports.push((Report::Saving(saving), NOW));
        reports
    }

    #[test]
    fn every_size_is_painted() {
        use KeyCode::{Char, Enter, F, Tab};
        let scenes: [&[KeyCode]; 8] = [
            &[Tab, Tab, Tab, Char('/'), Char('!')],
            &[Tab, Tab, Tab, Char('S')],
            &[],
            &[Tab, Tab],
            &[Tab, Tab, Tab],
            &[Tab, Tab, Enter],
            &[F(1)],
            &[Tab, Tab, Tab, Char('e')],
        ];
        for keys in scenes {
            let mut app = pressed(app(80, 24), keys);
            for (report, now) in troubles() {
                app.update(Msg::Report(report), now);
            }
            for width in (1..=44).chain([69, 70, 99, 100, 139, 140, 200, 681]) {
                for height in (1..=14).chain([15, 16, 19, 20, 24, 27, 28, 60, 200]) {
                    app.update(Msg::Resize(width, height), NOW);
                    let mut buffer = Buffer::empty(Rect::new(0, 0, width, height));
                    let cursor = draw(&mut buffer, &app, NOW);
                    assert!(cursor.is_none_or(|cursor| buffer.area.contains(cursor)), "{width}x{height}");
                    // A buffer that has not yet heard of the new size must not break either.
                    draw(&mut Buffer::empty(Rect::new(0, 0, 7, 3)), &app, NOW);
                }
            }
        }
    }

    #[test]
    fn colours_say_what_signs_say() {
        let app = app(120, 40);
        let buffer = painted(&app, 120, 40);
        let style_of = |wanted: &str| {
            let cell = buffer.content().iter().skip(120).find(|cell| cell.symbol() == wanted).unwrap();
            (cell.fg, cell.modifier)
        };
        let role = |role| {
            let style = theme::style(role, Theme::Auto);
            (style.fg.unwrap_or_default(), style.add_modifier)
        };
        for (sign, expected) in [("●", Role::Good), ("◐", Role::Warn), ("○", Role::Dim), ("╭", Role::Accent)] {
            // The half circle is met as evidence first, which is dim.
            if sign != "◐" {
                assert_eq!(style_of(sign), role(expected), "{sign}");
            }
        }
        let roles = [Role::Good, Role::Warn, Role::Bad, Role::Accent, Role::Code];
        assert!(roles.iter().all(|role| theme::style(*role, Theme::Mono).fg.is_none()), "NO_COLOR");
        let painted = painted(&app, 120, 40);
        assert!(painted.content().iter().all(|cell| cell.bg == ratatui::style::Style::reset().bg.unwrap()));
    }

    #[test]
    fn a_selected_row_is_turned_over() {
        let app = pressed(app(120, 40), &[KeyCode::Tab, KeyCode::Tab, KeyCode::Tab]);
        let buffer = painted(&app, 120, 40);
        let turned = buffer.content().iter().filter(|cell| cell.modifier.contains(Modifier::REVERSED)).count();
        assert_eq!(turned, usize::from(app.areas().log.width) - 4);
    }

    #[test]
    fn texts_are_measured_as_they_are_painted() {
        for text in ["a", "日", "ｶﾞ", "👩‍👧", "e\u{301}", "…", "█", "┃", "◐", "🇩🇪", "한", "ﷺ"]
        {
            assert_eq!(cells::of(text), usize::from(text.cell_width()), "{text}");
        }
    }

    #[test]
    fn the_cursor_stands_where_the_next_letter_goes() {
        let mut app = app(120, 40);
        app.update(Msg::Paste("日本 x".into()), NOW);
        let mut buffer = Buffer::empty(Rect::new(0, 0, 120, 40));
        let cursor = draw(&mut buffer, &app, NOW).unwrap();
        let areas = app.areas();
        assert_eq!((cursor.x, cursor.y), (areas.composer.x + 6, areas.composer.y));
        let app = pressed(app, &[KeyCode::Tab]);
        assert_eq!(draw(&mut buffer, &app, NOW), None);
    }
}
