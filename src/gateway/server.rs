//! The server: connections with bounds on all that they may take, and what is asked on them handed on.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Path, Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderValue, Method, StatusCode};
use axum::response::Response;
use axum::routing::any;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::gateway::chat::Waits;
use crate::gateway::error::ApiError;
use crate::gateway::guard::{Guard, Who};
use crate::gateway::settings::Settings;
use crate::gateway::{chat, metrics, models, names};
use crate::providers::wire::outline::Outline;
use crate::scheduler::link::call::Line;

/// The largest headers of a request, in bytes, and how many.
const HEADERS: usize = 32 * 1024;
const MOST_HEADERS: usize = 100;
/// How long the server waits when no connection can be taken: too many files are open.
const BREATH: Duration = Duration::from_millis(50);

/// Why the endpoint cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum NotOpened {
    /// Others than this computer could use it.
    #[error(
        "{0} is reached by other computers, so the endpoint needs a token there: `token = \"env:NAME\"` under [endpoint] in the config"
    )]
    Unguarded(std::net::IpAddr),
    /// No port.
    #[error("the endpoint cannot listen on {address}: {error}")]
    NoPort {
        /// Where.
        address: SocketAddr,
        /// Why not.
        error: io::Error,
    },
}

/// A running endpoint. Dropping it closes it at once; [`Server::stop`] lets streams finish.
#[derive(Debug)]
pub struct Server {
    /// Where it listens.
    pub address: SocketAddr,
    /// The port that was meant was taken.
    pub moved: bool,
    calm: CancellationToken,
    hard: CancellationToken,
    tracker: TaskTracker,
}

#[derive(Debug, Clone)]
struct House {
    line: Line,
    guard: Guard,
    settings: Arc<Settings>,
}

/// Opens the endpoint.
///
/// # Errors
/// It would be open to others without a token, or no port is free.
pub async fn open(settings: Settings, line: Line) -> Result<Server, NotOpened> {
    if !settings.address.is_loopback() && settings.callers.is_empty() {
        return Err(NotOpened::Unguarded(settings.address));
    }
    let (listener, moved) = bind(&settings).await?;
    let wanted = SocketAddr::new(settings.address, settings.port);
    let address = listener.local_addr().map_err(|error| NotOpened::NoPort { address: wanted, error })?;
    let (calm, hard, tracker) = (CancellationToken::new(), CancellationToken::new(), TaskTracker::new());
    let house = House { line, guard: Guard::new(&settings), settings: Arc::new(settings) };
    tracker.spawn(accept(listener, house, calm.clone(), hard.clone(), tracker.clone()));
    Ok(Server { address, moved, calm, hard, tracker })
}

async fn bind(settings: &Settings) -> Result<(TcpListener, bool), NotOpened> {
    let mut first = None;
    for by in 0..=settings.further {
        let Some(port) = settings.port.checked_add(by) else { break };
        let address = SocketAddr::new(settings.address, port);
        match TcpListener::bind(address).await {
            Ok(listener) => return Ok((listener, by > 0)),
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => _ = first.get_or_insert((address, error)),
            Err(error) => return Err(NotOpened::NoPort { address, error }),
        }
    }
    let none = || (SocketAddr::new(settings.address, settings.port), io::ErrorKind::AddrInUse.into());
    let (address, error) = first.unwrap_or_else(none);
    Err(NotOpened::NoPort { address, error })
}

impl Server {
    /// Takes no more connections, lets what is under way finish within `patience`, then breaks it off.
    pub async fn stop(self, patience: Duration) {
        self.calm.cancel();
        self.tracker.close();
        if timeout(patience, self.tracker.wait()).await.is_err() {
            self.hard.cancel();
            self.tracker.wait().await;
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.calm.cancel();
        self.hard.cancel();
    }
}

async fn accept(
    listener: TcpListener,
    house: House,
    calm: CancellationToken,
    hard: CancellationToken,
    tracker: TaskTracker,
) {
    let places = Arc::new(Semaphore::new(house.settings.connections));
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(house.settings.patience);
    http.max_buf_size(HEADERS).max_headers(MOST_HEADERS).half_close(false);
    let router = router(house);
    loop {
        let place = tokio::select! {
            place = Arc::clone(&places).acquire_owned() => place,
            () = calm.cancelled() => return,
        };
        let socket = tokio::select! {
            socket = listener.accept() => socket,
            () = calm.cancelled() => return,
        };
        match socket {
            Ok((socket, _)) => {
                let serving = serve(socket, http.clone(), router.clone(), calm.clone(), hard.clone());
                tracker.spawn(async move {
                    serving.await;
                    drop(place);
                });
            }
            Err(error) => {
                tracing::warn!(%error, "no connection can be taken");
                sleep(BREATH).await;
            }
        }
    }
}

async fn serve(
    socket: TcpStream,
    http: http1::Builder,
    router: Router,
    calm: CancellationToken,
    hard: CancellationToken,
) {
    // A word is a few bytes: without this the kernel would wait for more of them.
    let _ = socket.set_nodelay(true);
    let connection = http.serve_connection(TokioIo::new(socket), TowerToHyperService::new(router));
    tokio::pin!(connection);
    let mut calmed = false;
    loop {
        tokio::select! {
            ended = connection.as_mut() => {
                if let Err(error) = ended {
                    tracing::debug!(%error, "a connection ended early");
                }
                return;
            }
            () = calm.cancelled(), if !calmed => {
                calmed = true;
                connection.as_mut().graceful_shutdown();
            }
            () = hard.cancelled() => return,
        }
    }
}

fn router(house: House) -> Router {
    Router::new()
        .route("/v1/chat/completions", any(chat_completions))
        .route("/chat/completions", any(chat_completions))
        .route("/v1/models", any(list))
        .route("/models", any(list))
        .route("/v1/models/{*name}", any(model))
        .route("/healthz", any(health))
        .route("/metrics", any(metrics_page))
        .fallback(nothing_here)
        .with_state(house)
}

async fn chat_completions(State(house): State<House>, request: Request) -> Response {
    answered(house.chat(request).await)
}

async fn list(State(house): State<House>, request: Request) -> Response {
    answered(house.get(&request).map(|_| json(&models::list(&house.settings.aliases, &house.line.lanes()))))
}

async fn model(State(house): State<House>, Path(name): Path<String>, request: Request) -> Response {
    let (aliases, lanes) = (&house.settings.aliases, house.line.lanes());
    answered(house.get(&request).and_then(|_| match models::one(&name, aliases, &lanes) {
        Some(model) => Ok(json(&model)),
        None => Err(ApiError::no_model(names::meaning(&name, aliases, &lanes).err().unwrap_or_default())),
    }))
}

async fn health(State(house): State<House>, request: Request) -> Response {
    let alive = match house.get(&request) {
        Ok(_) => house.line.look().await.map(drop).ok_or_else(ApiError::ended),
        Err(error) => Err(error),
    };
    answered(alive.map(|()| json(&serde_json::json!({ "status": "ok" }))))
}

async fn metrics_page(State(house): State<House>, request: Request) -> Response {
    let view = match house.get(&request) {
        Ok(_) => house.line.look().await.ok_or_else(ApiError::ended),
        Err(error) => Err(error),
    };
    answered(view.map(|view| {
        let mut response = Response::new(Body::from(metrics::text(&view)));
        let kind = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
        response.headers_mut().insert(CONTENT_TYPE, kind);
        response
    }))
}

async fn nothing_here(State(house): State<House>, request: Request) -> Response {
    let admitted = house.guard.admit(request.headers(), request.uri());
    let words = "here are POST /v1/chat/completions, GET /v1/models, /healthz and /metrics; point a client at http://HOST:PORT/v1";
    let unknown = ApiError::new(StatusCode::NOT_FOUND, "invalid_request_error", Some("unknown_url"), words);
    admitted.err().unwrap_or(unknown).response()
}

impl House {
    async fn chat(&self, request: Request) -> Result<Response, ApiError> {
        let who = self.admit(&request, &Method::POST)?;
        let (parts, body) = request.into_parts();
        let most = self.settings.largest;
        let too_large = || {
            let words = format!("a request may have {most} bytes");
            ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, "invalid_request_error", Some("request_too_large"), words)
        };
        let told = parts.headers.get("content-length").and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
        if told.is_some_and(|told| told > most) {
            return Err(too_large());
        }
        let late = || {
            ApiError::new(StatusCode::REQUEST_TIMEOUT, "invalid_request_error", None, "the body did not come in time")
        };
        let body = timeout(self.settings.patience, to_bytes(body, most)).await.map_err(|_| late())?;
        let asked = Outline::read(body.map_err(|_| too_large())?).map_err(ApiError::bad_request)?;
        let meaning =
            names::meaning(&asked.model, &self.settings.aliases, &self.line.lanes()).map_err(ApiError::no_model)?;
        let waits = Waits::read(&parts.headers, &self.settings);
        chat::ask(&self.line, asked, meaning, waits, who, &self.settings).await
    }

    fn get(&self, request: &Request) -> Result<Who, ApiError> {
        self.admit(request, &Method::GET)
    }

    fn admit(&self, request: &Request, method: &Method) -> Result<Who, ApiError> {
        let who = self.guard.admit(request.headers(), request.uri())?;
        if request.method() != method && !(method == Method::GET && request.method() == Method::HEAD) {
            let words = format!("{} is asked with {method}", request.uri().path());
            return Err(ApiError::new(StatusCode::METHOD_NOT_ALLOWED, "invalid_request_error", None, words));
        }
        Ok(who)
    }
}

fn answered(answer: Result<Response, ApiError>) -> Response {
    answer.unwrap_or_else(|error| error.response())
}

fn json(value: &serde_json::Value) -> Response {
    let mut response = Response::new(Body::from(value.to_string()));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
