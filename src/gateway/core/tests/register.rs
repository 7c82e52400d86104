use offpush_wire::code;

use super::*;

#[tokio::test]
async fn a_registration_gives_a_reg_id_and_tells_the_broker_first() {
    // The answer names brokers, prefix and time, and has no secret.
    let bench = Bench::new("register").await;
    let (request, answer) = bench.register("a").await;
    let reg_id = answer.reg_id.clone().unwrap();
    assert!(offpush_wire::is_reg_id(&reg_id));
    assert_eq!(answer.brokers, ["mqtts://broker.example:8883"]);
    assert_eq!((answer.topic_prefix.as_deref(), answer.time), (Some("op"), START));
    assert!(!serde_json::to_string(&answer).unwrap().contains(&request.secret));
    assert_eq!(*bench.broker.devices.lock().unwrap(), [(reg_id.clone(), request.secret.clone())]);
    assert!(bench.core.authenticate_device(&reg_id, &request.secret).await);
    assert!(!bench.core.authenticate_device(&reg_id, "other").await);
    assert!(!bench.core.authenticate_device("other", &request.secret).await);
}

#[tokio::test]
async fn the_same_request_gets_the_same_reg_id_and_puts_the_credentials_right_again() {
    // With another secret, or for another app, it is refused.
    let bench = Bench::new("register-again").await;
    let (mut request, first) = bench.register("a").await;
    bench.broker.devices.lock().unwrap().clear();
    request.reg_id = first.reg_id.clone();
    let again = bench.core.register(&request, PEER).await;
    assert_eq!(again.reg_id, first.reg_id);
    assert_eq!(bench.broker.devices.lock().unwrap().len(), 1);
    request.secret = self::request(&bench.app, "b").secret;
    assert_eq!(bench.core.register(&request, PEER).await.code, code::ILLEGAL_REQUEST);
    assert_eq!(bench.number("SELECT COUNT(*) FROM devices").await, 1);
}

#[tokio::test]
async fn a_phone_that_names_a_reg_id_is_not_registered_anew() {
    // Only "unknown" lets it give up its identity.
    let bench = Bench::new("register-unknown").await;
    let mut request = request(&bench.app, "a");
    request.reg_id = Some("x".repeat(43));
    let answer = bench.core.register(&request, PEER).await;
    assert_eq!((answer.code, answer.reg_id), (code::UNKNOWN_DEVICE, None));
    assert_eq!(bench.number("SELECT COUNT(*) FROM devices").await, 0);
}

#[tokio::test]
async fn wrong_app_key_and_package_have_mi_pushs_codes() {
    // And what is no identifier at all is an invalid value.
    let bench = Bench::new("register-wrong").await;
    let good = request(&bench.app, "a");
    for (change, expected) in [
        (Box::new(|r: &mut RegisterRequest| r.app_id = "1".into()) as Box<dyn Fn(&mut RegisterRequest)>, code::APP_ID),
        (Box::new(|r| r.app_key = "1".into()), code::APP_KEY),
        (Box::new(|r| r.package = "com.example.other".into()), code::PACKAGE),
        (Box::new(|r| r.request_id = "short".into()), code::INVALID_VALUE),
        (Box::new(|r| r.secret = "=".repeat(43)), code::INVALID_VALUE),
    ] {
        let mut request = good.clone();
        change(&mut request);
        let answer = bench.core.register(&request, PEER).await;
        assert_eq!(answer.code, expected);
        assert!(answer.reason.is_some());
    }
}

#[tokio::test]
async fn a_broker_that_cannot_be_told_means_try_again_and_the_repetition_succeeds() {
    // The phone is not sent to a broker that would refuse it.
    let bench = Bench::new("register-broker").await;
    bench.broker.down.store(true, Ordering::SeqCst);
    assert_eq!(bench.register("a").await.1.code, code::BUSY);
    bench.broker.down.store(false, Ordering::SeqCst);
    assert_eq!(bench.register("a").await.1.code, 0);
    assert_eq!(bench.number("SELECT COUNT(*) FROM devices").await, 1);
}

#[tokio::test]
async fn an_address_keeps_a_bounded_number_of_unused_registrations_and_no_burst_loses_one() {
    // The oldest unused ones make room, but none younger than a minute; used ones do not count.
    let bench = Bench::new("register-cap").await;
    let used = bench.absent_phone("used").await;
    for index in 0..UNUSED_PER_PEER + 5 {
        assert_eq!(bench.register(&format!("n{index}")).await.1.code, 0);
    }
    assert_eq!(bench.number("SELECT COUNT(*) FROM devices").await, UNUSED_PER_PEER + 6);
    bench.pass(UNUSED_AT_LEAST_MS);
    for index in 0..3 {
        assert_eq!(bench.register(&format!("later{index}")).await.1.code, 0);
    }
    assert_eq!(bench.number("SELECT COUNT(*) FROM devices").await, UNUSED_PER_PEER + 1);
    assert!(bench.core.device(&used.reg_id).await.unwrap().is_some());
    let mut first = request(&bench.app, "n0");
    first.reg_id = Some("x".repeat(43));
    assert_eq!(bench.core.register(&first, PEER).await.code, code::UNKNOWN_DEVICE);
    assert_eq!(bench.broker.devices.lock().unwrap().len() as i64, UNUSED_PER_PEER + 1);
    assert_eq!(bench.count(counters::REGISTRATIONS, "dropped_over_the_cap"), 8);
}

#[tokio::test]
async fn a_registration_never_used_is_dropped_after_a_day() {
    // One that was used stays.
    let bench = Bench::new("register-unused").await;
    bench.absent_phone("used").await;
    bench.register("unused").await;
    bench.pass(DAY_MS);
    bench.core.clean().await.unwrap();
    assert_eq!(bench.number("SELECT COUNT(*) FROM devices").await, 1);
    assert_eq!(bench.broker.devices.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn apps_are_found_by_their_secrets_and_secrets_rotate_with_an_overlap() {
    // The old AppSecret is good until the overlap ends.
    let bench = Bench::new("apps").await;
    let app = &bench.app;
    assert_eq!((app.app_id.len(), app.app_key.len(), app.im_secret_key.len()), (19, 13, 64));
    let found = bench.core.app_by_secret(&app.app_secret).await.unwrap().unwrap();
    assert_eq!((found.app_id.as_str(), found.package.as_str()), (app.app_id.as_str(), PACKAGE));
    let (found, key) = bench.core.app_by_sdk_id(app.sdk_app_id).await.unwrap().unwrap();
    assert_eq!((found.app_id, key), (app.app_id.clone(), app.im_secret_key.clone()));
    let second = bench.core.create_app("com.example.two", "Two").await.unwrap();
    assert_eq!(second.sdk_app_id, app.sdk_app_id + 1);
    let rotated = bench.core.rotate_secret(&app.app_id, HOUR.unsigned_abs()).await.unwrap();
    assert!(bench.core.app_by_secret(&app.app_secret).await.unwrap().is_some());
    bench.pass(HOUR);
    assert!(bench.core.app_by_secret(&app.app_secret).await.unwrap().is_none());
    assert!(bench.core.app_by_secret(&rotated).await.unwrap().is_some());
    assert!(bench.core.app_by_secret("").await.unwrap().is_none());
    assert!(bench.core.app_by_sdk_id(7).await.unwrap().is_none());
    assert_eq!(bench.core.rotate_secret("other", 0).await.unwrap_err().code, code::APP_ID);
    for (package, name) in [("", "x"), ("noDot", "x"), ("a b.c", "x"), ("a.b", " ")] {
        assert_eq!(bench.core.create_app(package, name).await.unwrap_err().code, code::INVALID_VALUE);
    }
    assert_eq!(bench.core.apps().await.unwrap().len(), 2);
}
