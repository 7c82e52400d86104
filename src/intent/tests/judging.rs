//! What a click may start, rule by rule.

use offpush_intent::{
    Allowed, Component, Dropped, Extra, Intent, MAXIMUM_EXTRA_UNITS, MAXIMUM_EXTRAS, MAXIMUM_TEXT_UNITS, ParseProblem,
    Refusal, UriFlags, judge, judge_page, judge_web,
};

const OWN: &str = "com.example";

fn page(items: &str) -> Result<Allowed, Refusal> {
    judge_page(&format!("intent:#Intent;{items}end"), OWN)
}

#[test]
fn pages_of_the_own_app_are_allowed_and_bound_to_it() {
    // Own package, own component, or neither: the intent that is started names the own package.
    for items in [
        "",
        "package=com.example;",
        "component=com.example/.Chat;",
        "component=com.example/org.lib.Page;",
        "action=a.B;",
    ] {
        let allowed = page(items).unwrap_or_else(|refusal| panic!("{items}: {refusal}"));
        assert_eq!(allowed.intent.package.as_deref(), Some(OWN), "{items}");
        assert_eq!(allowed.dropped, []);
    }
}

#[test]
fn a_page_begins_with_intent() {
    // Android reads other texts too, as data to view or with a package of their own; a push does not open them.
    for text in
        ["", "example://chat/7", "https://example.com/#Intent;end", "android-app://com.example", "Intent:#Intent;end"]
    {
        assert_eq!(judge_page(text, OWN), Err(Refusal::NotIntent), "{text}");
    }
}

#[test]
fn other_apps_are_refused() {
    // Neither package nor component may be another app's, nor something that only begins like the own.
    let foreign = |package: &str| Err(Refusal::ForeignPackage { package: package.into(), own: OWN.into() });
    assert_eq!(page("package=com.other;"), foreign("com.other"));
    assert_eq!(page("package=;"), foreign(""));
    assert_eq!(page("package=com.example.other;"), foreign("com.example.other"));
    let component = Component { package: "com.other".into(), class: "com.example.Chat".into() };
    assert_eq!(
        page("package=com.example;component=com.other/com.example.Chat;"),
        Err(Refusal::ForeignComponent { component, own: OWN.into() })
    );
}

#[test]
fn selectors_are_refused() {
    // A selector finds another component than the one that was judged.
    assert_eq!(page("SEL;component=com.other/.Page;"), Err(Refusal::Selector));
    assert_eq!(page("component=com.example/.Chat;SEL;"), Err(Refusal::Selector));
}

#[test]
fn grant_flags_are_refused_and_named() {
    // Flags that hand out access do nothing on the phone; here they are named, alone.
    for flag in [0x1, 0x2, 0x40, 0x80] {
        let items = format!("launchFlags={:#x};", 0x1000_0000 | flag);
        assert_eq!(page(&items), Err(Refusal::GrantFlags { flags: flag }));
    }
    assert!(page("launchFlags=0x14000000;").is_ok());
    let masked = Intent::parse("intent:#Intent;launchFlags=0x3;end", UriFlags::INTENT_SCHEME).expect("an intent");
    assert!(judge(&masked, OWN).is_ok());
}

#[test]
fn dangerous_data_is_refused() {
    // Files, provider rows, script and nested intents are never opened, however their scheme is written.
    for scheme in
        ["file", "content", "javascript", "data", "jar", "about", "intent", "android-app", "JavaScript", "CONTENT"]
    {
        let expected = Err(Refusal::DataScheme { scheme: scheme.into() });
        assert_eq!(judge_page(&format!("intent:x#Intent;scheme={scheme};end"), OWN), expected);
    }
    // What Android does not read as an intent URI for want of a fragment is data with the scheme intent.
    assert_eq!(judge_page("intent:x", OWN), Err(Refusal::DataScheme { scheme: "intent".into() }));
    assert_eq!(judge_page("intent://chat/7#Intent;end", OWN), Err(Refusal::RelativeData));
    assert!(judge_page("intent://chat/7#Intent;scheme=example;end", OWN).is_ok());
}

#[test]
fn sizes_are_capped() {
    // One more than the most is refused, the most is not.
    let extras = |count: usize| (0..count).map(|n| format!("i.k{n}=1;")).collect::<String>();
    assert!(page(&extras(MAXIMUM_EXTRAS)).is_ok());
    assert_eq!(page(&extras(MAXIMUM_EXTRAS + 1)), Err(Refusal::TooManyExtras { count: MAXIMUM_EXTRAS + 1 }));
    // Lengths are Java's: "é" counts one, "😀" two.
    let (text, key) = ("é".repeat(MAXIMUM_EXTRA_UNITS), "😀".repeat(MAXIMUM_EXTRA_UNITS / 2));
    assert!(page(&format!("S.{key}={text};")).is_ok());
    assert_eq!(page(&format!("S.k={text}x;")), Err(Refusal::ExtraTooLong { key: "k".into() }));
    assert_eq!(page(&format!("i.{key}x=1;")), Err(Refusal::ExtraTooLong { key: format!("{key}x") }));
    assert!(page(&format!("S.key_message={text}x;")).is_ok());
    let padded = |units: usize| format!("intent:{}#Intent;scheme=x;end", "é".repeat(units - 27));
    assert!(judge_page(&padded(MAXIMUM_TEXT_UNITS), OWN).is_ok());
    let units = MAXIMUM_TEXT_UNITS + 1;
    assert_eq!(judge_page(&padded(units), OWN), Err(Refusal::TooLong { units }));
}

#[test]
fn what_a_push_may_not_say_is_left_out() {
    // Source bounds and the library's own extras are dropped, and the answer says so.
    let allowed = page(
        "sourceBounds=1%202%203%204;identifier=x;S.key_message=x;S.key_command=x;S.messageId=1;B.mipush_notified=true;\
         i.eventMessageType=1;S.pushTargetComponent=x;S.ext=y;",
    )
    .expect("a page");
    assert_eq!((allowed.intent.source_bounds, allowed.intent.identifier), (None, None));
    let kept: Vec<(&str, &Extra)> = allowed.intent.extras.iter().collect();
    assert_eq!(kept, [("ext", &Extra::String("y".into()))]);
    let keys =
        ["eventMessageType", "key_command", "key_message", "messageId", "mipush_notified", "pushTargetComponent"];
    let reserved = keys.map(|key| Dropped::ReservedExtra(key.into()));
    assert_eq!(allowed.dropped, [&[Dropped::SourceBounds, Dropped::Identifier], reserved.as_slice()].concat());
}

#[test]
fn unreadable_pages_are_refused_with_the_place() {
    // A person is told where the text is wrong, and what to take instead.
    let refusal = page("S.a=100%;").expect_err("no UTF-8");
    assert!(matches!(refusal, Refusal::Unreadable(error) if error.at == 15 && error.problem == ParseProblem::Escape));
    let said = refusal.to_string();
    assert!(said.contains("at byte 15") && said.contains("%25") && said.contains("toUri"), "{said}");
}

#[test]
fn web_pages_are_http_or_https_with_a_host_and_no_user() {
    // Anything else is refused; spaces around it and the case of the scheme do not matter.
    for address in
        ["https://example.com", "http://example.com:8080/p?q#f", "https://[::1]/", "https://例え.jp/ü", " HTTPS://a\n"]
    {
        assert_eq!(judge_web(address), Ok(()), "{address}");
    }
    for address in ["", "example.com", "//example.com", "ftp://x", "javascript:alert(1)", "intent:#Intent;end"] {
        assert_eq!(judge_web(address), Err(Refusal::NotWeb), "{address}");
    }
    for address in ["https:", "https:/x", "https://", "https:///x", "http://:80/", "https:example.com"] {
        assert_eq!(judge_web(address), Err(Refusal::NoHost), "{address}");
    }
    assert_eq!(judge_web("https://example.com@evil.example/"), Err(Refusal::UserInfo));
}
