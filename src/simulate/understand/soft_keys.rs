//! The soft keys of Cisco's SPA and MPP phones: a list of words for each state of the phone, some of them programmed.
//! Source: docs/sources.md, Cisco, 5.4.

use super::super::device::Device;
use super::super::memory::Memory;
use super::super::rules::is_yes;
use super::super::understood::{Does, Understood};
use super::fnc::{Dialect, Fnc};
use super::soft_key;
use crate::phone::Function;

/// All words that such a list may hold: one that is none of them, and the phone ignores the list.
const WORDS: [&str; 50] = [
    "answer",
    "ignore",
    "ignoresilent",
    "hold",
    "resume",
    "endcall",
    "cancel",
    "xfer",
    "bxfer",
    "xferLx",
    "conf",
    "confLx",
    "join",
    "park",
    "unpark",
    "pickup",
    "gpickup",
    "redial",
    "recents",
    "miss",
    "lcr",
    "dir",
    "favorites",
    "messages",
    "settings",
    "cfwd",
    "dnd",
    "newcall",
    "acd_login",
    "acd_logout",
    "avail",
    "unavail",
    "astate",
    "barge",
    "phold",
    "swap",
    "starcode",
    "option",
    "em_login",
    "em_logout",
    "toggle",
    "flash",
    "guestin",
    "guestout",
    "crdstart",
    "crdstop",
    "crdpause",
    "crdresume",
    "ignoreall",
    "home",
];

/// What a word does, as far as it is one of our functions.
fn function(word: &str) -> Option<Function> {
    Some(match word {
        "redial" => Function::Redial,
        "ignore" => Function::Reject,
        "hold" => Function::Hold,
        "resume" => Function::Retrieve,
        "swap" => Function::Swap,
        "conf" => Function::Conference,
        "xfer" => Function::Transfer,
        "endcall" | "cancel" => Function::Cancel,
        "lcr" | "miss" | "recents" => Function::History,
        "settings" => Function::Menu,
        "dir" => Function::Directory,
        "cfwd" => Function::ForwardAll,
        "dnd" => Function::DoNotDisturb,
        _ => return None,
    })
}

/// A list: each word with the place that it asks for.
fn list<'m>(memory: &'m Memory, name: &str, understood: &mut Understood) -> Vec<(&'m str, Option<u16>)> {
    let entries = memory.get(name).unwrap_or_default().split(';').map(str::trim).filter(|entry| !entry.is_empty());
    let words: Vec<_> = entries
        .map(|entry| entry.split_once('|').map_or((entry, None), |(word, place)| (word, place.parse().ok())))
        .collect();
    let is_programmed = |word: &str| word.strip_prefix("psk").is_some_and(|n| n.parse::<u16>().is_ok());
    match words.iter().find(|(word, _)| !WORDS.contains(word) && !is_programmed(word)) {
        Some((word, _)) => {
            understood.troubles.push(format!("the phone ignores the whole {name}: it knows no soft key `{word}`"));
            Vec::new()
        }
        None => words,
    }
}

/// Reads the soft keys of a phone that has programmable ones.
pub fn soft_keys(device: &Device, memory: &Memory, dialect: Dialect, understood: &mut Understood) {
    let slots: Vec<u16> = device.model.soft_slots().map(|(slot, _)| slot).collect();
    if !memory.get("Programmable_Softkey_Enable").is_some_and(is_yes) {
        slots.into_iter().for_each(|slot| understood.key(soft_key(slot), Does::Factory, None));
        return;
    }
    // The maker's own list has words that no fleet can ask for.
    let mut idle = list(memory, "Idle_Key_List", understood);
    if idle.iter().any(|(word, _)| !word.starts_with("psk") && function(word).is_none()) {
        idle.clear();
    }
    let in_calls: Vec<_> = ["Ringing_Key_List", "Connected_Key_List", "Hold_Key_List"]
        .into_iter()
        .flat_map(|name| list(memory, name, understood))
        .collect();
    for slot in slots {
        let (does, label) = match idle.iter().find(|(_, place)| *place == Some(slot)) {
            Some((word, _)) if word.starts_with("psk") => programmed(memory, word, dialect),
            Some((word, _)) => {
                let does = function(word).map_or_else(|| Does::Senseless(format!("`{word}`")), Does::own);
                (does, None)
            }
            None => {
                let here = in_calls.iter().filter(|(_, place)| *place == Some(slot));
                let mut functions: Vec<Function> = here.filter_map(|(word, _)| function(word)).collect();
                functions.dedup();
                (Does::InCalls(functions), None)
            }
        };
        understood.key(soft_key(slot), does, label.as_deref());
    }
}

fn programmed(memory: &Memory, word: &str, dialect: Dialect) -> (Does, Option<String>) {
    let n = word.trim_start_matches("psk");
    match memory.text(&format!("PSK_{n}")) {
        Some(string) => {
            let fnc = Fnc::parse(string);
            (fnc.does(dialect, None), fnc.label().map(str::to_owned))
        }
        None => (Does::Senseless(format!("nothing: PSK_{n} is empty")), None),
    }
}
