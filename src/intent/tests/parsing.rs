//! How texts are read, rule by rule.

use offpush_intent::{Component, Extra, Intent, ParseError, ParseProblem, Rectangle, Uri, UriFlags, action};

fn read(text: &str) -> Intent {
    Intent::parse(text, UriFlags::INTENT_SCHEME).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn problem(text: &str) -> (usize, ParseProblem) {
    let ParseError { at, problem } = Intent::parse(text, UriFlags::INTENT_SCHEME).expect_err(text);
    (at, problem)
}

fn data(text: &str) -> Option<String> {
    read(text).data.map(|data| data.as_str().into())
}

#[test]
fn every_field_is_read() {
    // All fields of the grammar arrive, decoded, in one intent.
    let intent = read(
        "intent://host/p?q=1#frag#Intent;scheme=https;action=a.B;category=c.D;category=c.E;type=text/plain;identifier=x%2Fy;\
         launchFlags=0x4000000;package=com.example;component=com.example/.Chat;sourceBounds=1%20-2%203%204;S.k=v%20w;end",
    );
    assert_eq!(intent.data.as_ref().map(Uri::as_str), Some("https://host/p?q=1#frag"));
    assert_eq!(intent.action.as_deref(), Some("a.B"));
    assert_eq!(intent.categories.iter().map(|(name, ())| name).collect::<Vec<_>>(), ["c.D", "c.E"]);
    assert_eq!(intent.mime_type.as_deref(), Some("text/plain"));
    assert_eq!(intent.identifier.as_deref(), Some("x/y"));
    assert_eq!(intent.flags, 0x400_0000);
    assert_eq!(intent.package.as_deref(), Some("com.example"));
    assert_eq!(intent.component, Some(Component { package: "com.example".into(), class: "com.example.Chat".into() }));
    assert_eq!(intent.source_bounds, Some(Rectangle { left: 1, top: -2, right: 3, bottom: 4 }));
    assert_eq!(intent.extras.get("k"), Some(&Extra::String("v w".into())));
    assert_eq!(intent.selector, None);
}

#[test]
fn the_reference_documents_example_is_read() {
    // The intent URI that the reference document shows names the page it is meant for, in a class of another package.
    let intent = read(
        "intent://com.tencent.qcloud.tim/detail#Intent;scheme=pushscheme;launchFlags=0x4000000;\
         component=com.tencent.qcloud.tim.tuikit/com.tencent.qcloud.tim.demo.chat.ChatActivity;end",
    );
    let component = intent.component.expect("a component");
    assert_eq!(component.package, "com.tencent.qcloud.tim.tuikit");
    assert_eq!(component.class, "com.tencent.qcloud.tim.demo.chat.ChatActivity");
    assert_eq!(intent.data, Some(Uri::new("pushscheme://com.tencent.qcloud.tim/detail")));
    assert_eq!(intent.flags, 0x400_0000);
}

#[test]
fn extras_have_the_type_of_their_letter() {
    // Each letter gives its own type, with Java's idea of what a value of it looks like.
    let intent = read(
        "intent:#Intent;S.S=;B.B=TRUE;B.no=yes;b.b=-128;c.c=%F0%9F%98%80;d.d=%201e3f;f.f=-Infinity;i.i=+7;l.l=9223372036854775807;s.s=-1;end",
    );
    let expected = [
        ("S", Extra::String(String::new())),
        ("B", Extra::Boolean(true)),
        ("no", Extra::Boolean(false)),
        ("b", Extra::Byte(-128)),
        ("c", Extra::Character(0xD83D)),
        ("d", Extra::Double(1000.0)),
        ("f", Extra::Float(f32::NEG_INFINITY)),
        ("i", Extra::Integer(7)),
        ("l", Extra::Long(i64::MAX)),
        ("s", Extra::Short(-1)),
    ];
    assert_eq!(intent.extras.len(), expected.len());
    for (key, extra) in expected {
        assert_eq!(intent.extras.get(key), Some(&extra), "{key}");
    }
}

#[test]
fn other_texts_are_data_to_view() {
    // Without the intent: or android-app: scheme, the whole text is data, whatever follows its "#".
    for text in ["https://example.com/#Intent;action=x;end", "", "Intent:#Intent;end", "intent", "intent:x", "a b"] {
        assert_eq!(
            read(text),
            Intent { action: Some(action::VIEW.into()), data: Some(Uri::new(text)), ..Intent::default() }
        );
    }
    let bare = Intent::parse("https://example.com/#Intent;action=x;end", UriFlags::NONE).expect("an intent");
    assert_eq!((bare.action.as_deref(), bare.data), (Some("x"), Some(Uri::new("https://example.com/"))));
}

#[test]
fn android_app_uris_name_package_scheme_and_authority() {
    // The package always comes from the text's first part; data needs a path after the authority.
    let with = |text: &str| {
        let intent = read(text);
        (intent.action.unwrap_or_default(), intent.package.unwrap_or_default(), data(text).unwrap_or_default())
    };
    let main = action::MAIN.to_owned();
    let view = action::VIEW.to_owned();
    assert_eq!(with("android-app://p"), (main.clone(), "p".into(), String::new()));
    assert_eq!(with("android-app://p/"), (main, "p".into(), String::new()));
    assert_eq!(with("android-app://p/http/h/x?q#f"), (view.clone(), "p".into(), "http://h/x?q#f".into()));
    assert_eq!(with("android-app://p/http/h"), (view.clone(), "p".into(), "http:".into()));
    assert_eq!(with("android-app://p/#Intent;package=q;action=a;end"), ("a".into(), "p".into(), String::new()));
    assert_eq!(with("android-app:x"), (view, String::new(), String::new()));
    assert_eq!(problem("android-app:"), (12, ParseProblem::AndroidApp));
    assert_eq!(problem("android-app:/"), (12, ParseProblem::AndroidApp));
}

#[test]
fn a_selector_gives_way_to_a_package() {
    // What follows SEL belongs to the selector, which is kept only if the intent itself names no package.
    let intent = read("intent:#Intent;action=a;SEL;action=b;scheme=http;S.k=v;package=q;end");
    assert_eq!((intent.action.as_deref(), intent.package.as_deref()), (Some("a"), None));
    let selector = intent.selector.expect("a selector");
    assert_eq!((selector.action.as_deref(), selector.package.as_deref()), (Some("b"), Some("q")));
    assert_eq!(selector.data, Some(Uri::new("http:")));
    assert_eq!((intent.extras.len(), selector.extras.len()), (0, 1));
    assert_eq!(read("intent:#Intent;package=p;SEL;action=b;end").selector, None);
}

#[test]
fn grant_flags_are_masked_unless_asked_for() {
    // A text cannot hand out access to data.
    let text = "intent:#Intent;launchFlags=0x100000c3;end";
    assert_eq!(read(text).flags, 0x1000_0000);
    let unmasked = Intent::parse(text, UriFlags::INTENT_SCHEME | UriFlags::ALLOW_UNSAFE).expect("an intent");
    assert_eq!(unmasked.flags, 0x1000_00C3);
}

#[test]
fn launch_flags_are_read_in_every_radix() {
    // Integer.decode: decimal, hexadecimal, octal, with a sign, within the range of an int.
    let flags = |text: &str| Intent::parse(&format!("intent:#Intent;launchFlags={text};end"), UriFlags::INTENT_SCHEME);
    for (text, bits) in [("256", 256), ("0x100", 256), ("%23100", 256), ("0400", 256), ("-256", 0xFFFF_FF00), ("0", 0)]
    {
        assert_eq!(flags(text).map(|intent| intent.flags), Ok(bits), "{text}");
    }
    assert_eq!(flags("-0x80000000").map(|intent| intent.flags), Ok(0x8000_0000));
    for text in ["", "-", "0x", "08", "0xffffffff", "0x-1", "+-1", "1 "] {
        assert_eq!(flags(text).map_err(|error| error.problem), Err(ParseProblem::Number), "{text}");
    }
}

#[test]
fn the_last_of_two_with_the_same_name_counts() {
    // Fields and extras that come again replace what was there; of the type, too.
    let intent = read("intent:#Intent;action=a;action=b;S.k=1;i.k=2;category=c;category=c;end");
    assert_eq!(intent.action.as_deref(), Some("b"));
    assert_eq!((intent.extras.len(), intent.extras.get("k")), (1, Some(&Extra::Integer(2))));
    assert_eq!(intent.categories.len(), 1);
}

#[test]
fn a_value_may_be_missing_where_android_lets_it() {
    // An extra without "=" takes its key from as far as the next "=", which is read again as what it is.
    let intent = read("intent:#Intent;S.a;S.b=c;endless");
    assert_eq!(intent.extras.get("a;S.b"), Some(&Extra::String(String::new())));
    assert_eq!(intent.extras.get("b"), Some(&Extra::String("c".into())));
}

#[test]
fn the_grammar_of_android_1_is_read() {
    // Texts with the old fragment keep their meaning; a fragment without any field belongs to the data.
    let intent =
        read("intent:x#action(a.B)categories(c!d)type(t/u)launchFlags(2)component(p!p.C)extras(Sk=v%20w!il=7)");
    assert_eq!(intent.action.as_deref(), Some("a.B"));
    assert_eq!(intent.categories.len(), 2);
    assert_eq!((intent.mime_type.as_deref(), intent.flags), (Some("t/u"), 0));
    assert_eq!(intent.component, Some(Component { package: "p".into(), class: "p.C".into() }));
    assert_eq!(intent.extras.get("k"), Some(&Extra::String("v w".into())));
    assert_eq!(intent.extras.get("l"), Some(&Extra::Integer(7)));
    assert_eq!(intent.data, Some(Uri::new("intent:x")));
    assert_eq!(data("intent:x#frag"), Some("intent:x#frag".into()));
    assert_eq!(problem("intent:#action(a"), (15, ParseProblem::MissingParenthesis));
    assert_eq!(problem("intent:#extras(Sk=)"), (15, ParseProblem::OldExtra));
}

#[test]
fn errors_name_the_place() {
    // What cannot be read is refused with its first byte and the reason.
    let start = "intent:#Intent;".len();
    for (items, expected) in [
        ("", ParseProblem::MissingEnd),
        ("S.a=b", ParseProblem::MissingSemicolon),
        ("S.a;end", ParseProblem::MissingEquals),
        ("SEL=;end", ParseProblem::UnknownItem),
        ("x.a=b;end", ParseProblem::UnknownItem),
        ("ACTION=b;end", ParseProblem::UnknownItem),
        ("extendedLaunchFlags=0x1;end", ParseProblem::UnknownItem),
        ("é=b;end", ParseProblem::UnknownItem),
        ("i.a=2147483648;end", ParseProblem::Number),
        ("b.a=128;end", ParseProblem::Number),
        ("d.a=inf;end", ParseProblem::Number),
        ("d.a=nan;end", ParseProblem::Number),
        ("sourceBounds=1%202%203%204000000000;end", ParseProblem::Number),
        ("c.a=;end", ParseProblem::EmptyCharacter),
        ("i.a=%D9%A1;end", ParseProblem::ForeignDigits),
        ("d.a=0x1p3;end", ParseProblem::HexadecimalFraction),
        ("component=com.example;end", ParseProblem::Component),
        ("component=com.example/;end", ParseProblem::Component),
        ("S.a=100%;end", ParseProblem::Escape),
        ("S.a=%+1;end", ParseProblem::Escape),
        ("S.a=%C4%E3;end", ParseProblem::Escape),
        ("S.%zz=a;end", ParseProblem::Escape),
    ] {
        assert_eq!(problem(&format!("intent:#Intent;{items}")), (start, expected), "{items}");
        assert_eq!(problem(&format!("intent:#Intent;action=a;{items}")), (start + 9, expected), "{items}");
    }
    let error = Intent::parse("intent:#Intent;S.a", UriFlags::INTENT_SCHEME).expect_err("no end");
    assert_eq!(error.to_string(), "at byte 15: this item has no \";\" at its end");
}
