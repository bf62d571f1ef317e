//! The table of operations: the routes and their description are made from it, so that they are the same.

use axum::Router;
use axum::routing::{MethodRouter, delete, get, post, put};

use super::answer::Problem;
use super::app::App;
use super::{appliance, events, login, logs, pages};

/// An operation of the API.
pub struct Operation {
    /// The method, in lower case.
    pub method: &'static str,
    /// The path, with parameters in braces.
    pub path: &'static str,
    /// What it does, in one line.
    pub summary: &'static str,
    /// The parameters of the query.
    pub query: &'static [Parameter],
    /// Whether the body is an appliance.
    pub takes_appliance: bool,
    /// The answers, without those that every operation has.
    pub answers: &'static [Reply],
    /// What answers it.
    pub handler: fn() -> MethodRouter<App>,
}

/// A parameter of a query.
pub struct Parameter {
    /// Its name.
    pub name: &'static str,
    /// What it does.
    pub about: &'static str,
    /// Whether it is a number; otherwise, it is `true` or `false`.
    pub is_number: bool,
}

/// An answer.
pub struct Reply {
    /// The status.
    pub status: u16,
    /// What it means.
    pub about: &'static str,
    /// What it contains.
    pub content: Content,
}

/// What an answer contains.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    /// JSON of a schema of the description.
    Json(&'static str),
    /// JSON: a list of this schema.
    List(&'static str),
    /// A text.
    Text,
    /// A page.
    Html,
    /// A picture.
    Svg,
    /// A style sheet or a script.
    File,
    /// Server-sent events.
    Events,
    /// Nothing.
    Nothing,
}

use Content::{Events, File, Html, Json, List, Nothing, Svg, Text};

const fn reply(status: u16, about: &'static str, content: Content) -> Reply {
    Reply { status, about, content }
}

const fn error(status: u16, about: &'static str) -> Reply {
    reply(status, about, Json("Error"))
}

const NO_APPLIANCE: Reply = error(404, "There is no such appliance.");
const NO_PART: Reply = error(404, "There is no such appliance, or no such part of it.");
const INVALID: Reply = error(400, "The appliance has errors.");
const NOT_JSON: Reply =
    error(422, "The body is not JSON or YAML, or a dependency is unknown or part of a cycle.");
const NOT_ALLOWED: Reply =
    error(403, "The service does not allow privileged containers or host paths.");
const BUSY: Reply = error(409, "Another run changes the appliance.");
const LIST: Reply = reply(200, "The containers.", List("Container"));

const PURGE: Parameter = Parameter {
    name: "purge",
    about: "Whether to remove the persistent volumes too, with all data in them.",
    is_number: false,
};
const STATES: Parameter = Parameter {
    name: "states",
    about: "Whether to draw it for a page that fills in states: with an empty text in each container, and \
            without a style.",
    is_number: false,
};
const FOLLOW: Parameter = Parameter {
    name: "follow",
    about: "Whether to go on with what is written later.",
    is_number: false,
};
const TAIL: Parameter = Parameter {
    name: "tail",
    about: "The number of last lines of each instance.",
    is_number: true,
};

macro_rules! operations {
    ($($method:ident $path:literal $summary:literal $handler:path
       $(, query [$($query:ident),*])? $(, body $takes:literal)? => [$($answer:expr),* $(,)?];)*) => {
        /// All operations.
        pub static OPERATIONS: &[Operation] = &[$(Operation {
            method: stringify!($method),
            path: $path,
            summary: $summary,
            query: &[$($($query),*)?],
            takes_appliance: false $(|| $takes)?,
            answers: &[$($answer),*],
            handler: || $method($handler),
        }),*];
    };
}

operations! {
    get "/" "Show the list of appliances to browsers, and lead others to the description of the API"
        pages::root => [reply(200, "The page.", Html), reply(303, "Leads to `/api/ui`.", Nothing)];
    get "/ping" "Tell that the service runs"
        appliance::ping => [reply(200, "`Pong!`", Text)];
    post "/check" "Check an appliance, and change nothing"
        appliance::check, body true => [reply(200, "The findings.", Json("Findings"))];
    get "/appliance" "List all appliances"
        appliance::list => [reply(200, "The appliances.", List("Appliance"))];
    post "/appliance" "Bring an appliance up"
        appliance::create, body true => [
            reply(201, "It was accepted, and is brought up.", Json("Appliance")),
            INVALID, NOT_ALLOWED,
            error(409, "There is an appliance with this id, or another run changes it."),
            NOT_JSON,
        ];
    get "/appliance/{id}" "Show an appliance with states and endpoints"
        appliance::show => [reply(200, "The appliance.", Json("Appliance")), NO_APPLIANCE];
    put "/appliance/{id}" "Bring an appliance up, or change what runs of it"
        appliance::replace, body true => [
            reply(200, "It was accepted, and is changed.", Json("Appliance")),
            reply(201, "It was accepted, and is brought up.", Json("Appliance")),
            INVALID, NOT_ALLOWED, BUSY, NOT_JSON,
        ];
    delete "/appliance/{id}" "Remove an appliance"
        appliance::remove, query [PURGE] => [
            reply(200, "It was removed.", Json("Message")),
            error(207, "A part could not be removed."),
            error(400, "`purge` has another value."),
            NO_APPLIANCE, BUSY,
        ];
    get "/appliance/{id}/container" "List the containers of an appliance"
        appliance::all_containers => [LIST, NO_APPLIANCE];
    get "/appliance/{id}/service" "List the services of an appliance"
        appliance::services => [LIST, NO_APPLIANCE];
    get "/appliance/{id}/job" "List the jobs of an appliance"
        appliance::jobs => [LIST, NO_APPLIANCE];
    get "/appliance/{id}/container/{cid}" "Show a container"
        appliance::container => [reply(200, "The container.", Json("Container")), NO_PART];
    delete "/appliance/{id}/container/{cid}" "Remove a container"
        appliance::remove_container => [
            reply(200, "It was removed.", Json("Message")), NO_PART, BUSY,
        ];
    get "/appliance/{id}/container/{cid}/log" "Show the log of a container"
        logs::log, query [FOLLOW, TAIL] => [
            reply(200, "The log.", Text), error(400, "A parameter has an invalid value."), NO_PART,
        ];
    get "/appliance/{id}/volume" "List the persistent volumes of an appliance"
        appliance::volumes => [reply(200, "The volumes.", List("Volume")), NO_APPLIANCE];
    get "/appliance/{id}/volume/{vid}" "Show a persistent volume"
        appliance::volume => [reply(200, "The volume.", Json("Volume")), NO_PART];
    delete "/appliance/{id}/volume/{vid}" "Remove a persistent volume, with all data in it"
        appliance::remove_volume => [
            reply(200, "It was removed.", Json("Message")), error(400, "It is in use."), NO_PART,
        ];
    get "/appliance/{id}/events" "Follow the states of an appliance as server-sent events"
        events::events => [
            reply(200, "Events: `appliance` at first and after each change, `problem` while the engine does \
                not answer, `gone` at the end.", Events),
            NO_APPLIANCE,
        ];
    get "/appliance/{id}/graph" "Draw an appliance"
        pages::graph, query [STATES] => [reply(200, "A picture; each container has its id as `data-id`.", Svg), NO_APPLIANCE];
    get "/appliance/{id}/ui" "Show the page of an appliance"
        pages::appliance => [reply(200, "The page.", Html), error(404, "The id is invalid.")];
    get "/volume/{vid}" "Show a global volume"
        appliance::global_volume => [
            reply(200, "The volume.", Json("Volume")), error(404, "There is no such volume."),
        ];
    delete "/volume/{vid}" "Remove a global volume, with all data in it"
        appliance::remove_global_volume => [
            reply(200, "It was removed.", Json("Message")), error(400, "It is in use."),
            error(404, "There is no such volume."),
        ];
    get "/cluster" "List the machines of the cluster"
        appliance::cluster => [reply(200, "The machines.", List("Host"))];
    get "/api" "Describe the API"
        pages::description => [reply(200, "The description in OpenAPI 3.1.", Json("Description"))];
    get "/api/ui" "Show the description of the API"
        pages::operations => [reply(200, "The page.", Html)];
    get "/login" "Show the form that begins a session"
        pages::login => [reply(200, "The page.", Html)];
    post "/login" "Begin a session of a browser: a form with the field `token`"
        login::login => [
            reply(303, "Leads to the list of appliances.", Nothing), reply(403, "This is not the token.", Html),
        ];
    post "/logout" "End the session of a browser"
        login::logout => [reply(303, "Leads to the form that begins a session.", Nothing)];
    get "/page/{name}" "Return a file of the pages"
        pages::file => [reply(200, "The file.", File), error(404, "There is no such file.")];
}

/// The routes, with and without a slash at the end.
pub fn router() -> Router<App> {
    let mut router = Router::new();
    for operation in OPERATIONS {
        router = router.route(operation.path, (operation.handler)());
        if operation.path != "/" {
            router = router.route(&format!("{}/", operation.path), (operation.handler)());
        }
    }
    router
        .fallback(async || Problem::new(axum::http::StatusCode::NOT_FOUND, "no such path"))
        .method_not_allowed_fallback(async || {
            let status = axum::http::StatusCode::METHOD_NOT_ALLOWED;
            Problem::new(status, "the path does not have this method")
        })
}
