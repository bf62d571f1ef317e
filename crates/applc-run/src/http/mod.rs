//! The service: PIVOT's HTTP API over one engine.
//!
//! ```text
//! socket --listen--> guard --table--> handler --service--> engine
//! ```
//!
//! The engine and the state folder keep everything: there is no database. Engines block, so that they are
//! asked in threads beside the requests. A request never asks an engine for what another one has asked
//! less than a second ago.
//!
//! A module uses only those above it in the list below.

// Answers: JSON, errors with findings.
mod answer;

// The end of the service.
mod ending;

// The body of a request, with its limits.
mod body;

// From a body to an appliance that is compiled.
mod submit;

// What is shown of an appliance.
mod view;

// What brings appliances up in the background.
mod runs;

// One look at the engine for all who ask.
mod looks;

// What is done with appliances.
mod service;

// Who may ask.
mod session;

// What handlers share.
mod app;

// Handlers.
mod appliance;
mod events;
mod logs;
mod pages;

mod login;

// The table of operations.
mod table;

// Its description.
mod describe;

// Answers that hold the turn of their request until they are sent.
mod held;

// What stands before every request.
mod guard;

// Connections whose other side must read.
mod patience;

// The socket.
mod listen;

#[cfg(test)]
mod tests;

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use tokio::net::TcpListener;

pub use submit::{Allow, Terms};

use crate::appliances::Appliances;
use crate::engine::Engine;
use crate::error::{Error, ErrorKind};
use crate::tool::STACK;
use app::App;
use ending::Ending;
use guard::{Guard, Hosts};
use service::Service;
use session::{Sessions, TOKEN};

/// How long runs may take to end, when the service ends.
const GRACE: Duration = Duration::from_secs(10);

/// Maximum number of threads that ask engines and follow logs.
const THREADS: usize = 192;

/// What a service is told at its start.
pub struct Settings {
    /// Where it listens.
    pub listen: SocketAddr,
    /// Further names that it is asked by: those of a proxy before it, or of its machine.
    pub hosts: Vec<String>,
    /// What a request must show. Needed beyond loopback.
    pub token: Option<String>,
    /// How it compiles appliances.
    pub terms: Terms,
}

impl Settings {
    /// Whether a service may be started with them.
    ///
    /// # Errors
    /// Others than this machine would reach it without a token, or the token is too short.
    pub fn check(&self) -> Result<(), Error> {
        let refused = |message: String| Error::new(ErrorKind::Refused, message);
        match &self.token {
            Some(token) if token.len() < TOKEN => {
                Err(refused(format!("the token is shorter than {TOKEN} characters")))
            }
            None if !self.listen.ip().to_canonical().is_loopback() => {
                let message = format!("listening on {} requires a token", self.listen.ip());
                Err(refused(message).help(
                    "write one to a file and name it with `--token-file`, or set `APPLC_TOKEN`",
                ))
            }
            _ => Ok(()),
        }
    }
}

/// Serves appliances of an engine until the process is told to end; what runs then goes on running.
/// `ready` is told the address once it listens.
///
/// # Errors
/// The settings are refused, or the address cannot be listened on.
pub fn serve(
    settings: Settings,
    engine: Arc<dyn Engine>,
    appliances: Appliances,
    ready: impl FnOnce(SocketAddr),
) -> Result<(), Error> {
    settings.check()?;
    let failed = |cause: std::io::Error| {
        let message = format!("cannot listen on {}: {cause}", settings.listen);
        Error::new(ErrorKind::Output, message)
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .max_blocking_threads(THREADS)
        .thread_stack_size(STACK)
        .enable_all()
        .build()
        .map_err(failed)?;
    let (end, ending) = Ending::new();
    let service = Service::new(engine, appliances, settings.terms.clone());
    let served = runtime.block_on(async {
        // Before it listens: a signal that comes then is not lost.
        let signal = signal().map_err(failed)?;
        let listener = TcpListener::bind(settings.listen).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let router = router(&settings, address.ip(), &service, ending.clone());
        tokio::spawn(async move {
            signal.await;
            end.send_replace(true);
        });
        service.resume();
        ready(address);
        listen::serve(listener, router, ending).await.map_err(failed)
    });
    service.stop(GRACE);
    runtime.shutdown_background();
    served
}

/// The routes behind their guard.
fn router(settings: &Settings, listen: IpAddr, service: &Arc<Service>, ending: Ending) -> Router {
    let description = format!("{:#}\n", describe::description());
    let sessions = Sessions::new(settings.token.clone());
    let app = App::new(Arc::clone(service), sessions, ending, description.into());
    let guard = Guard::new(app.clone(), Hosts::new(listen, settings.hosts.clone()));
    table::router().with_state(app).layer(axum::middleware::from_fn_with_state(guard, guard::guard))
}

/// What ends when the process is told to end.
#[cfg(unix)]
fn signal() -> std::io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut interrupt, mut terminate) =
        (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    Ok(async move {
        let (one, other) = (interrupt.recv(), terminate.recv());
        futures_util::pin_mut!(one, other);
        futures_util::future::select(one, other).await;
    })
}

/// What ends when the process is told to end.
#[cfg(not(unix))]
fn signal() -> std::io::Result<impl Future<Output = ()>> {
    Ok(async {
        let _ = tokio::signal::ctrl_c().await;
    })
}
