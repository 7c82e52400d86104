//! How intents are printed, rule by rule.

use offpush_intent::{Component, Extra, Intent, Ordered, PrintError, Rectangle, Uri, UriFlags, action};

fn viewing(data: &str) -> Intent {
    Intent { action: Some(action::VIEW.into()), data: Some(Uri::new(data)), ..Intent::default() }
}

fn with_extra(extra: Extra) -> Intent {
    let mut intent = Intent { action: Some(action::VIEW.into()), ..Intent::default() };
    intent.extras.insert("k", extra);
    intent
}

#[test]
fn fields_are_printed_in_androids_order() {
    // One canonical text: fixed order, everything encoded but what a URI may hold, flags in hexadecimal.
    let mut intent = viewing("https://h/p?q#f");
    intent.action = Some("a b".into());
    intent.categories.insert("c;d", ());
    intent.mime_type = Some("text/plain".into());
    intent.identifier = Some("é".into());
    intent.flags = 0x400_0000;
    intent.package = Some("com.example".into());
    intent.component = Some(Component { package: "com.example".into(), class: "com.example.Chat".into() });
    intent.source_bounds = Some(Rectangle { left: 1, top: -2, right: 3, bottom: 4 });
    intent.extras.insert("k=", Extra::String("v w".into()));
    assert_eq!(
        intent.to_uri(UriFlags::INTENT_SCHEME).as_deref(),
        Ok("intent://h/p?q#f#Intent;scheme=https;action=a%20b;category=c%3Bd;type=text/plain;identifier=%C3%A9;\
            launchFlags=0x4000000;package=com.example;component=com.example/.Chat;sourceBounds=1%20-2%203%204;\
            S.k%3D=v%20w;end")
    );
}

#[test]
fn what_goes_without_saying_is_not_printed() {
    // The default action, an empty fragment, and the package of an android-app URI are left out.
    let mut intent = viewing("https://h/p");
    assert_eq!(intent.to_uri(UriFlags::NONE).as_deref(), Ok("https://h/p"));
    assert_eq!(intent.to_uri(UriFlags::INTENT_SCHEME).as_deref(), Ok("intent://h/p#Intent;scheme=https;end"));
    intent.package = Some("p".into());
    assert_eq!(intent.to_uri(UriFlags::ANDROID_APP_SCHEME).as_deref(), Ok("android-app://p/https/h/p"));
    let main = Intent { action: Some(action::MAIN.into()), package: Some("p".into()), ..Intent::default() };
    assert_eq!(main.to_uri(UriFlags::ANDROID_APP_SCHEME).as_deref(), Ok("android-app://p"));
}

#[test]
fn categories_and_extras_stand_in_the_order_of_their_hashes() {
    // Android's maps sort by Java's hash and keep equal hashes ("Aa", "BB") by age; so do canonical texts.
    let mut names = Ordered::default();
    for name in ["zz", "BB", "a", "Aa", "中中中中中", "BB"] {
        names.insert(name, ());
    }
    let order: Vec<&str> = names.iter().map(|(name, ())| name).collect();
    assert_eq!(order, ["a", "BB", "Aa", "zz", "中中中中中"]);
}

#[test]
fn fractions_are_printed_as_java_prints_them() {
    // Plain decimals from 10^-3 up to 10^7, else one digit before the point and an exponent; always a fraction.
    for (value, text) in [
        (0.0, "0.0"),
        (-0.0, "-0.0"),
        (1.0, "1.0"),
        (0.001, "0.001"),
        (0.000_999, "9.99E-4"),
        (123.25, "123.25"),
        (100.0, "100.0"),
        (9_999_999.5, "9999999.5"),
        (1e7, "1.0E7"),
        (-1.25e100, "-1.25E100"),
        (5e-324, "4.9E-324"),
        (f64::NAN, "NaN"),
        (f64::NEG_INFINITY, "-Infinity"),
    ] {
        let printed = with_extra(Extra::Double(value)).to_uri(UriFlags::INTENT_SCHEME);
        assert_eq!(printed, Ok(format!("intent:#Intent;d.k={text};end")));
    }
    let printed = with_extra(Extra::Float(3.402_823_5e38)).to_uri(UriFlags::INTENT_SCHEME);
    assert_eq!(printed.as_deref(), Ok("intent:#Intent;f.k=3.4028235E38;end"));
}

#[test]
fn what_would_be_read_as_another_intent_is_not_printed() {
    // Where Android's text says something else than the intent, there is an error that names the field.
    let changed = |intent: &Intent, form| match intent.to_uri(form) {
        Err(PrintError::Changed { field }) => field,
        other => panic!("{other:?}"),
    };
    let (intent, app) = (UriFlags::INTENT_SCHEME, UriFlags::ANDROID_APP_SCHEME);
    assert_eq!(changed(&Intent { flags: 1, ..viewing("//host") }, intent), "data");
    assert_eq!(changed(&with_extra(Extra::Character(0xD83D)), intent), "extras");
    assert_eq!(changed(&Intent { package: Some("p".into()), ..viewing("https://h") }, app), "data");
    assert_eq!(changed(&Intent { package: Some("p/q".into()), ..viewing("https://h/") }, app), "data");
    let selector = Intent { package: Some("p".into()), selector: Some(Box::default()), ..viewing("https://h/") };
    assert_eq!(changed(&selector, intent), "selector");
    assert!(selector.to_uri(app).is_ok());
    assert_eq!(viewing("https://h/").to_uri(app), Err(PrintError::NoPackage));
    let flags = Intent { flags: 0x8000_0000, ..viewing("https://h/") };
    assert!(matches!(flags.to_uri(intent), Err(PrintError::Unreadable(_))));
}
