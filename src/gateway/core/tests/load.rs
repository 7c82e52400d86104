use std::time::{Duration, Instant};

use super::*;

/// Far above what it takes, and far below what a quadratic rule would take.
const PATIENCE: Duration = Duration::from_secs(60);

/// Many devices at once, all hearing the topic, on this connection or on none.
pub(super) async fn devices(bench: &Bench, count: i64, topic: &'static str, connection_id: Option<&'static str>) {
    let app = bench.app.app_id.clone();
    let epoch = format!("{}-0", bench.core.0.epoch);
    bench
        .core
        .0
        .db
        .write(move |connection| {
            Box::pin(async move {
                for index in 0..count {
                    sqlx::query(
                        "INSERT INTO devices (reg_id, app_id, request_hash, secret_hash, peer, version, created_at,
                             used_at, last_seen, epoch, connection) VALUES ($1, $2, $3, $3, '', '', $4, $4, $4, $5, $6)",
                    )
                    .bind(format!("device-{index}"))
                    .bind(&app)
                    .bind(index.to_be_bytes().to_vec())
                    .bind(START)
                    .bind(&epoch)
                    .bind(connection_id)
                    .execute(&mut *connection)
                    .await?;
                }
                sqlx::query("INSERT INTO topics (app_id, topic, device, set_at) SELECT app_id, $1, id, 0 FROM devices")
                    .bind(topic)
                    .execute(connection)
                    .await?;
                Ok::<_, DbError>(())
            })
        })
        .await
        .unwrap();
}

#[tokio::test]
async fn ten_thousand_messages_for_an_absent_phone_are_all_delivered_in_order() {
    // Each step costs what its window costs, not what waits behind it.
    let bench = Bench::new("load-queue").await;
    let mut phone = bench.phone("a").await;
    phone.gone(&bench).await;
    let start = Instant::now();
    let accepted = (0..10_000).map(|index| {
        let (core, app, reg_id) = (bench.core.clone(), bench.app.app_id.clone(), phone.reg_id.clone());
        tokio::spawn(async move {
            let message = NewMessage { title: index.to_string(), ..NewMessage::default() };
            core.accept(&app, message, Targets::RegIds(vec![reg_id])).await.unwrap();
        })
    });
    for task in accepted.collect::<Vec<_>>() {
        task.await.unwrap();
    }
    let mut last = numbers(&phone.hello(&bench).await).into_iter().max().unwrap();
    let mut seen = last;
    while last < 10_000 {
        let frames = phone.mark(&bench, last).await;
        let new = numbers(&frames);
        assert_eq!(new, (last + 1..=last + new.len() as u64).collect::<Vec<_>>());
        seen += new.len() as u64;
        last = *new.last().unwrap();
    }
    assert_eq!(seen, 10_000);
    assert!(start.elapsed() < PATIENCE, "{:?}", start.elapsed());
}

#[tokio::test]
async fn a_topic_with_ten_thousand_devices_is_fanned_out_in_bounded_steps() {
    // Each step takes the next devices by the index; nobody is left out or served twice.
    let bench = Bench::new("load-topic").await;
    devices(&bench, 10_000, "news", None).await;
    let start = Instant::now();
    bench.push_to(NewMessage::default(), Targets::Topic("news".into())).await;
    bench.tick().await;
    assert_eq!(bench.number("SELECT COUNT(DISTINCT device) FROM entries").await, 10_000);
    assert!(start.elapsed() < PATIENCE, "{:?}", start.elapsed());
}

#[tokio::test]
async fn ten_thousand_connected_devices_of_a_topic_all_get_their_frame() {
    // Devices are served side by side, and their commits share syncs.
    let bench = Bench::new("load-connected").await;
    devices(&bench, 10_000, "news", Some("connection")).await;
    for _ in 0..WORKERS {
        tokio::spawn(bench.core.clone().run_work());
    }
    let targets = Targets::Topic("news".into());
    bench.core.accept(&bench.app.app_id, NewMessage::default(), targets).await.unwrap();
    bench.core.fan_out_due().await.unwrap();
    let all = async {
        while bench.broker.frames.lock().unwrap().len() < 10_000 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, all).await.expect("all get it");
    let mut reg_ids: Vec<_> = bench.frames().into_iter().map(|(reg_id, _)| reg_id).collect();
    reg_ids.sort_unstable();
    reg_ids.dedup();
    assert_eq!(reg_ids.len(), 10_000);
}
