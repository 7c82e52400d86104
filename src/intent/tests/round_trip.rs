//! By chance: nothing panics, and what is printed is read back.

use offpush_intent::{Intent, PrintError, UriFlags, judge_page, judge_web};

use crate::generate::{self, Chance};

const FORMS: [UriFlags; 3] = [UriFlags::NONE, UriFlags::INTENT_SCHEME, UriFlags::ANDROID_APP_SCHEME];

#[test]
fn what_is_printed_is_read_back_as_the_same_intent() {
    // Any intent is either printed as a text that says the same, or not printed.
    let (mut chance, mut printed, mut refused) = (Chance(1), 0, 0);
    for _ in 0..20_000 {
        let intent = generate::intent(&mut chance, 3);
        for form in FORMS {
            match intent.to_uri(form) {
                Ok(text) => {
                    assert_eq!(Intent::parse(&text, form | UriFlags::ALLOW_UNSAFE).as_ref(), Ok(&intent), "{text}");
                    printed += 1;
                }
                Err(PrintError::NoPackage) => assert_eq!(intent.package, None),
                Err(_) => refused += 1,
            }
        }
    }
    assert!(printed > 10_000 && refused > 1_000, "{printed} printed, {refused} refused");
}

#[test]
fn what_is_read_is_canonical_once_it_is_printed() {
    // Printing what was read, reading it and printing it again gives the same text.
    let mut chance = Chance(2);
    for _ in 0..20_000 {
        let text = generate::text(&mut chance);
        let Ok(intent) = Intent::parse(&text, UriFlags::INTENT_SCHEME) else { continue };
        let Ok(printed) = intent.to_uri(UriFlags::INTENT_SCHEME) else { continue };
        let again =
            Intent::parse(&printed, UriFlags::INTENT_SCHEME).map(|intent| intent.to_uri(UriFlags::INTENT_SCHEME));
        assert_eq!(again, Ok(Ok(printed)));
    }
}

#[test]
fn no_bytes_panic() {
    // Any text is read or refused, with the place inside the text; an intent that was read can be judged and printed.
    let mut chance = Chance(3);
    for round in 0..60_000 {
        let text = if round % 3 == 0 {
            let bytes: Vec<u8> = (0..chance.below(60)).map(|_| chance.next() as u8).collect();
            format!(
                "{}{}",
                chance.pick(&["", "intent:#Intent;", "android-app:", "intent:#extras("]),
                String::from_utf8_lossy(&bytes)
            )
        } else {
            generate::text(&mut chance)
        };
        for flags in FORMS {
            match Intent::parse(&text, flags) {
                Ok(intent) => FORMS.into_iter().for_each(|form| drop(intent.to_uri(form))),
                Err(error) => assert!(text.is_char_boundary(error.at), "{text:?}: {error}"),
            }
        }
        drop(judge_page(&text, "com.example"));
        drop(judge_web(&text));
    }
}
