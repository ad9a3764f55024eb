//! The texts of the tour. Plain words, light markdown, nothing that roundel doesn't do.

/// A text and the words that call it, in lower case. Some words are the middle of other topics' questions ("how *long*
/// does quota take to come back?"), so the order matters.
const TOPICS: &[(&[&str], &str)] = &[
    (&["code", "rust", "python", "program", "function"], CODE),
    (&["429", "error", "errors", "fail", "fails", "failed", "failure", "refused"], ERRORS),
    (&["switch", "space", "off", "disable", "enable", "exclude"], SWITCH),
    (&["cancel", "stop", "abort", "interrupt"], CANCEL),
    (&["log", "logs", "attempt", "attempts", "header", "headers"], LOG),
    (&["shortcut", "shortcuts", "keys", "keyboard"], KEYS),
    (&["quota", "quotas", "gauge", "gauges", "limit", "limits", "countdown"], QUOTA),
    (&["rotation", "rotate", "rotates", "robin", "next", "order"], ROTATION),
    (&["save", "saved", "saves", "store", "stored", "data", "database", "disk", "restart"], DATA),
    (&["key", "real", "provider", "providers", "groq", "gemini", "account"], PROVIDERS),
    (&["pipe", "script", "stdout", "ask"], ASK),
    (&["table", "list", "lists"], TABLE),
    (&["long", "scroll", "scrolling", "story"], LONG),
    (&["hello", "hi", "hey", "help", "start", "tour", "roundel", "test"], HELLO),
];

/// Short facts for questions that call no topic.
const ASIDES: &[&str] = &[
    "The name: a roundel is a round sign, and questions go round here.",
    "When every provider rests, a question waits, and the screen says for what and how long.",
    "A gauge and its row in the log come from the same report, so they can't disagree.",
    "`silent` sends no headers at all: all that is known of its limits was counted here or learnt from a refusal.",
    "`slow` takes its time before the first word. Ask again meanwhile: the next question waits in line, and ↑ brings it back.",
    "Left alone, this screen draws nothing: when no number changes, not one byte goes to the terminal.",
    "Colours are your terminal's own sixteen, and every state has a sign and a word beside its colour.",
];

const HELLO: &str = "Roundel sends each question to the next free provider, so that no single limit stops you. Watch \
the name above each answer change as you go on.\n\nAsk me about the **rotation**, **quota**, the **log**, **keys**, \
how to **switch** a provider off, **errors**, your **data**, or how to use **real** providers. Or write **code**, \
**table** or **long** to see how such answers look.";

const ROTATION: &str = "Questions go round: one provider after the other, always in the same order, and the screen \
names the next one before you press Enter.\n\nA provider that is switched off, resting or out of quota is passed \
over, and joins again by itself when its time has come. If one fails before its first word, the next one gets the \
same question; you see that in the *log*, not here.";

const QUOTA: &str = "Each bar in the quota pane is one limit: how much of it is used, how much there is, and when it \
comes back.\n\nSome numbers are told by the provider in response headers, some are documented, some are counted here, \
and some are learnt from a refusal; a mark beside the figure says which. Some limits come back all at once when the \
minute or the day ends, others drip back steadily.";

const LOG: &str = "Every attempt is a row in the log: when, on which lane, what came back, how long it took and how \
many tokens it cost. A question that had to move on has several rows.\n\nOpen a row to read the rate-limit headers \
exactly as they came. `quick`, `steady` and `slow` send some, each in its own way; `silent` and `flaky` send none \
with their answers.";

const KEYS: &str = "`Enter` sends, `Alt+Enter` begins a new line, `Tab` goes to the next pane, and `F1` opens the \
help, which you can search.\n\nThe footer always shows the keys that work where you are, so there is nothing to learn \
by heart. Scroll back as far as you like: an answer that goes on meanwhile never pulls you away from what you are \
reading.";

const SWITCH: &str = "In the quota pane, choose a provider or one of its lanes and press `Space`: it leaves the \
rotation. `Space` again brings it back.\n\nWhat you switched off stays off when you start roundel again, and its row \
says that it was you, so that it isn't mistaken for a limit. Try it with `flaky`: questions then go round the other \
four.";

const ERRORS: &str = "A **429** says: you have used this up, come back later. Roundel reads *when*, lets that provider \
rest until then, and gives the question to the next one. You see it in the log and in the gauge, never as an error in \
this conversation.\n\n`silent` takes one question a minute and tells nobody, and `flaky` fails about one time in \
four: go on asking and watch.";

const PROVIDERS: &str = "All providers here are simulated: no question leaves this computer, and nothing costs \
anything.\n\nFor real ones, set a provider's key in the environment and start roundel again:\n\n```sh\nexport \
GROQ_API_KEY=...\nroundel\n```\n\nA free key is a matter of minutes at most providers, and each one that you add makes \
the day's quota longer. Keys are never shown and never logged.";

const DATA: &str = "Conversations, counters, the log and what you switched off are kept in a database in your data \
folder. Even if roundel is killed, no more than the last second is lost.\n\nThe demo has a folder of its own, so \
nothing simulated ever mixes with what is real. `--data-dir` chooses another place, and `--ephemeral` keeps nothing \
at all.";

const CANCEL: &str = "You can stop an answer at any time; while one is running, the footer names the key. What has \
come so far stays in the conversation.\n\nWhat a provider has counted stays counted, because no one can take a request \
back. A question that waits for quota can be stopped just the same, and that one has cost nothing.";

const ASK: &str = "Roundel also answers without this screen:\n\n```sh\nroundel ask \"Why are there two tides a \
day?\"\ngit diff | roundel ask \"Write a commit message.\"\n```\n\nThe answer goes to standard output and nothing else \
does, so that it fits into a pipe. It uses the same providers by the same rules, and while they are simulated it says \
so on standard error.";

const TABLE: &str = "These are the providers of the demo:\n\n| provider | speaks like | its habit |\n|---|---|---|\n\
| `quick` | Groq | three requests a minute for each of two models |\n| `steady` | Mistral | two requests in each \
minute of the clock |\n| `slow` | OpenAI | a long wait, then one word at a time |\n| `silent` | Gemini | one request a \
minute, and no headers |\n| `flaky` | OpenRouter | fails about one time in four |\n\nThings to try:\n\n1. Ask six \
questions in a row.\n2. Switch one provider off with `Space`.\n3. Open a row of the log.\n   - Read its headers.\n   \
- Compare them with the gauge.";

const CODE: &str = "Here is a round-robin in a few lines, much simpler than the real one:\n\n```rust\n/// The first \
ready lane after `last`, going round once.\nfn next(lanes: &[Lane], last: usize, now: Time) -> Option<usize> {\n    \
(1..=lanes.len())\n        .map(|step| (last + step) % lanes.len())\n        .find(|&at| lanes[at].is_ready(now))\n}\n\
```\n\nThe real one goes from account to account, checks every limit that a lane draws on, and can say *why* it passed \
a lane over.";

const LONG: &str = "You asked for a long one, so here is how a question travels. Scroll while it comes: you won't be \
pulled back.\n\n## Before it leaves\n\nYou press Enter. The question gets a number and joins the others that are under \
way. Roundel looks for a lane: one account at one provider, with one model. It begins after the account that answered \
last and goes round. A lane is passed over when you switched it off, when it is resting, or when one of its limits has \
no room for what this question will probably take. What it will take is a guess until the answer has ended, so the \
guess is held back from the limit for as long as the answer runs; two questions at once can't both count on the last \
free place.\n\n## On its way\n\nThe request goes out in the form that this provider understands. The first thing that \
comes back is a status and some headers, and in those some providers tell how much is left. Such numbers outrank what \
was counted here, since only the provider knows whether another program uses the same key. They are read before the \
first word arrives, and the gauge moves at once.\n\nThen the words come, a few at a time. They are shown as they come, \
and they are on the disk within a second, so that a crash loses next to nothing.\n\n## When it goes wrong\n\nIf the \
provider refuses, there is always a reason. A limit of a minute is spent: then the lane rests until the minute is over. \
A limit of a day is spent: then it rests until the day ends wherever that provider is at home. The provider itself has \
no room: then only this model rests, and only for seconds. The question is too large for this model: then waiting is \
useless, and a lane with more room gets it. As long as no word has come, the question moves on by itself, and all you \
notice is a second row in the log.\n\nIf the connection breaks in the middle of an answer, the part that came is kept \
and marked. It isn't sent again behind your back, because that would spend quota that you may want for something \
else.\n\n## When it is done\n\nThe provider tells how many tokens it took, the guess is given back, and the true number \
is counted. The answer carries its lane, its seconds and its tokens. And the mark that shows who is next has already \
moved on: the next question goes to the next provider.";

/// The text that `question` calls, if it calls one.
pub(crate) fn about(question: &str) -> Option<&'static str> {
    let lower = question.to_lowercase();
    let words: Vec<&str> = lower.split(|char: char| !char.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    TOPICS.iter().find(|(calls, _)| words.iter().any(|word| calls.contains(word))).map(|(_, text)| *text)
}

/// What is said to the user's `turn`th question where it calls no topic.
pub(crate) fn aside(turn: usize) -> String {
    let fact = ASIDES.iter().cycle().nth(turn.saturating_sub(1) % ASIDES.len()).copied().unwrap_or_default();
    format!(
        "I look for keywords, and found none in your question. Try **rotation**, **quota**, **log**, **keys**, \
         **switch**, **errors**, **data**, **real**, **ask**, **cancel**, **code**, **table** or **long**.\n\nMeanwhile, \
         something about roundel: {fact}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keywords_find_their_topic() {
        for (question, text) in [
            ("Hello!", HELLO),
            ("help", HELLO),
            ("How does the rotation work?", ROTATION),
            ("is it round-robin", ROTATION),
            ("How long does my quota last?", QUOTA),
            ("what do the gauges show", QUOTA),
            ("What is in the log?", LOG),
            ("keyboard shortcuts?", KEYS),
            ("list the keys", KEYS),
            ("how do I switch a provider off", SWITCH),
            ("what does Space do?", SWITCH),
            ("What happens on a 429?", ERRORS),
            ("why did it fail", ERRORS),
            ("How do I add a real provider?", PROVIDERS),
            ("where does the key go", PROVIDERS),
            ("Where is my data?", DATA),
            ("can I cancel", CANCEL),
            ("roundel ask", ASK),
            ("can I pipe into it", ASK),
            ("show me some code", CODE),
            ("a table, please", TABLE),
            ("LONG", LONG),
        ] {
            assert_eq!(about(question), Some(text), "{question}");
        }
        for question in ["", "Why are there two tides a day?", "longing", "catalog"] {
            assert_eq!(about(question), None, "{question}");
        }
    }

    #[test]
    fn texts_are_neither_short_nor_long() {
        for (calls, text) in TOPICS {
            let words = text.split_whitespace().count();
            let fits = match *text {
                LONG => 350..=500,
                // The bars of a table count as words.
                TABLE => 100..=130,
                _ => 40..=90,
            };
            assert!(fits.contains(&words), "{calls:?}: {words} words");
        }
        for turn in 1..=ASIDES.len() {
            let words = aside(turn).split_whitespace().count();
            assert!((35..=70).contains(&words), "{turn}: {words} words");
        }
    }

    #[test]
    fn facts_go_round() {
        let round: Vec<String> = (1..=ASIDES.len()).map(aside).collect();
        for (fact, text) in ASIDES.iter().zip(&round) {
            assert!(text.ends_with(fact), "{text}");
        }
        assert_eq!(aside(ASIDES.len() + 1), aside(1));
    }
}
