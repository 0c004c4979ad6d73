use std::net::{IpAddr, Ipv4Addr};
use std::thread;

use chat_server::Server;

use super::*;
use crate::floor::{Floor, Sending};
use crate::ledger::Delivery;
use crate::server;

#[derive(Default)]
struct Counter {
    deliveries: usize,
    complete: usize,
}

impl Listener for Counter {
    fn on_delivery(&mut self, delivery: Delivery, now: Duration) {
        assert!(delivery.sent_at <= now);
        self.deliveries += 1;
        self.complete += usize::from(delivery.is_last);
    }
}

#[track_caller]
fn converse(addr: SocketAddr) -> Crowd {
    let mut crowd = Crowd::log_in(addr, 3).unwrap();
    let mut counter = Counter::default();
    for bytes in [CONTENT_BYTES, 1_024] {
        crowd.set_content(bytes);
        for _ in 0..50 {
            crowd.say_at(crowd.now()).unwrap();
        }
        crowd.listen_until_complete(&mut counter).unwrap();
    }
    assert_eq!((counter.deliveries, counter.complete), (300, 100));
    crowd.expect_silence().unwrap();
    assert!(crowd.busy() > Duration::ZERO && crowd.busy() <= crowd.now());
    crowd
}

#[test]
fn a_crowd_converses_on_both_floors() {
    for sending in [Sending::Each, Sending::Coalesced] {
        let mut floor = Floor::bind(IpAddr::V4(Ipv4Addr::LOCALHOST), sending).unwrap();
        let addr = floor.local_addr().unwrap();
        thread::spawn(move || floor.run());
        let crowd = converse(addr);
        assert_eq!(crowd.tally().updates, 0);
    }
}

#[test]
fn a_crowd_converses_on_the_server_and_knows_of_each_other() {
    let mut server = Server::bind(&server::config()).unwrap();
    let (addr, stopper) = (server.local_addr(), server.stopper());
    let running = thread::spawn(move || server.run());
    let crowd = converse(addr);
    presence::check_arrivals(crowd.presences()).unwrap();
    assert_eq!((crowd.tally().registered, crowd.tally().updates), (3, 3));
    stopper.stop();
    running.join().unwrap().unwrap();
}

#[test]
fn nobody_there_is_an_error_and_not_a_wait() {
    // Bound, so that nobody else listens there, and not listening.
    let socket = std::net::UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let error = Crowd::log_in(socket.local_addr().unwrap(), 1).unwrap_err();
    assert!(error.to_string().contains("user 0"), "{error}");
}
