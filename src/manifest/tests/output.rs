//! What scripts, code hosts and people get; and what `render` makes.

mod common;

use common::{SOURCE, changed, checked};
use offpush_manifest::{Choice, Options, Rendering, catalogue, catalogue_to_json, check, diff, render};

fn faulty() -> String {
    changed(SOURCE, &[("https://push", "http://push"), ("package=\"com.acme.chat\"", "package=\"com.acme.\u{e9}\"")])
}

#[test]
fn json_has_every_finding_with_its_place() {
    // The fields that scripts read, and the schema that says whether they may.
    let json = checked(&faulty(), &Options::default()).to_json();
    assert_eq!((&json["schema"], &json["form"], &json["targetSdk"]), (&1.into(), &"source".into(), &35.into()));
    assert_eq!((&json["errors"], &json["warnings"], &json["notes"]), (&2.into(), &0.into(), &0.into()));
    let finding = &json["findings"][1];
    assert_eq!(finding["id"], "server-cleartext");
    assert_eq!(
        (&finding["file"], &finding["line"], &finding["column"]),
        (&"AndroidManifest.xml".into(), &11.into(), &50.into())
    );
    assert_eq!(
        (&finding["severity"], &finding["fixable"], &finding["sinceApi"]),
        (&"error".into(), &true.into(), &1.into())
    );
    assert_eq!(catalogue_to_json()["checks"].as_array().map(Vec::len), Some(catalogue().len()));
}

#[test]
fn sarif_has_what_version_2_1_0_demands() {
    // The properties that the standard requires: of the log, the run, the tool, its rules, the results and their places.
    let sarif = checked(&faulty(), &Options::default()).to_sarif();
    assert_eq!(sarif["version"], "2.1.0");
    let run = &sarif["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().expect("rules");
    assert_eq!(run["tool"]["driver"]["name"], "offpush");
    let results = run["results"].as_array().expect("results");
    assert_eq!(results.len(), 2);
    for result in results {
        let index = usize::try_from(result["ruleIndex"].as_u64().expect("an index")).expect("a small index");
        assert_eq!(rules[index]["id"], result["ruleId"]);
        assert!(["error", "warning", "note"].contains(&result["level"].as_str().expect("a level")));
        assert!(result["message"]["text"].as_str().is_some_and(|text| !text.is_empty()));
        let place = &result["locations"][0]["physicalLocation"];
        assert_eq!(place["artifactLocation"]["uri"], "AndroidManifest.xml");
        assert!(place["region"]["startLine"].as_u64().is_some_and(|line| line > 0));
    }
    for rule in rules {
        assert!(rule["help"]["text"].is_string() && rule["shortDescription"]["text"].is_string());
    }
    let odd = check("a b\\c.xml", faulty().as_bytes(), &Options::default()).expect("it can be read").to_sarif();
    let uri = &odd["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"];
    assert_eq!(uri, "a%20b/c.xml");
}

#[test]
fn the_text_tells_place_reason_version_and_cure() {
    // One finding in full, as a person reads it.
    let text = checked(&changed(SOURCE, &[("https://push", "http://push")]), &Options::default()).to_string();
    let expected = "AndroidManifest.xml: an app's own manifest, into which the build merges the library's, package com.acme.chat, target SDK 35

error server-cleartext: offpush.server begins with http://
    at      AndroidManifest.xml:11:50  meta-data offpush.server: \"http://push.acme.app\"
    breaks  The daemon never speaks without TLS, and does not connect.
    fix     Write https://.  (--fix does it)

1 error, 0 warnings, 0 notes; --fix corrects 1
";
    assert_eq!(text, expected);
}

#[test]
fn what_a_manifest_says_stays_on_its_line() {
    // A value with line ends cannot write findings of its own, and no control character reaches the terminal.
    let value = "android:value=\"http://push.acme.app&#10;&#10;0 errors&#x9b;2J\"";
    let text = checked(&changed(SOURCE, &[("android:value=\"https://push.acme.app\"", value)]), &Options::default());
    let text = text.to_string();
    assert!(text.contains("\"http://push.acme.app\u{fffd}\u{fffd}0 errors\u{fffd}2J\"\n"), "{text:?}");
    assert!(text.chars().all(|character| character == '\n' || !character.is_control()), "{text:?}");
}

#[test]
fn a_difference_is_told_in_lines() {
    // Blocks with the line where they begin.
    assert_eq!(diff("a\nb\nc\nd\n", "a\nB\nc\nd\ne\n"), "@@ 2\n-b\n+B\n@@ 5\n+e\n");
    assert_eq!(diff("a\n", "a\n"), "");
}

fn rendering(whole: bool, with: Vec<Choice>) -> Rendering {
    Rendering {
        package: "com.acme.chat".into(),
        receiver: "com.acme.chat.PushReceiver".into(),
        server: "https://push.acme.app".into(),
        target_sdk: 35,
        whole,
        with,
    }
}

#[test]
fn every_whole_manifest_that_is_rendered_passes_the_checks() {
    // Whatever is taken and left out, nothing is an error; and the same request gives the same bytes.
    let all = [
        Choice::ForegroundService,
        Choice::ExactAlarm,
        Choice::BatteryExemption,
        Choice::Classic,
        Choice::Im,
        Choice::Library,
        Choice::Comments,
    ];
    for bits in 0..1_u32 << all.len() {
        let with: Vec<Choice> =
            all.iter().enumerate().filter(|(at, _)| bits & (1 << at) != 0).map(|(_, choice)| *choice).collect();
        let text = render(&rendering(true, with.clone()));
        assert_eq!(text, render(&rendering(true, with.clone())));
        assert!(!text.contains("${"), "{text}");
        let merged = with.contains(&Choice::Library);
        let report = checked(&text, &Options { merged, ..Options::default() });
        assert!(!report.has_errors(), "{with:?}\n{report}\n{text}");
        assert_eq!(text.contains("<!--"), with.contains(&Choice::Comments));
        assert!(text.lines().all(|line| line == line.trim_end()), "{text:?}");
    }
}

#[test]
fn what_is_asked_for_cannot_break_the_manifest() {
    // Whatever the command line says stays one value, which the check reads as it was given.
    let server = "https://push.acme.app/?a=1&b=\"<'\u{e9}";
    let text = render(&Rendering { server: server.into(), ..rendering(true, vec![Choice::Library]) });
    let report = checked(&text, &Options { merged: true, ..Options::default() });
    let finding =
        report.findings.iter().find(|finding| finding.check.id == "server-invalid").expect("a path is no good");
    assert!(finding.detail.contains(server), "{}", finding.detail);
}

#[test]
fn a_part_to_paste_says_where_it_goes() {
    // An app with the AAR needs two things, and gets no more.
    let part = render(&rendering(false, vec![Choice::ForegroundService]));
    assert!(part.starts_with("<!-- Under <application>. -->\n\n<meta-data android:name=\"offpush.server\""), "{part}");
    assert!(!part.contains("XMPushService") && !part.contains("uses-permission"), "{part}");
    let all = render(&rendering(false, vec![Choice::ForegroundService, Choice::Library, Choice::Comments]));
    for said in
        ["<!-- Under <manifest>. -->", "Since Android 13 (API 33)", "XMPushService", "FOREGROUND_SERVICE_SPECIAL_USE"]
    {
        assert!(all.contains(said), "{all}");
    }
}
