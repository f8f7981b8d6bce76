//! What commands tell a running server, and what it writes down for them.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::access::AccessTokens;
use crate::board::Board;
use crate::journal::now_secs;
use crate::live::Followed;
use crate::server::orders::Orders;
use crate::server::strangers::Strangers;
use crate::server::tokens::Tokens;

/// Does what commands tell, as they tell it.
pub(super) fn obey(orders: Orders, tokens: Arc<Tokens>, strangers: Arc<Strangers>, board: Arc<Board>) -> Followed {
    let files = vec![orders.path().to_owned()];
    let orders = Mutex::new(orders);
    let then = move || match orders.lock().unwrap_or_else(PoisonError::into_inner).news() {
        Ok(news) => {
            for told in news {
                tracing::info!(phone.mac = %told.order.mac(), "told by a command: {}", told.order);
                tokens.obey(&told);
                strangers.hear(&told);
                board.look_again(told.order.mac());
            }
        }
        Err(error) => tracing::error!("what commands tell cannot be read: {error}"),
    };
    Followed { files, then: Box::new(then) }
}

/// Takes in the API's tokens as commands make and revoke them.
pub(super) fn heed(tokens: Arc<AccessTokens>) -> Followed {
    tokio::spawn(keep_uses(tokens.clone()));
    let files = vec![tokens.path().to_owned()];
    let then = move || {
        if let Err(error) = tokens.reload() {
            tracing::error!("the tokens of the API stay as they were: {error}");
        }
    };
    Followed { files, then: Box::new(then) }
}

/// Writes now and then when each token was last used.
async fn keep_uses(tokens: Arc<AccessTokens>) {
    let mut hours = tokio::time::interval(Duration::from_secs(3600));
    loop {
        hours.tick().await;
        let tokens = tokens.clone();
        let written = tokio::task::spawn_blocking(move || tokens.write_uses(now_secs())).await;
        if let Ok(Err(error)) = written {
            tracing::warn!("when tokens of the API were last used is not kept: {error}");
        }
    }
}
