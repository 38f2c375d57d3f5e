//! Spans, as a collector gets them.

use crate::program::Folder;
use crate::serving::report;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::trace::v1::Span;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use prost::Message;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

/// Collects spans, for ever.
fn collector() -> (String, Receiver<Span>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/", listener.local_addr().unwrap());
    let (sender, spans) = channel();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let sender = sender.clone();
            thread::spawn(move || collect(stream.unwrap(), &sender));
        }
    });
    (address, spans)
}

fn collect(stream: TcpStream, spans: &Sender<Span>) {
    let mut reader = BufReader::new(stream);
    loop {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if reader.read_line(&mut head).unwrap() == 0 {
                return;
            }
        }
        assert!(head.starts_with("POST /v1/traces HTTP/1.1\r\n"), "{head}");
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "));
        let mut body = vec![0; length.unwrap().parse().unwrap()];
        reader.read_exact(&mut body).unwrap();
        let request = ExportTraceServiceRequest::decode(&*body).unwrap();
        for spans_of in request.resource_spans.into_iter().flat_map(|of| of.scope_spans) {
            for span in spans_of.spans {
                let _ = spans.send(span);
            }
        }
        reader
            .get_mut()
            .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            .unwrap();
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect::<Vec<_>>()
        .concat()
}

#[test]
fn spans_are_sent_to_a_collector_and_continue_the_trace_of_the_caller() {
    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
    const CALLER: &str = "00f067aa0ba902b7";
    let (address, spans) = collector();
    let folder = Folder::new();
    let mut command = folder.command(&["serve"]);
    command.env("OTEL_EXPORTER_OTLP_ENDPOINT", address);
    let service = Folder::start(command);
    let key = service.key();
    let from = |trace: &str, sampled: &str| {
        let traced = format!("{key}\r\ntraceparent: 00-{trace}-{CALLER}-{sampled}");
        assert!(service.report(&traced, &report()).0 < 300);
    };
    from(TRACE, "01");
    from("00000000000000000000000000000bad", "00");
    from("nonsense", "01");
    let (code, log) = service.stop();
    assert_eq!(code, Some(0), "{log}");
    let spans: Vec<Span> = spans.try_iter().collect();
    let of_requests: Vec<_> = spans
        .iter()
        .filter(|span| span.name == "POST /api/webhooks/deployments")
        .collect();
    let [continued, new] = of_requests[..] else {
        panic!("{:?}", spans.iter().map(|span| &span.name).collect::<Vec<_>>())
    };
    assert_eq!(
        (hex(&continued.trace_id), hex(&continued.parent_span_id)),
        (TRACE.into(), CALLER.into())
    );
    assert_eq!(continued.kind, SpanKind::Server as i32);
    assert!(new.parent_span_id.is_empty() && hex(&new.trace_id) != TRACE);
    let inside = |name: &str, parent: &Span| {
        let span = spans
            .iter()
            .find(|span| span.name == name && span.parent_span_id == parent.span_id);
        span.unwrap_or_else(|| panic!("no {name} in {parent:#?} of {spans:#?}"))
            .clone()
    };
    let group = inside("record deployments", continued);
    assert_eq!(inside("statement", &group).trace_id, continued.trace_id);
    assert!(!format!("{spans:?}").contains(&key), "{spans:#?}");
}

#[test]
fn a_collector_that_is_away_changes_nothing() {
    let folder = Folder::new();
    let mut command = folder.command(&["serve", "--otlp-endpoint", "http://127.0.0.1:9"]);
    command.env("PERISCOPE_LOG_FORMAT", "json");
    let service = Folder::start(command);
    assert_eq!(service.report(&service.key(), &report()).0, 201);
    let (code, log) = service.stop();
    assert_eq!(code, Some(0), "{log}");
    assert!(log.contains("Export"), "it is said: {log}");
}
