//! The server as a phone sees it: real sockets on port 0, bytes in and bytes out.

mod house;
mod http;
mod limits;
#[path = "../common/log.rs"]
mod log;
mod logs;
mod proxies;
mod room;
mod shutdown;
mod siege;
mod tls;
