//! Stands where Periscope should be, and answers badly: a proxy, or a server that starts, is busy or hangs.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

#[derive(Clone)]
pub(crate) enum Answer {
    /// Accepts and says nothing.
    Silence,
    /// Closes the connection.
    Close,
    Status(u16, &'static str),
    /// What the service at this host answers.
    Of(String),
}

#[derive(Clone)]
pub(crate) struct Front {
    pub(crate) url: String,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Front {
    /// Gives these answers in turn, the last of them for ever.
    pub(crate) fn start(answers: Vec<Answer>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let front = Self {
            url: format!("http://{}", listener.local_addr().unwrap()),
            requests: Arc::default(),
        };
        let requests = Arc::clone(&front.requests);
        thread::spawn(move || {
            let mut silent = Vec::new();
            for (number, stream) in listener.incoming().enumerate() {
                let mut stream = stream.unwrap();
                let request = read(&mut stream);
                requests.lock().unwrap().push(request.clone());
                match &answers[number.min(answers.len() - 1)] {
                    Answer::Silence => silent.push(stream),
                    Answer::Close => {}
                    Answer::Status(status, body) => respond(&mut stream, *status, body),
                    Answer::Of(host) => forward(&mut stream, host, &request),
                }
            }
        });
        front
    }

    /// The requests so far, heads and bodies.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

fn read(stream: &mut TcpStream) -> String {
    let mut request = Vec::new();
    let mut piece = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&request);
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head
                .lines()
                .find_map(|line| line.strip_prefix("Content-Length: "));
            if length.is_none_or(|length| body.len() >= length.parse::<usize>().unwrap()) {
                return text.into_owned();
            }
        }
        let read = stream.read(&mut piece).unwrap();
        assert!(read > 0, "{text}");
        request.extend(&piece[..read]);
    }
}

fn respond(stream: &mut TcpStream, status: u16, body: &str) {
    let length = body.len();
    write!(
        stream,
        "HTTP/1.1 {status} X\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    )
    .unwrap();
}

fn forward(stream: &mut TcpStream, host: &str, request: &str) {
    let mut service = TcpStream::connect(host).unwrap();
    let request = request.replacen("\r\n", "\r\nConnection: close\r\n", 1);
    service.write_all(request.as_bytes()).unwrap();
    let mut answer = Vec::new();
    service.read_to_end(&mut answer).unwrap();
    stream.write_all(&answer).unwrap();
}
