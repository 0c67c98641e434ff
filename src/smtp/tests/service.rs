//! Start and stop.

use super::*;

fn bind(settings: &Settings, hostname: &str) -> Result<(), String> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let bound = runtime.block_on(Server::bind(settings, hostname, Arc::new(Recorder::default())));
    bound.map(drop).map_err(|error| error.to_string())
}

#[test]
fn a_mistake_in_the_settings_is_told_and_nothing_starts() {
    let relay_from = vec!["10.0.0.0/33".to_owned()];
    assert_eq!(
        bind(
            &Settings {
                relay_from,
                sessions: 0,
                ..settings()
            },
            "gateway.example"
        )
        .unwrap_err(),
        "[smtp] sessions is 0: no mail could be received; give it at least 1; \
         relay_from \"10.0.0.0/33\": the prefix of an IPv4 network is 0 to 32"
    );
    assert_eq!(
        bind(&settings(), "not a host").unwrap_err(),
        "[smtp] hostname \"not a host\" is not a domain name"
    );
}

#[test]
fn an_address_that_is_taken_is_named() {
    let gateway = Gateway::simple();
    let settings = Settings {
        listen: vec![gateway.address],
        ..settings()
    };
    let message = bind(&settings, "gateway.example").unwrap_err();
    assert!(
        message.starts_with(&format!("cannot listen on {}: ", gateway.address)),
        "{message}"
    );
}

#[test]
fn several_addresses_are_served() {
    let twice = settings().listen.repeat(2);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let settings = Settings {
        listen: twice,
        ..settings()
    };
    let bind = Server::bind(&settings, "gateway.example", Arc::new(Recorder::default()));
    let server = runtime.block_on(bind).unwrap();
    let addresses = server.addresses();
    let (stop, stopped) = oneshot::channel::<()>();
    let thread = std::thread::spawn(move || runtime.block_on(server.run(async { drop(stopped.await) })));
    for address in addresses {
        Peer::connect(address).expect("220 ");
    }
    drop(stop);
    thread.join().unwrap();
}

#[test]
fn a_stop_ends_idle_sessions_and_lets_transactions_end() {
    let (recorder, held) = Recorder::holding("held");
    let mut gateway = Gateway::start(&settings(), recorder);
    let mut idle = gateway.greeted();
    let mut halfway = gateway.greeted();
    halfway.begin("bob@partner.example");
    halfway.send("half a ");
    let mut waiting = gateway.greeted();
    waiting.begin("held@partner.example");
    waiting.send("text\r\n.\r\n");
    let go = held.recv().unwrap();

    gateway.tell_stop();
    idle.expect("421 4.3.2 gateway.example");
    idle.expect_end();
    halfway.ask("message\r\n.", "250 2.0.0");
    halfway.expect("421 4.3.2");
    go.send(()).unwrap();
    waiting.expect("250 2.0.0");
    waiting.expect("421 4.3.2");
    gateway.join();
    assert_eq!(gateway.recorder.taken().len(), 2);
    assert!(TcpStream::connect(gateway.address).is_err());
}

#[test]
fn a_stop_does_not_wait_for_ever() {
    let mut gateway = Gateway::start_draining(&settings(), Recorder::default(), Duration::from_millis(10));
    let mut peer = gateway.greeted();
    peer.begin("bob@partner.example");
    gateway.tell_stop();
    gateway.join();
    assert!(gateway.recorder.taken().is_empty());
}
