//! Connections: their limits, and the end of the service.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::thread::JoinHandle;
use std::time::Duration;

use super::super::ending::Ending;
use super::super::{listen, router};
use super::{Served, appliance, settings};
use crate::http::Allow;

/// A service on a socket.
struct Listening {
    served: Served,
    address: SocketAddr,
    end: tokio::sync::watch::Sender<bool>,
    thread: Option<JoinHandle<()>>,
}

impl Listening {
    fn new() -> Listening {
        let served = Served::new();
        let settings = settings(None, Allow::default());
        let (end, ending) = Ending::new();
        let router = router(&settings, settings.listen.ip(), &served.service, ending.clone());
        let bound = tokio::net::TcpListener::bind("127.0.0.1:0");
        let listener = served.runtime.block_on(bound).unwrap();
        let address = listener.local_addr().unwrap();
        let handle = served.runtime.handle().clone();
        let thread = std::thread::spawn(move || {
            handle.block_on(listen::serve(listener, router, ending)).unwrap();
        });
        Listening { served, address, end, thread: Some(thread) }
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        stream
    }

    /// Sends a head and returns what is answered until the connection ends.
    fn send(&self, head: &str) -> String {
        let mut stream = self.connect();
        // The other side may have refused it before its end.
        let _ = stream.write_all(head.as_bytes());
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        String::from_utf8_lossy(&answer).into_owned()
    }
}

const HEAD: &str = "GET /ping HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n";

#[test]
fn heads_are_bounded() {
    let listening = Listening::new();
    let answer = listening.send(&format!("{HEAD}\r\n"));
    assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("Pong!"), "{answer}");
    let many: String = (0..70).map(|n| format!("x-{n}: 1\r\n")).collect();
    let answer = listening.send(&format!("{HEAD}{many}\r\n"));
    assert!(answer.starts_with("HTTP/1.1 431"), "{answer}");
    let long = format!("x: {}\r\n", "a".repeat(20_000));
    let answer = listening.send(&format!("{HEAD}{long}\r\n"));
    assert!(answer.starts_with("HTTP/1.1 431"), "{answer}");
    let answer =
        listening.send(&format!("GET /{} HTTP/1.1\r\nhost: localhost\r\n\r\n", "a".repeat(70_000)));
    assert!(answer.starts_with("HTTP/1.1 414") || answer.starts_with("HTTP/1.1 431"), "{answer}");
    let answer = listening.send("nonsense\r\n\r\n");
    assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
    assert!(
        listening
            .send("GET /ping HTTP/1.1\r\nconnection: close\r\n\r\n")
            .starts_with("HTTP/1.1 400"),
        "no host"
    );
    assert!(listening.send(&format!("{HEAD}\r\n")).starts_with("HTTP/1.1 200"));
}

#[test]
fn what_runs_goes_on_when_the_service_ends() {
    let mut listening = Listening::new();
    listening.served.post(&appliance("app", "fine"));
    listening.served.until("app", "web", "running");
    // One connection waits for its next request, one for events.
    let mut idle = listening.connect();
    let mut events = listening.connect();
    idle.write_all(b"GET /ping HTTP/1.1\r\nhost: localhost\r\n\r\n").unwrap();
    events.write_all(b"GET /appliance/app/events HTTP/1.1\r\nhost: localhost\r\n\r\n").unwrap();
    let mut some = [0; 64];
    assert!(idle.read(&mut some).unwrap() > 0 && events.read(&mut some).unwrap() > 0);
    listening.end.send_replace(true);
    let mut rest = Vec::new();
    idle.read_to_end(&mut rest).unwrap();
    events.read_to_end(&mut rest).unwrap();
    listening.thread.take().unwrap().join().unwrap();
    assert!(TcpStream::connect(listening.address).is_err());
    assert!(listening.served.engine.running.lock().unwrap().contains_key("app"));
}
