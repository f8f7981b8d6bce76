//! Plays phones: asks for files as they do, reads the answers as they do, and says what they have understood.
//!
//! It is the other side of the server, so it shares nothing with it but the facts: [`boot`] and [`understand`] are
//! written from the makers' and peers' documents, and [`read`] has readers of its own. Of the catalogue only the number
//! of a model's keys, lines and modules is used, never what its keys say. [`expect`] computes from the stored fleet what
//! a phone should have understood, and [`differ`] tells where that is not so.

use std::sync::Arc;

use serde::Serialize;

pub mod address;
pub mod boot;
pub mod client;
pub mod device;
pub mod differ;
pub mod expect;
pub mod fleet;
pub mod memory;
pub mod read;
mod rules;
pub mod trust;
pub mod understand;
pub mod understood;

use address::Address;
use boot::Start;
use client::{Client, Exchange, Network};
use device::Device;
use memory::Memory;
use understood::Understood;

/// A phone that has booted.
#[derive(Debug, Serialize)]
pub struct Booted {
    /// The firmware that it told.
    pub firmware: String,
    /// What it asked for, and what it was answered.
    pub exchanges: Vec<Exchange>,
    /// The files that it took, in order.
    pub files: Vec<String>,
    /// What it has understood.
    pub understood: Understood,
}

/// Boots a phone twice: as one that is new at this address, and then as one that is restarted.
///
/// None for a family whose boot nobody has described.
pub async fn play(network: &Arc<Network>, device: &Device, given: &Address) -> Option<Booted> {
    let mut client = Client::new(network.clone(), boot::manners(device));
    let mut memory = Memory::default();
    for start in [Start::Given(given.clone()), Start::Restart(given.clone())] {
        power_on(&mut client, device, &start, &mut memory).await?;
        if memory.files.is_empty() {
            memory.trouble("the phone got no file");
            break;
        }
    }
    // A phone that knows nothing keeps everything, which is not worth a sentence for each key.
    let understood = match memory.files.is_empty() {
        true => Understood { troubles: memory.troubles, ..Understood::default() },
        false => understand::understood(device, &memory),
    };
    Some(Booted { firmware: device.firmware.clone(), exchanges: client.exchanges, files: memory.files, understood })
}

/// Boots a phone once; what it keeps is in its memory.
///
/// None for a family whose boot nobody has described.
pub async fn power_on(client: &mut Client, device: &Device, start: &Start, memory: &mut Memory) -> Option<()> {
    let mut boot = boot::boot(device, start, memory)?;
    let user_agent = boot::user_agent(device, memory);
    while let Some(ask) = boot.next(memory) {
        let mut answer = client.get(&ask.address, &user_agent, ask.credentials.as_ref()).await;
        for _ in 1..ask.tries {
            if answer.status == 200 {
                break;
            }
            answer = client.get(&ask.address, &user_agent, ask.credentials.as_ref()).await;
        }
        boot.take(&answer, memory);
    }
    Some(())
}
