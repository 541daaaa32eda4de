//! The server around the router. Connections are bounded in number, and one that is slow to ask or
//! slow to take its answer does not keep its place.

use crate::options::Options;
use crate::portal::router;
use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use duijie_app::App;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};
use tokio_io_timeout::TimeoutStream;
use tower::ServiceExt;

/// Connections that are kept open at once, idle ones included.
const CONNECTIONS: usize = 4096;
/// Within which the head of a request has to arrive, on a kept connection the next one.
const HEAD_TIME: Duration = Duration::from_secs(20);
/// How long a client may take nothing of its answer.
const TAKING_TIME: Duration = Duration::from_secs(30);
/// How long open requests are waited for at the end.
const LEAVING_TIME: Duration = Duration::from_secs(30);
/// The largest head of a request, in bytes.
const HEAD_BYTES: usize = 64 * 1024;

/// Serves the portal on `listener` until `shutdown` is done and open requests are answered.
pub async fn serve(app: Arc<App>, listener: TcpListener, options: Options, shutdown: impl Future<Output = ()> + Send + 'static) -> std::io::Result<()> {
    let router = router(app, options);
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    let open = GracefulShutdown::new();
    let mut shutdown = pin!(shutdown);
    loop {
        let (stream, peer) = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                // Most often there are no file handles left; somebody will close one.
                Err(_) => {
                    sleep(Duration::from_millis(200)).await;
                    continue;
                }
            },
            () = &mut shutdown => break,
        };
        match Arc::clone(&places).try_acquire_owned() {
            Ok(place) => {
                let served = connection(stream, peer, router.clone(), open.watcher());
                tokio::spawn(async move {
                    served.await;
                    drop(place);
                });
            }
            Err(_) => drop(tokio::spawn(turn_away(stream))),
        }
    }
    drop(listener);
    // Whoever has not taken the answer by then will not.
    timeout(LEAVING_TIME, open.shutdown()).await.unwrap_or_default();
    Ok(())
}

async fn connection(stream: TcpStream, peer: SocketAddr, router: Router, open: Watcher) {
    // Answers are written whole; waiting for more to send would only delay them.
    stream.set_nodelay(true).unwrap_or_default();
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(TAKING_TIME));
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(ConnectInfo(peer));
        router.clone().oneshot(request)
    });
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEAD_TIME).max_buf_size(HEAD_BYTES);
    // A connection that breaks concerns nobody but the client, who knows.
    open.watch(http.serve_connection(TokioIo::new(Box::pin(stream)), service)).await.unwrap_or_default();
}

/// Tells a client for whom there is no place to come back.
async fn turn_away(mut stream: TcpStream) {
    const WORDS: &str = "访问人数过多 / too many visitors";
    let length = WORDS.len();
    let busy = format!(
        "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\nConnection: close\r\n\
         Content-Type: text/plain; charset=utf-8\r\nContent-Length: {length}\r\n\r\n{WORDS}"
    );
    let told = async {
        // The question is read so that closing does not cut off the answer.
        if stream.read(&mut [0; 4096]).await? == 0 {
            return Ok(());
        }
        stream.write_all(busy.as_bytes()).await?;
        stream.shutdown().await
    };
    drop(timeout(Duration::from_secs(2), told).await);
}
