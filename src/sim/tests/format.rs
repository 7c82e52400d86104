//! Days as files: what is wrong in one is told with its line.

use offpush_sim::{Day, days};

const GOOD: &str = r#"title = "a test"
begins = "22:00"
ends = "31:30"
[[network]]
name = "lte"
transport = "cellular"
nat = "4m"
round-trip = "80ms"
[[move]]
at = "22:00"
network = "lte"
"#;

/// The line and the problem of a text that is no day.
fn problem(text: &str) -> (usize, String) {
    let error = Day::parse("test", text).expect_err("no day");
    assert!(error.to_string().starts_with("test"), "{error}");
    (error.line, error.problem)
}

#[test]
fn a_small_file_is_a_day() {
    // Hours from 24 on are those of the next day.
    let day = Day::parse("test", GOOD).expect("a day");
    assert_eq!((day.begins, day.lasts), (22 * 3_600_000, 34_200_000));
}

#[test]
fn an_unknown_key_is_told_with_its_line() {
    // A slip of the pen must not silently do nothing.
    let (line, problem) = problem(&GOOD.replace("nat = \"4m\"", "nat-timeout = \"4m\""));
    assert_eq!(line, 7);
    assert!(problem.contains("nat-timeout"), "{problem}");
}

#[test]
fn wrong_values_are_told_with_their_lines() {
    // Units, times, ranges, fractions, names: each in its own words.
    let cases = [
        ("nat = \"4m\"", "nat = \"4 minutes\"", 7, "4 minutes"),
        ("nat = \"4m\"", "nat = \"0s\"", 7, "lets nothing through"),
        ("nat = \"4m\"", "nat = 240", 7, ""),
        ("round-trip = \"80ms\"", "round-trip = \"80\"", 8, "no duration"),
        ("at = \"22:00\"", "at = \"10 pm\"", 10, "no time of the day"),
        ("network = \"lte\"", "network = \"wifi\"", 11, "no network is called \"wifi\""),
        ("ends = \"31:30\"", "ends = \"21:00\"", 3, "ends after it begins"),
        ("transport = \"cellular\"", "transport = \"5g\"", 6, "5g"),
        ("name = \"lte\"", "name = \"none\"", 5, "cannot be this network's name"),
        ("round-trip = \"80ms\"", "round-trip = \"80ms\"\nloss = 1.5", 9, "fraction"),
    ];
    for (from, to, line, words) in cases {
        let (told, problem) = problem(&GOOD.replacen(from, to, 1));
        assert_eq!(told, line, "{to}: {problem}");
        assert!(problem.contains(words), "{to}: {problem}");
    }
}

#[test]
fn what_is_outside_the_day_is_an_error() {
    // A message that would never be sent, a screen that would never be on.
    let (line, problem_) = problem(&format!("{GOOD}[messages]\nat = [\"12:00\"]\n"));
    assert_eq!(line, 13);
    assert!(problem_.contains("not within the day"), "{problem_}");
    let (line, _) = problem(&format!("{GOOD}[phone]\nscreen-on = [\"30:00-33:00\"]\n"));
    assert_eq!(line, 13);
}

#[test]
fn a_day_begins_somewhere() {
    // Where the phone is at the beginning is said, not guessed.
    let (_, problem) = problem(&GOOD.replace("at = \"22:00\"", "at = \"23:00\""));
    assert!(problem.contains("the first [[move]]"), "{problem}");
}

#[test]
fn a_flap_that_never_ends_is_an_error() {
    // It has to be shorter than what it repeats in.
    let (line, _) =
        problem(&format!("{GOOD}[[flap]]\nbetween = \"22:10-23:00\"\nevery = \"10s\"\nlasting = \"10s\"\n"));
    assert_eq!(line, 14);
}

#[test]
fn a_file_and_a_built_in_day_are_the_same() {
    // The built-in days are nothing but files that came along.
    for name in days::NAMES {
        let text = days::text(name).expect("it");
        assert_eq!(
            Day::parse(name, text),
            days::all().map(|all| all.into_iter().find(|day| day.name == *name).expect("it"))
        );
    }
}

#[test]
fn no_text_makes_the_parser_panic() {
    // Each prefix of a good file is a day or an error.
    for end in 0..GOOD.len() {
        let _ = Day::parse("test", &GOOD[..end]);
    }
}
