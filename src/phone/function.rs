//! What a key does, in our own vocabulary of 39 functions, never in a vendor's codes.

use std::fmt;

use serde::{Serialize, Serializer};

use crate::findings::nearest;

/// What a key does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Function {
    /// Nothing: the key is free. OVHcloud's NONE.
    None,
    /// Calls a number. OVHcloud's DIAL.
    Dial,
    /// Takes and makes calls on one of the phone's lines. OVHcloud's EXT.
    Line,
    /// Calls the line's voicemail. OVHcloud's MEVO.
    Voicemail,
    /// Calls the last number again. OVHcloud's BIS.
    Redial,
    /// Rejects the ringing call. OVHcloud's REJ.
    Reject,
    /// Holds the call. OVHcloud's HOLD.
    Hold,
    /// Takes the held call back. OVHcloud's RTVL.
    Retrieve,
    /// Swaps the active and the held call. OVHcloud's ALT.
    Swap,
    /// Makes a conference of the calls. OVHcloud's CONF.
    Conference,
    /// Transfers the call. OVHcloud's ECT.
    Transfer,
    /// Diverts the ringing call. OVHcloud's DIV.
    Divert,
    /// Ends what is going on. OVHcloud's CCL.
    Cancel,
    /// Shows the calls of the past. OVHcloud's HISTORY.
    History,
    /// Opens the menu. OVHcloud's MENU.
    Menu,
    /// Opens the directory. OVHcloud's DIRECTORY.
    Directory,
    /// Forwards every call to a number. OVHcloud's CFUNUM.
    ForwardAllTo,
    /// Switches the forwarding of every call on and off. OVHcloud's CFU.
    ForwardAll,
    /// Forwards every call to the voicemail of a line. OVHcloud's CFUVM.
    ForwardAllToVoicemail,
    /// Forwards every call to a fax. OVHcloud's CFUFAX.
    ForwardAllToFax,
    /// Forwards to a number when nobody answers. OVHcloud's CFNR.
    ForwardNoAnswer,
    /// Forwards to a number when the line is busy. OVHcloud's CFB.
    ForwardBusy,
    /// Rejects callers that hide their number, on and off. OVHcloud's ACR.
    RejectAnonymous,
    /// Tells callers that the line is absent, on and off. OVHcloud's AAB.
    Absent,
    /// Do not disturb, on and off. OVHcloud's DND.
    DoNotDisturb,
    /// Call waiting, on and off. OVHcloud's CAW.
    CallWaiting,
    /// Hides the correspondent's number; only a network can. OVHcloud's CLIR.
    HideCallerNumber,
    /// Calls without showing one's own number, on and off. OVHcloud's COLR.
    HideMyNumber,
    /// Shows the state of a colleague's line, and picks up its calls. OVHcloud's SUP0.
    Supervise,
    /// As `supervise`, with a beep when it rings. OVHcloud's SUP1.
    SuperviseBeep,
    /// As `supervise`, ringing when it rings. OVHcloud's SUP2.
    SuperviseRing,
    /// Joins a hunting group. OVHcloud's HUNTON.
    HuntJoin,
    /// Leaves a hunting group. OVHcloud's HUNTOFF.
    HuntLeave,
    /// Joins a call queue. OVHcloud's CHUNTON.
    QueueJoin,
    /// Leaves a call queue. OVHcloud's CHUNTOFF.
    QueueLeave,
    /// Changes the status in a call queue. OVHcloud's CHUNTSW.
    QueueToggle,
    /// Transfers a call of a queue to a number. OVHcloud's CHUNTFW.
    QueueTransfer,
    /// Calls a web address. OVHcloud's URL.
    Url,
    /// Reaches a voice menu. OVHcloud's VXML.
    Ivr,
}

/// The groups in which a person looks for a function.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = FunctionGroup)]
#[serde(rename_all = "snake_case")]
pub enum Group {
    /// What the phone does by itself.
    Functions,
    /// What the operator's network does for the line.
    Services,
    /// Watching other lines.
    Supervision,
    /// Hunting groups and queues.
    CallGroup,
    /// What a web server does.
    WebService,
}

/// What a function has to be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Parameter {
    /// Nothing.
    None,
    /// A phone number.
    Number,
    /// Which of the phone's lines, from 1.
    LineIndex,
    /// The number of a line of the same site, or of another that `[numbers]` names.
    Sibling,
    /// The number of a line, a voicemail or a fax.
    VoicemailOrFax,
    /// The number of a hunting group.
    HuntingGroup,
    /// The number of a call queue.
    Queue,
    /// A web address.
    Url,
    /// The number of a voice menu, or its web address.
    NumberOrUrl,
}

/// What is fixed about a function. Source: OVHcloud's customer area and guide for codes, groups and parameters.
#[derive(Debug)]
pub struct FunctionInfo {
    /// The function.
    pub function: Function,
    /// Our name for it.
    pub name: &'static str,
    /// OVHcloud's code, accepted as an alias.
    pub ovh: &'static str,
    /// Its group.
    pub group: Group,
    /// What it has to be told.
    pub parameter: Parameter,
}

/// All functions, in the order in which people read them.
pub const FUNCTIONS: [FunctionInfo; 39] = [
    info(Function::None, "none", "NONE", Group::Functions, Parameter::None),
    info(Function::Dial, "dial", "DIAL", Group::Functions, Parameter::Number),
    info(Function::Line, "line", "EXT", Group::Functions, Parameter::LineIndex),
    info(Function::Voicemail, "voicemail", "MEVO", Group::Functions, Parameter::None),
    info(Function::Redial, "redial", "BIS", Group::Functions, Parameter::None),
    info(Function::Reject, "reject", "REJ", Group::Functions, Parameter::None),
    info(Function::Hold, "hold", "HOLD", Group::Functions, Parameter::None),
    info(Function::Retrieve, "retrieve", "RTVL", Group::Functions, Parameter::None),
    info(Function::Swap, "swap", "ALT", Group::Functions, Parameter::None),
    info(Function::Conference, "conference", "CONF", Group::Functions, Parameter::None),
    info(Function::Transfer, "transfer", "ECT", Group::Functions, Parameter::None),
    info(Function::Divert, "divert", "DIV", Group::Functions, Parameter::None),
    info(Function::Cancel, "cancel", "CCL", Group::Functions, Parameter::None),
    info(Function::History, "history", "HISTORY", Group::Functions, Parameter::None),
    info(Function::Menu, "menu", "MENU", Group::Functions, Parameter::None),
    info(Function::Directory, "directory", "DIRECTORY", Group::Functions, Parameter::None),
    info(Function::ForwardAllTo, "forward_all_to", "CFUNUM", Group::Services, Parameter::Number),
    info(Function::ForwardAll, "forward_all", "CFU", Group::Services, Parameter::None),
    info(
        Function::ForwardAllToVoicemail,
        "forward_all_to_voicemail",
        "CFUVM",
        Group::Services,
        Parameter::VoicemailOrFax,
    ),
    info(Function::ForwardAllToFax, "forward_all_to_fax", "CFUFAX", Group::Services, Parameter::VoicemailOrFax),
    info(Function::ForwardNoAnswer, "forward_no_answer", "CFNR", Group::Services, Parameter::Number),
    info(Function::ForwardBusy, "forward_busy", "CFB", Group::Services, Parameter::Number),
    info(Function::RejectAnonymous, "reject_anonymous", "ACR", Group::Services, Parameter::None),
    info(Function::Absent, "absent", "AAB", Group::Services, Parameter::None),
    info(Function::DoNotDisturb, "do_not_disturb", "DND", Group::Services, Parameter::None),
    info(Function::CallWaiting, "call_waiting", "CAW", Group::Services, Parameter::None),
    info(Function::HideCallerNumber, "hide_caller_number", "CLIR", Group::Services, Parameter::None),
    info(Function::HideMyNumber, "hide_my_number", "COLR", Group::Services, Parameter::None),
    info(Function::Supervise, "supervise", "SUP0", Group::Supervision, Parameter::Sibling),
    info(Function::SuperviseBeep, "supervise_beep", "SUP1", Group::Supervision, Parameter::Sibling),
    info(Function::SuperviseRing, "supervise_ring", "SUP2", Group::Supervision, Parameter::Sibling),
    info(Function::HuntJoin, "hunt_join", "HUNTON", Group::CallGroup, Parameter::HuntingGroup),
    info(Function::HuntLeave, "hunt_leave", "HUNTOFF", Group::CallGroup, Parameter::HuntingGroup),
    info(Function::QueueJoin, "queue_join", "CHUNTON", Group::CallGroup, Parameter::Queue),
    info(Function::QueueLeave, "queue_leave", "CHUNTOFF", Group::CallGroup, Parameter::Queue),
    info(Function::QueueToggle, "queue_toggle", "CHUNTSW", Group::CallGroup, Parameter::Queue),
    info(Function::QueueTransfer, "queue_transfer", "CHUNTFW", Group::CallGroup, Parameter::Number),
    info(Function::Url, "url", "URL", Group::WebService, Parameter::Url),
    info(Function::Ivr, "ivr", "VXML", Group::WebService, Parameter::NumberOrUrl),
];

const fn info(
    function: Function,
    name: &'static str,
    ovh: &'static str,
    group: Group,
    parameter: Parameter,
) -> FunctionInfo {
    FunctionInfo { function, name, ovh, group, parameter }
}

impl Function {
    /// All functions.
    pub fn all() -> impl Iterator<Item = Function> + Clone {
        FUNCTIONS.iter().map(|info| info.function)
    }

    /// What is fixed about this function.
    pub fn info(self) -> &'static FunctionInfo {
        &FUNCTIONS[self as usize]
    }

    /// Our name for it.
    pub fn name(self) -> &'static str {
        self.info().name
    }

    /// A function by our name or OVHcloud's code.
    pub fn named(name: &str) -> Option<Function> {
        FUNCTIONS.iter().find(|info| info.name == name || info.ovh == name).map(|info| info.function)
    }

    /// The function that a wrong name may have meant.
    pub fn nearest(name: &str) -> Option<&'static str> {
        nearest(name, FUNCTIONS.iter().map(|info| info.name))
    }

    /// Whether a network does it, so that the site's feature codes come into it.
    pub fn is_service(self) -> bool {
        matches!(self.info().group, Group::Services | Group::CallGroup)
    }

    /// Whether it watches another line.
    pub fn is_supervision(self) -> bool {
        self.info().group == Group::Supervision
    }
}

impl fmt::Display for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Serialize for Function {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_stands_at_its_own_place() {
        for (at, info) in FUNCTIONS.iter().enumerate() {
            assert_eq!(info.function as usize, at, "{}", info.name);
            assert_eq!(Function::named(info.name), Some(info.function));
            assert_eq!(Function::named(info.ovh), Some(info.function), "the operator's code is an alias");
        }
    }

    #[test]
    fn a_misspelt_function_is_guessed() {
        assert_eq!(Function::nearest("supervize"), Some("supervise"));
        assert_eq!(Function::nearest("xyzzy"), None);
    }
}
