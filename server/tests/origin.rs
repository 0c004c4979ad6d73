//! Web pages: those of other sites cannot use a visitor's browser to sit in the chat under the visitor's address.

mod support;

use support::Server;
use support::raw::{self, http, upgrade_request};

const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";

/// An upgrade as a browser or a program sends it for a page.
fn upgrade(agent: Option<&str>, origin: &str) -> String {
    let agent = agent.map_or_else(String::new, |agent| format!("User-Agent: {agent}\r\n"));
    upgrade_request("/chat").replace("\r\n\r\n", &format!("\r\n{agent}Origin: {origin}\r\n\r\n"))
}

#[track_caller]
fn enters(server: &Server, request: &str) {
    let mut ana = raw::upgraded(raw::send(server, request));
    ana.register("ana");
    // The answer to its close comes when its name is free for the next.
    ana.close(1000);
    assert_eq!(ana.expect_close(), 1000);
}

#[test]
fn a_page_of_another_site_gets_403_in_words_and_stands_in_nobodys_list() {
    let server = Server::start(&[]);
    let [mut ana] = server.room(["ana"]);
    for origin in ["http://evil.example", "https://localhost.evil.example", "null", "moz-extension://1"] {
        let response = http(&server, upgrade(Some(FIREFOX), origin));
        assert_eq!(response.status, 403, "{origin}");
        assert_eq!(response.header("Content-Type"), Some("text/plain; charset=utf-8"));
        assert_eq!(response.header("Connection"), Some("close"));
        assert!(response.body.contains("página"), "{}", response.body);
    }
    let told = http(&server, upgrade(Some(FIREFOX), "http://evil.example")).body;
    assert!(told.contains("--allow-origin evil.example"), "{told}");
    let english = Server::start(&["--lang", "en"]);
    assert!(http(&english, upgrade(Some(FIREFOX), "null")).body.contains("page"));
    ana.expect_nothing_more();
}

#[test]
fn the_host_of_a_target_in_absolute_form_is_the_one_that_a_page_must_be_of() {
    let server = Server::start(&[]);
    let asks = |origin| upgrade(Some(FIREFOX), origin).replace("GET /chat", "GET http://chat.example/chat");
    assert_eq!(http(&server, asks("http://localhost")).status, 403, "though the Host header names it");
    enters(&server, &asks("http://chat.example"));
}

#[test]
fn the_servers_own_page_enters_whatever_its_port() {
    let server = Server::start(&[]);
    for origin in ["http://localhost", "https://LOCALHOST:3000"] {
        enters(&server, &upgrade(Some(FIREFOX), origin));
    }
}

#[test]
fn a_page_that_was_allowed_enters_and_no_other() {
    let server = Server::start(&["--allow-origin", "web.example", "--allow-origin", "https://[::1]:9"]);
    for origin in ["https://web.example", "http://Web.Example:81", "http://[::1]:3000"] {
        enters(&server, &upgrade(Some(FIREFOX), origin));
    }
    assert_eq!(http(&server, upgrade(Some(FIREFOX), "http://evil.example")).status, 403);
    assert_eq!(http(&server, upgrade(Some(FIREFOX), "null")).status, 403);
}

#[test]
fn programs_that_are_no_browsers_put_into_origin_what_they_like() {
    let server = Server::start(&[]);
    for agent in [None, Some("libwebsockets"), Some("Python/3.11 websockets/12.0")] {
        for origin in ["chat-client", "http://127.0.0.1", "null"] {
            enters(&server, &upgrade(agent, origin));
        }
    }
}

#[test]
fn a_browser_that_sends_no_origin_enters() {
    let server = Server::start(&[]);
    let agent = format!("\r\nUser-Agent: {FIREFOX}\r\n\r\n");
    enters(&server, &upgrade_request("/chat").replace("\r\n\r\n", &agent));
}
