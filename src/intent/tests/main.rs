//! What the crate promises: by rule, by chance, and held against Android's own code.

mod framework;
mod generate;
mod judging;
mod oracle;
mod parsing;
mod printing;
mod round_trip;
