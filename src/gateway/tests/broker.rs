//! The embedded broker: a device reaches its two topics and nothing else.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use common::{Client, Device, Server, hello, options};
use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::{ConnectReturnCode, LastWill, Packet, PubAckReason, SubscribeReasonCode};

/// Subscribes and gives the broker's code.
async fn subscribe(client: &mut Client, filter: &str) -> SubscribeReasonCode {
    client.client.subscribe(filter, QoS::AtLeastOnce).await.unwrap();
    let ack = client.next(|packet| match packet {
        Packet::SubAck(ack) => Some(ack.return_codes),
        _ => None,
    });
    ack.await.expect("the broker closed").remove(0)
}

/// Publishes with QoS 1 and gives the broker's code; `None` if it closed.
async fn publish(client: &mut Client, topic: &str, retain: bool) -> Option<PubAckReason> {
    client.client.publish(topic, QoS::AtLeastOnce, retain, hello("x")).await.unwrap();
    let ack = client.next(|packet| match packet {
        Packet::PubAck(ack) => Some(ack.reason),
        _ => None,
    });
    ack.await
}

async fn two_devices() -> (Server, Device, Device) {
    let server = Server::start(options()).await;
    let first = server.register("first").await;
    let second = server.register("second").await;
    (server, first, second)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_reads_its_own_down_topic_and_nothing_else() {
    // Every other filter is refused with "not authorized", and the connection stays.
    let (_server, first, second) = two_devices().await;
    let mut client = first.connect().await;
    for filter in [second.down().as_str(), "#", "op/#", "op/d/+", "op/u/+", &first.up(), "$SYS/#", "+/d/x"] {
        assert_eq!(subscribe(&mut client, filter).await, SubscribeReasonCode::NotAuthorized, "{filter}");
    }
    assert_eq!(subscribe(&mut client, &first.down()).await, SubscribeReasonCode::Success(QoS::AtLeastOnce));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_writes_its_own_up_topic_and_nothing_else() {
    // A PUBLISH to another device, in either direction, or retained, is refused and reaches nobody.
    let (_server, first, second) = two_devices().await;
    let mut victim = second.connect().await;
    assert_eq!(subscribe(&mut victim, &second.down()).await, SubscribeReasonCode::Success(QoS::AtLeastOnce));
    let mut client = first.connect().await;
    for topic in [second.down(), second.up(), first.down(), "op/u".to_owned(), "x".to_owned(), "$SYS/x".to_owned()] {
        let code = publish(&mut client, &topic, false).await;
        assert!(matches!(code, None | Some(PubAckReason::NotAuthorized)), "{topic}: {code:?}");
        if code.is_none() {
            client = first.connect().await;
        }
    }
    let code = publish(&mut client, &first.up(), true).await;
    assert!(matches!(code, None | Some(PubAckReason::NotAuthorized)), "retained: {code:?}");
    let mut client = first.connect().await;
    assert_eq!(publish(&mut client, &first.up(), false).await, Some(PubAckReason::Success));
    // What the victim gets first is the answer to its own hello.
    victim.client.publish(second.up(), QoS::AtLeastOnce, false, hello("mine")).await.unwrap();
    let frame = victim.next(|packet| match packet {
        Packet::Publish(publish) => Some(publish.payload),
        _ => None,
    });
    let frame = String::from_utf8(frame.await.unwrap().to_vec()).unwrap();
    assert!(frame.contains("mine"), "{frame}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_needs_the_devices_own_name_and_secret() {
    // A wrong secret, another's secret, another client id, no credentials: each is refused with a code.
    let (_server, first, second) = two_devices().await;
    let refused = |options| async { Client::connect(options).await.err().expect("let in") };

    let wrong = Device { secret: "x".repeat(43), ..first.clone() };
    assert_eq!(refused(wrong.options()).await, ConnectReturnCode::BadUserNamePassword);
    let others = Device { secret: second.secret.clone(), ..first.clone() };
    assert_eq!(refused(others.options()).await, ConnectReturnCode::BadUserNamePassword);

    let mut other_id = first.options();
    other_id.set_client_id(second.reg_id.clone());
    assert_eq!(refused(other_id).await, ConnectReturnCode::NotAuthorized);
    let mut gateway = first.options();
    gateway.set_client_id("gateway".to_owned()).set_credentials("gateway", "gateway");
    assert_eq!(refused(gateway).await, ConnectReturnCode::BadUserNamePassword);

    let (host, port) = first.broker.rsplit_once(':').unwrap();
    let mut anonymous = rumqttc::v5::MqttOptions::new(&first.reg_id, host, port.parse().unwrap());
    anonymous.set_transport(first.options().transport());
    assert_eq!(refused(anonymous).await, ConnectReturnCode::NotAuthorized);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_will_goes_to_the_devices_own_up_topic_only() {
    // A CONNECT whose will would be published elsewhere is refused; its own up topic is fine.
    let (_server, first, second) = two_devices().await;
    let mut options = first.options();
    options.set_last_will(LastWill::new(second.down(), "boo", QoS::AtLeastOnce, false, None));
    assert_eq!(Client::connect(options).await.err().expect("let in"), ConnectReturnCode::NotAuthorized);
    let mut options = first.options();
    options.set_last_will(LastWill::new(first.up(), "{}", QoS::AtLeastOnce, false, None));
    assert!(Client::connect(options).await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn only_mqtt_5_is_spoken() {
    // A 3.1.1 client with the right credentials is refused.
    let (_server, first, _) = two_devices().await;
    let (host, port) = first.broker.rsplit_once(':').unwrap();
    let mut options = rumqttc::MqttOptions::new(&first.reg_id, host, port.parse().unwrap());
    options.set_credentials(&first.reg_id, &first.secret);
    options.set_transport(first.options().transport());
    let (_client, mut event_loop) = rumqttc::AsyncClient::new(options, 10);
    let answer = tokio::time::timeout(common::DEADLINE, event_loop.poll()).await.unwrap();
    assert!(matches!(answer, Err(rumqttc::ConnectionError::ConnectionRefused(_))), "{answer:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frame_from_a_phone_is_answered_even_at_receive_maximum_one() {
    // A phone that takes one message at a time still gets the answer to its hello, and the one to the next.
    let (_server, first, _) = two_devices().await;
    let mut options = first.options();
    options.set_receive_maximum(Some(1));
    let mut client = Client::connect(options).await.unwrap();
    assert_eq!(subscribe(&mut client, &first.down()).await, SubscribeReasonCode::Success(QoS::AtLeastOnce));
    for connection in ["one", "two", "three"] {
        client.client.publish(first.up(), QoS::AtLeastOnce, false, hello(connection)).await.unwrap();
        let frame = client.next(|packet| match packet {
            Packet::Publish(publish) => Some(publish.payload),
            _ => None,
        });
        let frame = String::from_utf8(frame.await.unwrap().to_vec()).unwrap();
        assert!(frame.contains(connection), "{frame}");
    }
}

/// The next frame that comes down, as JSON.
async fn frame(client: &mut Client) -> serde_json::Value {
    let frame = client.next(|packet| match packet {
        Packet::Publish(publish) => Some(publish.payload),
        _ => None,
    });
    serde_json::from_slice(&frame.await.unwrap()).unwrap()
}

/// Connects, subscribes, says hello and takes its answer.
async fn online(device: &Device) -> Client {
    let mut client = device.connect().await;
    assert_eq!(subscribe(&mut client, &device.down()).await, SubscribeReasonCode::Success(QoS::AtLeastOnce));
    client.client.publish(device.up(), QoS::AtLeastOnce, false, hello("c")).await.unwrap();
    assert_eq!(frame(&mut client).await["answer"]["connection"], "c");
    client
}

#[tokio::test(flavor = "multi_thread")]
async fn a_push_reaches_the_phone_that_is_connected() {
    // What a server's call accepted comes as an entry with the call's message id.
    let (server, first, _) = two_devices().await;
    let mut client = online(&first).await;
    let form = format!("registration_id={}&title=Hello&description=World&extra.k=v", first.reg_id);
    let answer = server.mi("/v3/message/regid", &form).await;
    let entry = frame(&mut client).await["entries"][0].clone();
    assert_eq!((&entry["n"], &entry["kind"]), (&1.into(), &"message".into()), "{entry}");
    assert_eq!(entry["body"]["id"], answer["data"]["id"]);
    assert_eq!((&entry["body"]["title"], &entry["body"]["extra"]["k"]), (&"Hello".into(), &"v".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_that_reads_nothing_holds_nobody_up() {
    // While a whole window of the largest messages waits for one phone, another gets its message.
    let (server, first, second) = two_devices().await;
    let stuck = online(&first).await;
    let mut client = online(&second).await;
    let payload = "%01".repeat(4096);
    for number in 0..64 {
        let form = format!("registration_id={}&pass_through=1&payload={payload}&notify_id={number}", first.reg_id);
        assert_eq!(server.mi("/v3/message/regid", &form).await["code"], 0);
    }
    let form = format!("registration_id={}&title=Hello&description=World", second.reg_id);
    assert_eq!(server.mi("/v3/message/regid", &form).await["code"], 0);
    assert_eq!(frame(&mut client).await["entries"][0]["body"]["title"], "Hello");
    drop(stuck);
}
