//! The crate against `Intent.parseUri` and `Intent.toUri` of Android 14.

use std::collections::BTreeMap;

use offpush_intent::{Extra, Intent, ParseProblem, PrintError, UriFlags};

use crate::generate::{self, Chance};
use crate::oracle::{ask, describe, hex, skip, unhex};

/// How many texts are compared.
const TEXTS: usize = 150_000;

/// What Android reads and this crate refuses; nothing else may be refused.
const REFUSALS: [ParseProblem; 4] =
    [ParseProblem::Component, ParseProblem::ForeignDigits, ParseProblem::HexadecimalFraction, ParseProblem::Escape];

#[test]
fn reads_and_prints_what_android_14_does() {
    // Every text is read as Android reads it or refused for a listed reason, and printed as Android prints it or not at all.
    let (mut questions, mut asked, mut counts) = (String::new(), Vec::new(), Counts::default());
    let mut chance = Chance(14);
    while asked.len() < TEXTS {
        let ((flags, bits), text) = (generate::flags(&mut chance), generate::text(&mut chance));
        let ours = Intent::parse(&text, flags);
        if bits == 0 && ours.as_ref().is_err_and(|error| may_never_end(error.problem)) {
            counts.add("not asked: Android may never answer");
            continue;
        }
        questions += &format!("{bits} {}\n", &hex(Some(&text))[1..]);
        asked.push((text, flags, ours));
    }
    let answers = match ask(questions) {
        Ok(answers) => answers,
        Err(reason) => return skip("reads_and_prints_what_android_14_does", &reason),
    };
    assert_eq!(answers.len(), asked.len());
    for ((text, flags, ours), answer) in asked.iter().zip(&answers) {
        match (ours, answer.as_str()) {
            (Err(_), "refused") => counts.add("refused by both"),
            (Err(error), _) => {
                assert!(REFUSALS.contains(&error.problem), "{text:?} {flags:?}: {error}, but Android: {answer}");
                counts.add(&format!("refused here alone: {:?}", error.problem));
            }
            (Ok(intent), "refused") => panic!("{text:?} {flags:?}: Android refuses it; read as {intent:?}"),
            (Ok(intent), _) => {
                counts.add("read alike");
                let (described, printed) = answer.split_once(' ').expect("an intent and what it is printed as");
                assert_eq!(describe(intent), described, "{text:?} {flags:?}");
                let forms = [UriFlags::NONE, UriFlags::INTENT_SCHEME, UriFlags::ANDROID_APP_SCHEME];
                for (printed, form) in printed.split(' ').zip(forms) {
                    counts.add(&compare_printed(intent, unhex(printed).as_deref(), form));
                }
            }
        }
    }
    println!("{counts:#?}");
    for problem in REFUSALS {
        assert!(
            counts.of(&format!("refused here alone: {problem:?}")) > 10,
            "{problem:?} is hardly tested: {counts:?}"
        );
    }
    assert!(counts.of("read alike") > TEXTS / 3, "too few texts are valid: {counts:?}");
    assert!(counts.of("refused by both") > TEXTS / 10, "too few texts are invalid: {counts:?}");
    assert!(counts.of("printed alike") > TEXTS / 3, "too few intents are printed: {counts:?}");
}

/// Whether Android, without a scheme's flag, may read the text from its start again and again.
fn may_never_end(problem: ParseProblem) -> bool {
    // What is refused here alone may be followed by a missing ";" that Android comes to.
    problem == ParseProblem::MissingSemicolon || REFUSALS.contains(&problem)
}

fn compare_printed(intent: &Intent, android: Option<&str>, form: UriFlags) -> String {
    let read_back = |text| Intent::parse(text, form | UriFlags::ALLOW_UNSAFE);
    match (intent.to_uri(form), android) {
        (Ok(text), Some(android)) if text == android => "printed alike".into(),
        (Ok(text), Some(android)) => {
            // Java before 19, and Android, print more digits of some fractions than are needed.
            let fractions = |(_, extra): (_, &Extra)| matches!(extra, Extra::Double(_) | Extra::Float(_));
            let selector = intent.selector.as_deref().unwrap_or(intent);
            let fractions = intent.extras.iter().chain(selector.extras.iter()).any(fractions);
            assert!(fractions && text.len() <= android.len(), "{text:?}, but Android: {android:?}");
            assert_eq!(read_back(android).as_ref(), Ok(intent), "{android:?}");
            "printed with fewer digits of a fraction".into()
        }
        (Err(PrintError::NoPackage), None) => "refused by both: no package".into(),
        (Err(error @ (PrintError::Changed { .. } | PrintError::Unreadable(_))), Some(android)) => {
            assert_ne!(read_back(android).as_ref(), Ok(intent), "{error}, but Android: {android:?}");
            "not printed: Android's text is not this intent".into()
        }
        (ours, android) => panic!("{intent:?} {form:?}: {ours:?}, but Android: {android:?}"),
    }
}

#[derive(Debug, Default)]
struct Counts(BTreeMap<String, usize>);

impl Counts {
    fn add(&mut self, what: &str) {
        *self.0.entry(what.into()).or_default() += 1;
    }

    fn of(&self, what: &str) -> usize {
        self.0.get(what).copied().unwrap_or_default()
    }
}
