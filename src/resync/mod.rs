//! Asks phones to fetch their files again, and waits until they have.
//!
//! A phone is asked by SIP NOTIFY with its family's own event. That it answered proves nothing: a phone has come back when
//! the server has recorded a fetch. So `job` asks in the order and at the pace that `waves` tell, and looks into the
//! journal for each that was asked. `standing` tells before and after who has what the fleet says now. `jobs` are those
//! of a running server, and `auto` starts one where a change leaves phones behind.
//!
//! Messages are read by `ezk-sip-types`, digests answered by `http-auth`. The few timers of a request outside of any
//! dialog stand in [`ask`]; the rest of a SIP stack, which listens, calls and keeps dialogs, is not needed.

mod ask;
mod auto;
mod choice;
mod entry;
mod gather;
mod job;
mod jobs;
mod message;
mod options;
mod standing;
mod target;
mod view;
mod waves;
mod wire;

pub use crate::board::Standing;
pub use ask::{Answered, Asking, ask};
pub use auto::{Behind, Known, Late, OnBoard, ask_those_behind, auto_resync};
pub use choice::{ChoiceError, Firmware, Plan, firmware_told, macs_of, plan};
pub use job::{Ended, Job, Outcome, Step, Stop};
pub use jobs::{Around, Jobs, MAX_RUNNING, StartError, Wanted, keeps_journal};
pub use options::{Options, seconds, wave};
pub use standing::Books;
pub use target::{Hop, NoWay, Role, Target, Transport, Way};
pub use view::{
    Event, JobFigures, JobPhones, JobState, JobView, PhoneView, PlanView, Progress, Slowest, Summary, TargetView,
    UnaskedView,
};
pub use waves::{Next, Pace, Waves};
