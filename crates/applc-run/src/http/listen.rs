//! The socket: connections with limits, and an end that lets requests end.

use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tower_service::Service as _;

use super::ending::Ending;
use super::patience::Patient;

/// Maximum number of connections at once.
const CONNECTIONS: usize = 1024;

/// How long the head of a request may take.
const HEAD: Duration = Duration::from_secs(15);

/// How long a client may read nothing of an answer that waits for it.
const READS: Duration = Duration::from_secs(30);

/// Greatest size of the head of a request, in bytes.
const HEAD_SIZE: usize = 16 << 10;

/// Greatest number of headers.
const HEADERS: usize = 64;

/// How long requests may take to end, when the service ends.
const GRACE: Duration = Duration::from_secs(10);

/// Serves connections until the service ends.
///
/// # Errors
/// The socket fails for good.
pub async fn serve(listener: TcpListener, router: Router, ending: Ending) -> io::Result<()> {
    let connections = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        let accepted = {
            let accept = async {
                // The next one waits in the socket until there is room.
                let room = Arc::clone(&connections).acquire_owned().await;
                (listener.accept().await, room)
            };
            ending.unless(accept).await
        };
        let Some((accepted, room)) = accepted else { break };
        let Ok((stream, _)) = accepted else {
            // Too many open files, or a client that left at once.
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        let _ = stream.set_nodelay(true);
        let (router, ending) = (router.clone(), ending.clone());
        tokio::spawn(async move {
            let _room = room;
            let answer = hyper::service::service_fn(move |request: hyper::Request<_>| {
                let mut router = router.clone();
                async move { Ok::<_, Infallible>(answered(router.call(request.map(Body::new)).await)) }
            });
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(HEAD)
                .max_buf_size(HEAD_SIZE)
                .max_headers(HEADERS)
                .serve_connection(TokioIo::new(Patient::new(stream, READS)), answer);
            futures_util::pin_mut!(connection);
            // How a connection fails is known to its client.
            if ending.unless(connection.as_mut()).await.is_none() {
                connection.as_mut().graceful_shutdown();
                let _ = connection.await;
            }
        });
    }
    drop(listener);
    let all = u32::try_from(CONNECTIONS).unwrap_or(u32::MAX);
    let _ = tokio::time::timeout(GRACE, connections.acquire_many(all)).await;
    Ok(())
}

fn answered<T>(answer: Result<T, Infallible>) -> T {
    match answer {
        Ok(answer) => answer,
        Err(never) => match never {},
    }
}
