//! The server: it answers, it follows what other processes write, and it ends when asked to.

use crate::product::Product;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

struct Server {
    child: Child,
    address: String,
}

impl Server {
    fn start(product: &Product) -> Server {
        let mut child = product.command().args(["serve", "--listen", "127.0.0.1:0"]).stdout(Stdio::piped()).spawn().expect("the server starts");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("its output")).read_line(&mut line).expect("a line that says where");
        let address = line.trim().rsplit("://").next().expect("an address").to_string();
        Server { child, address }
    }

    fn get(&self, path: &str) -> (u16, String) {
        let mut stream = TcpStream::connect(&self.address).expect("the server listens");
        write!(stream, "GET {path} HTTP/1.1\r\nHost: {}\r\nAccept-Language: en\r\nConnection: close\r\n\r\n", self.address).expect("a request");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).expect("an answer");
        let answer = String::from_utf8_lossy(&answer).into_owned();
        let code = answer.split(' ').nth(1).and_then(|code| code.parse().ok()).expect("a status");
        (code, answer)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if self.child.kill().is_ok() {
            self.child.wait().expect("the server ended");
        }
    }
}

#[test]
fn the_portal_answers_and_finds_what_another_process_imports() {
    let product = Product::new();
    let file = product.file("需求.csv", "需求名称,需求内容,联系人,联系电话\n防爆锂离子电池,电池安全,某人,0519-85680000\n");
    assert_eq!(product.import(&file).code, 0);
    let server = Server::start(&product);
    assert_eq!(server.get("/").0, 200);
    assert_eq!(server.get("/no/such/page").0, 404);
    let (code, page) = server.get("/search?q=%E9%94%82");
    assert_eq!(code, 200);
    assert!(page.contains("防爆"), "{page}");
    let id = product.records("need")[0]["id"].as_str().expect("an id").to_string();
    let (code, page) = server.get(&format!("/need/{id}"));
    assert_eq!(code, 200);
    assert!(page.contains("电池安全") && !page.contains("85680000"), "the public does not see who to call");

    let more = product.file("more.csv", "需求名称,需求内容\n漆渣絮凝处理,喷涂废水\n");
    assert_eq!(product.run(&["import".as_ref(), "--no-index".as_ref(), more.as_os_str()]).code, 0);
    let begun = Instant::now();
    while !server.get("/search?q=%E6%BC%86%E6%B8%A3").1.contains("絮凝") {
        assert!(begun.elapsed() < Duration::from_secs(30), "the server's index follows");
        std::thread::sleep(Duration::from_millis(100));
    }
}
