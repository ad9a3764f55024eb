//! A filter in the words of SQL. What is looked for travels as parameters: no pattern is made of it, so whatever stands
//! in it stands for itself. Says of each row what `Filter::holds` says; a test compares them.

use rusqlite::types::{ToSql, Value};

use crate::domain::filter::{Ended, Filter, Test};
use crate::store::column::Word;

/// A condition on `attempts`, true or false and never NULL, and the values of its parameters.
#[derive(Debug, Default)]
pub(super) struct Clauses {
    /// `1`, or terms joined by AND.
    pub(super) sql: String,
    /// Names with their colon, and values.
    pub(super) values: Vec<(String, Value)>,
}

/// All that words are looked for in, as `domain::filter` has it.
const SEARCHED: &str = "lower(lane || char(10) || CASE origin WHEN 'endpoint' THEN 'endpoint api' ELSE origin END
    || char(10) || outcome || char(10) || coalesce(class, '') || char(10) || replace(coalesce(class, ''), '_', ' ')
    || char(10) || coalesce(status, '') || char(10) || note)";

impl Clauses {
    /// The condition of a filter.
    pub(super) fn new(filter: &Filter) -> Self {
        let mut all = Self { sql: "1".into(), values: Vec::new() };
        for term in &filter.terms {
            let condition = all.condition(&term.test);
            let not = if term.not { "NOT " } else { "" };
            all.sql = format!("{} AND {not}coalesce({condition}, 0)", all.sql);
        }
        all
    }

    fn condition(&mut self, test: &Test) -> String {
        match test {
            Test::Word(word) => format!("instr({SEARCHED}, {}) > 0", self.value(word.clone())),
            Test::Lane(part) => format!("instr(lower(lane), {}) > 0", self.value(part.clone())),
            Test::Origin(origin) => format!("origin = {}", self.value(word(&Word(*origin)))),
            Test::Ended(Ended::Status(from, to)) => {
                format!("status BETWEEN {} AND {}", self.value(i64::from(*from)), self.value(i64::from(*to)))
            }
            Test::Ended(Ended::As(outcome)) => format!("outcome = {}", self.value((*outcome).to_owned())),
            Test::Ended(Ended::Of(class)) => {
                format!("outcome = 'failed' AND class = {}", self.value(class.key().to_owned()))
            }
            Test::Since(time) => format!("started >= {}", self.value(time.ms())),
        }
    }

    /// Takes a value in; its parameter's name.
    fn value(&mut self, value: impl Into<Value>) -> String {
        let name = format!(":term{}", self.values.len());
        self.values.push((name.clone(), value.into()));
        name
    }

    /// The parameters, with those of the statement around them.
    pub(super) fn with<'a>(&'a self, more: &[(&'a str, &'a dyn ToSql)]) -> Vec<(&'a str, &'a dyn ToSql)> {
        let own = self.values.iter().map(|(name, value)| (name.as_str(), value as &dyn ToSql));
        own.chain(more.iter().copied()).collect()
    }
}

fn word(word: &Word<crate::domain::conversation::Origin>) -> Value {
    match word.to_sql() {
        Ok(rusqlite::types::ToSqlOutput::Owned(value)) => value,
        _ => Value::Null,
    }
}
