//! The boot of Cisco's phones with call-manager firmware: trust lists, the phone's own file, and what that names.
//!
//! How they call themselves while they fetch was not found, so they say nothing.

use std::collections::VecDeque;

use super::super::device::Device;
use super::super::memory::Memory;
use super::super::read::sep;
use super::{Address, Answer, Ask, Boot, Start, text};

/// A firmware, which no request tells.
pub fn firmware() -> &'static str {
    "12.1.1"
}

/// What is asked at the moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    TrustList,
    Own,
    Default,
    DialPlan,
}

/// A boot.
pub struct Enterprise {
    folder: Address,
    waiting: VecDeque<(At, String)>,
    asked: At,
}

impl Enterprise {
    /// Begins. The address is that of DHCP each time: no file tells another one.
    pub fn new(device: &Device, start: &Start) -> Enterprise {
        let mac = device.mac.upper();
        let waiting = [
            (At::TrustList, format!("CTLSEP{mac}.tlv")),
            (At::TrustList, format!("ITLSEP{mac}.tlv")),
            (At::TrustList, "ITLFile.tlv".to_owned()),
            (At::Own, format!("SEP{mac}.cnf.xml")),
        ];
        Enterprise { folder: start.given().clone(), waiting: waiting.into(), asked: At::Own }
    }
}

impl Boot for Enterprise {
    fn next(&mut self, _: &mut Memory) -> Option<Ask> {
        let (at, name) = self.waiting.pop_front()?;
        self.asked = at;
        Some(Ask::once(self.folder.file(&name)))
    }

    fn take(&mut self, answer: &Answer, memory: &mut Memory) {
        match self.asked {
            // A phone would take any file for a list of whom it may trust.
            At::TrustList if answer.status == 200 => {
                memory.trouble(format!("`{}` is answered with a file that is no trust list", answer.from));
            }
            At::TrustList | At::Default => {}
            At::DialPlan if answer.status == 200 => memory.files.push(answer.from.to_string()),
            At::DialPlan => memory.trouble(format!("the dial plan `{}` is not there: {}", answer.from, answer.status)),
            At::Own => match text(answer).and_then(sep::read) {
                Ok(values) => {
                    memory.files.push(answer.from.to_string());
                    memory.replace(values);
                    if let Some(name) = memory.text("sipProfile/dialTemplate") {
                        self.waiting.push_back((At::DialPlan, name.to_owned()));
                    }
                }
                Err(why) => {
                    memory.trouble(format!("the phone takes nothing from `{}`: {why}", answer.from));
                    self.waiting.push_back((At::Default, "XMLDefault.cnf.xml".to_owned()));
                }
            },
        }
    }
}
