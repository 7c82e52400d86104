use std::time::Duration;

use super::*;

/// Waits until the broker has this many frames.
async fn frames(broker: &FakeBroker, count: usize) -> Vec<(String, Value)> {
    let waiting = async {
        while broker.frames.lock().unwrap().len() < count {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), waiting).await.expect("the frames come");
    std::mem::take(&mut broker.frames.lock().unwrap())
}

#[tokio::test]
async fn a_running_core_delivers_without_being_driven_and_shuts_down() {
    // Registration, hello, push and a resumed fan-out with the background tasks at work; then nothing is lost.
    let directory = directory("core-running");
    let broker = Arc::new(FakeBroker::default());
    let options = CoreOptions {
        db: Db::open(&directory.join("gateway.db")).await.unwrap(),
        broker: broker.clone(),
        clock: Arc::new(SystemClock),
        secrets: Arc::new(Secrets::open_or_make(&directory).unwrap()),
        topic_prefix: "op".into(),
        device_brokers: Vec::new(),
        reconnect_rate: 2_000,
    };
    let core = Core::start(options).await.unwrap();
    let app = core.create_app(PACKAGE, "Example").await.unwrap();
    let mut reg_ids = Vec::new();
    for name in ["a", "b", "c"] {
        let reg_id = core.register(&request(&app, name), PEER).await.reg_id.unwrap();
        let mut hello = UpFrame::new(name);
        hello.hello = Some(Hello {
            connection: name.into(),
            id_of_up_to: None,
            version: String::new(),
            network: None,
            heartbeat: None,
        });
        core.uplink(&reg_id, hello.encode()).await;
        reg_ids.push(reg_id);
    }
    assert!(frames(&broker, 3).await.iter().all(|(_, frame)| frame.get("answer").is_some()));
    core.accept(&app.app_id, NewMessage::default(), Targets::All).await.unwrap();
    core.accept(&app.app_id, NewMessage::default(), Targets::RegIds(reg_ids)).await.unwrap();
    frames(&broker, 6).await;
    core.broker_ready().await;
    frames(&broker, 6).await;
    core.shutdown(Duration::from_secs(30)).await;
    assert_eq!(core.apps().await.unwrap_err().code, offpush_wire::code::INTERNAL);
    let db = Db::open(&directory.join("gateway.db")).await.unwrap();
    let published: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM entries WHERE published_at IS NOT NULL")
        .fetch_one(db.readers())
        .await
        .unwrap();
    assert_eq!(published, 6);
    let _ = std::fs::remove_dir_all(directory);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pushes_at_the_same_time_are_published_in_order_each_once() {
    // Several workers, one device: its lock keeps the order of the numbers.
    let bench = Bench::new("order-concurrent").await;
    let phone = bench.phone("a").await;
    for _ in 0..WORKERS {
        tokio::spawn(bench.core.clone().run_work());
    }
    let pushes = (0..WINDOW).map(|_| {
        let (core, app, targets) =
            (bench.core.clone(), bench.app.app_id.clone(), Targets::RegIds(vec![phone.reg_id.clone()]));
        tokio::spawn(async move { core.accept(&app, NewMessage::default(), targets).await.unwrap() })
    });
    for push in pushes.collect::<Vec<_>>() {
        push.await.unwrap();
    }
    let published: Vec<Value> = frames(&bench.broker, 64).await.into_iter().map(|(_, frame)| frame).collect();
    assert_eq!(numbers(&published), (1..=64).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_push_accepted_during_a_hello_follows_its_answer_exactly_once() {
    // Whichever of the two gives it its number, the phone that has just connected gets it once.
    let bench = Bench::new("push-during-hello").await;
    let mut phone = bench.phone("a").await;
    for _ in 0..4 {
        tokio::spawn(bench.core.clone().run_work());
    }
    for round in 1..=50 {
        phone.gone(&bench).await;
        let mut hello = UpFrame::new(&phone.outbox);
        hello.have = phone.have.clone();
        hello.hello = Some(Hello {
            connection: format!("round-{round}"),
            id_of_up_to: None,
            version: String::new(),
            network: None,
            heartbeat: None,
        });
        let targets = Targets::RegIds(vec![phone.reg_id.clone()]);
        let (_, accepted) = tokio::join!(
            bench.core.handle_uplink(&phone.reg_id, hello.encode()),
            bench.core.accept(&bench.app.app_id, NewMessage::default(), targets),
        );
        accepted.unwrap();
        let published: Vec<Value> = frames(&bench.broker, 2).await.into_iter().map(|(_, frame)| frame).collect();
        assert!(published[0].get("answer").is_some());
        assert_eq!(numbers(&published), [round]);
        phone.connection = format!("round-{round}");
        assert!(phone.mark(&bench, round).await.is_empty());
    }
}
