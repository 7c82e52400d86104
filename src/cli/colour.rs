//! Colour for people, where their terminal has it.

use std::io::{IsTerminal, stdout};

use offpush_inspect::{Role, Row};

/// Whether standard output is a terminal that shows colours, and nobody has said no (<https://no-color.org>).
pub(crate) fn wanted() -> bool {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    stdout().is_terminal() && set("NO_COLOR").is_none() && set("TERM").is_some_and(|term| term != "dumb")
}

/// A line of the status page, coloured by what it says (ECMA-48, SGR).
pub(crate) fn row(row: &Row, is_coloured: bool) -> String {
    let code = match row.role {
        Role::Good => "1;32",
        Role::Bad => "1;31",
        Role::Warning => "33",
        Role::Impact => "2",
        Role::Action => "36",
        Role::Fact => "",
    };
    if is_coloured && !code.is_empty() { format!("\x1b[{code}m{}\x1b[0m", row.text) } else { row.text.clone() }
}
