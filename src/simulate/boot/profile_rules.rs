//! The boots of Cisco's SPA and MPP phones: the rule out of the box, then the rules that the files set.

use std::collections::VecDeque;

use super::super::address::Credentials;
use super::super::device::Device;
use super::super::memory::Memory;
use super::super::read::flat_profile;
use super::super::rules;
use super::{Address, Answer, Ask, Boot, Start, text};

/// The rules of one run, in order.
const RULES: [&str; 4] = ["Profile_Rule", "Profile_Rule_B", "Profile_Rule_C", "Profile_Rule_D"];

/// A boot: one run through the rules.
pub struct ProfileRules {
    device: Device,
    series: String,
    out_of_the_box: &'static str,
    given: Address,
    factory: bool,
    rules: VecDeque<&'static str>,
    alternatives: VecDeque<Ask>,
    last: Option<String>,
}

impl ProfileRules {
    /// Begins; `series` is what `$PSN` stands for.
    pub fn new(device: &Device, start: &Start, series: &str, out_of_the_box: &'static str) -> ProfileRules {
        ProfileRules {
            device: device.clone(),
            series: series.to_owned(),
            out_of_the_box,
            given: start.given().clone(),
            factory: !start.is_restart(),
            rules: RULES.into(),
            alternatives: VecDeque::new(),
            last: None,
        }
    }

    /// The rule that is next, as it is set by now: an earlier file of the run may have changed it.
    fn rule(&self, name: &str, memory: &Memory) -> Option<String> {
        if name != "Profile_Rule" {
            return memory.text(name).map(str::to_owned);
        }
        if let Some(rule) = memory.text(name).filter(|_| !self.factory) {
            return Some(rule.to_owned());
        }
        match self.given.is_folder() {
            true => Some(format!("{}/{}", self.given.to_string().trim_end_matches('/'), self.out_of_the_box)),
            false => Some(self.given.to_string()),
        }
    }

    fn begin(&mut self, name: &str, memory: &mut Memory) {
        let Some(rule) = self.rule(name, memory) else { return };
        let macros = |name: &str| rules::value_of(name, &self.device, &self.series, memory);
        let mut asks = VecDeque::new();
        let mut troubles = Vec::new();
        for alternative in rules::alternatives(&rule, macros) {
            match alternative.and_then(|fetch| Ok((self.given.follow(&fetch.url)?, fetch))) {
                Ok((address, fetch)) => {
                    let credentials = fetch.user.map(|user| Credentials { user, password: fetch.password });
                    asks.push_back(Ask { credentials, ..Ask::once(address) });
                }
                Err(what) => troubles.push(format!("the rule {name} is `{rule}`: {what}")),
            }
        }
        troubles.into_iter().for_each(|what| memory.trouble(what));
        self.alternatives = asks;
        self.last = Some(rule);
    }
}

impl Boot for ProfileRules {
    fn next(&mut self, memory: &mut Memory) -> Option<Ask> {
        loop {
            if let Some(ask) = self.alternatives.pop_front() {
                return Some(ask);
            }
            let name = self.rules.pop_front()?;
            self.begin(name, memory);
        }
    }

    fn take(&mut self, answer: &Answer, memory: &mut Memory) {
        let taken = text(answer).and_then(flat_profile::read);
        match taken {
            Ok(values) => {
                self.alternatives.clear();
                memory.files.push(answer.from.to_string());
                memory.lay(values);
            }
            Err(_) if !self.alternatives.is_empty() => {}
            Err(_) if answer.status == 404 && memory.get("Resync_Fails_On_FNF").is_some_and(rules::is_no) => {}
            // One failing rule stops the run.
            Err(why) => {
                self.rules.clear();
                let rule = self.last.take().unwrap_or_default();
                memory.trouble(format!("the rule `{rule}` fails at `{}`: {why}", answer.from));
            }
        }
    }
}
