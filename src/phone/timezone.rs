//! Time zones: from an IANA name to the offset and the rule that a phone is told.
//!
//! A phone knows no IANA name, or only some; it takes an offset from UTC and a rule for daylight saving time, by week
//! (Yealink, docs/sources.md, 4.2) or by day of the month (Cisco, docs/sources.md, 4.3). Both are worked out here from
//! the rule that the time zone database gives for all years after its last listed change (the footer of its TZif file),
//! so that the answer never depends on a clock.
//!
//! A zone whose future the database lists year by year, without such a rule, has none that a phone could be told: in
//! Morocco and Western Sahara (Africa/Casablanca, Africa/El_Aaiun) clocks go back for Ramadan, and phones there get the
//! standard offset alone. Gaza and Hebron have both a list, for Ramadan, and a rule; they get the rule.

use tz::TimeZoneRef;
use tz::timezone::{AlternateTime, MonthWeekDay, RuleDay, TransitionRule};

const MINUTES_PER_DAY: i32 = 24 * 60;

/// A time zone as a phone is told of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Zone {
    /// Its IANA name.
    pub name: &'static str,
    /// The standard offset from UTC, east positive.
    pub offset_minutes: i32,
    /// Daylight saving time, where there is any.
    pub dst: Option<Dst>,
}

/// When clocks are ahead of the standard offset, every year.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dst {
    /// How far they are ahead; always positive.
    pub save_minutes: i32,
    /// When they go forward, in standard time.
    pub start: Switch,
    /// When they go back, in daylight saving time.
    pub end: Switch,
}

/// A moment of the year at which clocks change, as they show it just before.
///
/// Exact is the rule by day: the first such weekday on or after `day` of the month (Cairo's may lie in the next month),
/// or the month's last if `day` is -1. The rule by week is exact only if `exact_by_week` says so, and else the nearest:
/// it is a week off in some years.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Switch {
    /// From 1, January.
    pub month: u8,
    /// From 1; 5 is the last week, hence the month's last such weekday.
    pub week: u8,
    /// From 0, Sunday.
    pub weekday: u8,
    /// The first day of the month that it can be, or -1 for the month's last such weekday.
    pub day: i8,
    /// From 0 to 23.
    pub hour: u8,
    /// From 0 to 59.
    pub minute: u8,
    /// Whether `week` says exactly when.
    pub exact_by_week: bool,
}

/// Why there is no zone.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ZoneError {
    /// No zone has this name.
    #[error("`{name}` is no time zone{}; expected an IANA name such as `Europe/Paris`", suggestion(.nearest))]
    Unknown {
        /// The name as it is written.
        name: String,
        /// The right name that is most like it.
        nearest: Option<&'static str>,
    },
    /// The database gives a rule that phones have no words for; no zone of today does.
    #[error("the clocks of `{name}` change on a fixed date; expected a weekday, since phones know no other rule here")]
    FixedDate {
        /// The zone's name.
        name: &'static str,
    },
}

fn suggestion(nearest: &Option<&str>) -> String {
    nearest.map_or_else(String::new, |name| format!(", did you mean `{name}`?"))
}

impl Zone {
    /// The zone of an IANA name, written exactly as the database has it.
    ///
    /// # Errors
    ///
    /// An unknown name, with the nearest one where it is near.
    pub fn parse(name: &str) -> Result<Zone, ZoneError> {
        let data = tzdb_data::find_tz(name.as_bytes());
        let known = tzdb_data::TZ_NAMES.iter().find(|known| **known == name);
        match (known, data) {
            (Some(name), Some(data)) => Zone::of(name, data),
            _ => Err(ZoneError::Unknown { name: name.to_owned(), nearest: nearest(name) }),
        }
    }

    fn of(name: &'static str, data: &TimeZoneRef<'_>) -> Result<Zone, ZoneError> {
        match data.extra_rule() {
            Some(TransitionRule::Alternate(rule)) => Zone::alternating(name, rule),
            Some(TransitionRule::Fixed(time)) => Ok(Zone::steady(name, time.ut_offset())),
            None => {
                let index = data.transitions().last().map_or(0, |last| last.local_time_type_index());
                let time = data.local_time_types().get(index);
                Ok(Zone::steady(name, time.map_or(0, |time| time.ut_offset())))
            }
        }
    }

    fn steady(name: &'static str, offset_secs: i32) -> Zone {
        Zone { name, offset_minutes: offset_secs.div_euclid(60), dst: None }
    }

    fn alternating(name: &'static str, rule: &AlternateTime) -> Result<Zone, ZoneError> {
        let switch = |day: &RuleDay, secs: i32| match day {
            RuleDay::MonthWeekDay(day) => Ok(Switch::new(day, secs.div_euclid(60))),
            RuleDay::Julian1WithoutLeap(_) | RuleDay::Julian0WithLeap(_) => Err(ZoneError::FixedDate { name }),
        };
        let forward = switch(rule.dst_start(), rule.dst_start_time())?;
        let back = switch(rule.dst_end(), rule.dst_end_time())?;
        let standard = rule.std().ut_offset().div_euclid(60);
        let saving = rule.dst().ut_offset().div_euclid(60);
        // Irish law calls summer time the standard and saves a negative hour in winter; phones know no such thing.
        let (offset_minutes, start, end) = match saving > standard {
            true => (standard, forward, back),
            false => (saving, back, forward),
        };
        let save_minutes = (saving - standard).abs();
        let dst = (save_minutes > 0).then_some(Dst { save_minutes, start, end });
        Ok(Zone { name, offset_minutes, dst })
    }

    /// The standard offset as `+01:00`.
    pub fn offset_text(&self) -> String {
        offset_text(self.offset_minutes)
    }
}

/// An offset from UTC as `+05:30`; zero is `+00:00`.
pub fn offset_text(minutes: i32) -> String {
    let sign = if minutes < 0 { '-' } else { '+' };
    let minutes = minutes.unsigned_abs();
    format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60)
}

fn nearest(name: &str) -> Option<&'static str> {
    let wanted = name.to_lowercase();
    let likeness = |known: &str| {
        let known = known.to_lowercase();
        // Many write the city alone.
        let city = known.rsplit('/').next().unwrap_or(&known);
        strsim::jaro_winkler(&wanted, &known).max(strsim::jaro_winkler(&wanted, city) - 0.01)
    };
    let likely =
        tzdb_data::TZ_NAMES.iter().map(|known| (likeness(known), *known)).filter(|(likeness, _)| *likeness > 0.8);
    likely.max_by(|(a, _), (b, _)| a.total_cmp(b)).map(|(_, name)| name)
}

impl Switch {
    /// `minutes` after midnight may be negative, or more than a day: both occur in the database.
    fn new(rule: &MonthWeekDay, minutes: i32) -> Switch {
        let days = minutes.div_euclid(MINUTES_PER_DAY);
        let time = minutes.rem_euclid(MINUTES_PER_DAY);
        let (month, week) = (i32::from(rule.month()), i32::from(rule.week()));
        let first = if week == 5 { days_in(month) - 6 } else { (week - 1) * 7 + 1 };
        let place = match (days, week) {
            (0, 5) => Place { month, week, day: -1, exact: true },
            (0, _) => Place { month, week, day: first, exact: true },
            _ => Place::shifted(month, first + days),
        };
        // Each of these is small by construction.
        let small = |number: i32| u8::try_from(number).unwrap_or_default();
        Switch {
            month: small(place.month),
            week: small(place.week),
            weekday: small((i32::from(rule.week_day()) + days).rem_euclid(7)),
            day: i8::try_from(place.day).unwrap_or_default(),
            hour: small(time / 60),
            minute: small(time % 60),
            exact_by_week: place.exact,
        }
    }
}

/// Which of a weekday's occurrences in the year is meant.
struct Place {
    month: i32,
    week: i32,
    day: i32,
    exact: bool,
}

impl Place {
    /// The seven days from `first`, which may lie before or after the month, in the words of one month.
    fn shifted(month: i32, first: i32) -> Place {
        let (month, first) = match first {
            ..1 => (before(month), first + days_in(before(month))),
            first if first > days_in(month) => (after(month), first - days_in(month)),
            first => (month, first),
        };
        let last_week = days_in(month) - 6;
        let next_month = first - days_in(month);
        let starts = [(1, 1), (2, 8), (3, 15), (4, 22), (5, last_week)];
        let distance = |(_, start): &(i32, i32)| (first - start).abs();
        match starts.into_iter().min_by_key(distance) {
            // Most of the seven days are in the next month, so its first week is nearer than this one's last.
            Some(nearest) if (1 - next_month).abs() < distance(&nearest) => {
                Place { month: after(month), week: 1, day: 1, exact: false }
            }
            nearest => {
                let (week, start) = nearest.unwrap_or((1, 1));
                let is_last = week == 5 && start == first;
                Place { month, week, day: if is_last { -1 } else { first }, exact: start == first }
            }
        }
    }
}

fn before(month: i32) -> i32 {
    if month == 1 { 12 } else { month - 1 }
}

fn after(month: i32) -> i32 {
    if month == 12 { 1 } else { month + 1 }
}

/// In a common year; no zone changes its clocks around the end of February.
fn days_in(month: i32) -> i32 {
    match month {
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use tz::{TimeZoneRef, UtcDateTime};

    use super::*;

    fn zone(name: &str) -> Zone {
        Zone::parse(name).unwrap_or_else(|err| panic!("{err}"))
    }

    /// What a phone is told: offset, saving, and both switches as month/week/weekday/day, `~` where the week is only near.
    fn told(name: &str) -> String {
        let zone = zone(name);
        let switch = |switch: Switch| {
            let Switch { month, week, weekday, day, hour, minute, exact_by_week } = switch;
            let near = if exact_by_week { "" } else { "~" };
            format!("{month}/{near}{week}/{weekday}/{day} {hour:02}:{minute:02}")
        };
        match zone.dst {
            None => zone.offset_text(),
            Some(Dst { save_minutes, start, end }) => {
                format!("{} +{save_minutes} {} to {}", zone.offset_text(), switch(start), switch(end))
            }
        }
    }

    #[test]
    fn zones_are_told_as_their_rules_have_them() {
        let cases = [
            ("Europe/London", "+00:00 +60 3/5/0/-1 01:00 to 10/5/0/-1 02:00"),
            ("Europe/Dublin", "+00:00 +60 3/5/0/-1 01:00 to 10/5/0/-1 02:00"),
            ("Europe/Paris", "+01:00 +60 3/5/0/-1 02:00 to 10/5/0/-1 03:00"),
            ("America/New_York", "-05:00 +60 3/2/0/8 02:00 to 11/1/0/1 02:00"),
            ("America/St_Johns", "-03:30 +60 3/2/0/8 02:00 to 11/1/0/1 02:00"),
            ("Australia/Sydney", "+10:00 +60 10/1/0/1 02:00 to 4/1/0/1 03:00"),
            ("Australia/Adelaide", "+09:30 +60 10/1/0/1 02:00 to 4/1/0/1 03:00"),
            ("Australia/Lord_Howe", "+10:30 +30 10/1/0/1 02:00 to 4/1/0/1 02:00"),
            ("Pacific/Auckland", "+12:00 +60 9/5/0/-1 02:00 to 4/1/0/1 03:00"),
            ("Pacific/Chatham", "+12:45 +60 9/5/0/-1 02:45 to 4/1/0/1 03:45"),
            // The first Saturday at 24 h is the Sunday after.
            ("America/Santiago", "-04:00 +60 9/~1/0/2 00:00 to 4/~1/0/2 00:00"),
            // An hour before the last Sunday begins, hence on a Saturday.
            ("America/Nuuk", "-02:00 +60 3/~5/6/24 23:00 to 10/5/0/-1 00:00"),
            ("America/Scoresbysund", "-02:00 +60 3/~5/6/24 23:00 to 10/5/0/-1 00:00"),
            // 50 hours after the fourth Thursday begins, hence on a Saturday.
            ("Asia/Gaza", "+02:00 +60 3/~5/6/24 02:00 to 10/~5/6/24 02:00"),
            ("Asia/Jerusalem", "+02:00 +60 3/~4/5/23 02:00 to 10/5/0/-1 02:00"),
            // The last Thursday at 24 h is a Friday, and may be the first of November.
            ("Africa/Cairo", "+02:00 +60 4/5/5/-1 00:00 to 10/~5/5/26 00:00"),
            ("Asia/Kolkata", "+05:30"),
            ("Asia/Tokyo", "+09:00"),
            ("Indian/Reunion", "+04:00"),
            ("Australia/Brisbane", "+10:00"),
            ("America/Caracas", "-04:00"),
            ("UTC", "+00:00"),
            ("Africa/Casablanca", "+01:00"),
            ("Africa/El_Aaiun", "+01:00"),
        ];
        for (name, expected) in cases {
            assert_eq!(told(name), expected, "{name}");
        }
    }

    #[test]
    fn an_offset_is_written_with_its_minutes() {
        let cases = [(0, "+00:00"), (330, "+05:30"), (-210, "-03:30"), (840, "+14:00"), (-30, "-00:30")];
        for (minutes, expected) in cases {
            assert_eq!(offset_text(minutes), expected);
        }
    }

    #[test]
    fn a_wrong_name_is_answered_with_the_nearest() {
        let error = |name: &str| Zone::parse(name).expect_err("it is no zone").to_string();
        let expected = "`Europe/Pari` is no time zone, did you mean `Europe/Paris`?; expected an IANA name such as";
        assert!(error("Europe/Pari").starts_with(expected));
        for (name, nearest) in
            [("europe/paris", "Europe/Paris"), ("Paris", "Europe/Paris"), ("Asia/Calcuta", "Asia/Calcutta")]
        {
            assert!(error(name).contains(&format!("`{nearest}`")), "{}", error(name));
        }
        assert!(error("#?").starts_with("`#?` is no time zone; expected"));
    }

    #[test]
    fn a_rule_that_crosses_the_end_of_a_month_finds_its_day() {
        let told = |month, week, weekday, minutes| {
            let rule = MonthWeekDay::new(month, week, weekday).expect("a day of the year");
            let switch = Switch::new(&rule, minutes);
            (switch.month, switch.week, switch.weekday, switch.day, switch.exact_by_week)
        };
        assert_eq!(told(4, 1, 0, -60), (4, 1, 6, 1, false), "from 31 March to 6 April");
        assert_eq!(told(1, 1, 0, -6 * 1440), (12, 5, 1, 26, false), "from 26 December to 1 January");
        assert_eq!(told(10, 5, 0, 6 * 1440), (11, 1, 6, 1, false), "from 31 October to 6 November");
        assert_eq!(told(3, 1, 0, 7 * 1440 - 1), (3, 2, 6, 7, false), "from 7 to 13 March");
        assert_eq!(told(3, 2, 3, 7 * 1440), (3, 3, 3, 15, true), "a whole week later");
    }

    /// The Unix time of a switch, worked out by day from the calendar alone.
    fn happens(switch: Switch, year: i32, offset_minutes: i32) -> i64 {
        let midnight = |day: u8| UtcDateTime::new(year, switch.month, day, 0, 0, 0, 0).expect("a day of the year");
        let first = match switch.day {
            -1 => u8::try_from(days_in(i32::from(switch.month)) - 6).expect("a small number"),
            day => u8::try_from(day).expect("a day of the month"),
        };
        let ahead = (i64::from(switch.weekday) - i64::from(midnight(first).week_day())).rem_euclid(7);
        let minutes = i64::from(switch.hour) * 60 + i64::from(switch.minute) - i64::from(offset_minutes);
        midnight(first).unix_time() + ahead * 86_400 + minutes * 60
    }

    /// The offset in seconds that a phone with day-based rules has at a moment of `year`.
    fn phone_offset(zone: &Zone, year: i32, at: i64) -> i32 {
        let Some(Dst { save_minutes, start, end }) = zone.dst else { return zone.offset_minutes * 60 };
        let start = happens(start, year, zone.offset_minutes);
        let end = happens(end, year, zone.offset_minutes + save_minutes);
        let ahead = if start < end { start <= at && at < end } else { at < end || start <= at };
        (zone.offset_minutes + if ahead { save_minutes } else { 0 }) * 60
    }

    #[test]
    fn every_zone_agrees_with_the_database_in_years_to_come() {
        let starts =
            [2045, 2046, 2047].map(|year| UtcDateTime::new(year, 1, 1, 0, 0, 0, 0).expect("a day").unix_time());
        let mut listed = Vec::new();
        for &name in tzdb_data::TZ_NAMES {
            let data = tzdb_data::find_tz(name.as_bytes()).expect("the database has its own names");
            let last = data.transitions().last().map_or(i64::MIN, |last| last.unix_leap_time());
            // Where the database still lists single changes then, its rule is asked alone.
            let rule_only = TimeZoneRef::new(&[], data.local_time_types(), &[], data.extra_rule());
            let data = if last > starts[0] {
                listed.push(name);
                rule_only.expect("a rule makes a zone")
            } else {
                *data
            };
            let zone = zone(name);
            for (year, bounds) in [2045, 2046].into_iter().zip(starts.windows(2)) {
                let switches = zone.dst.map(|dst| {
                    let ahead = zone.offset_minutes + dst.save_minutes;
                    [happens(dst.start, year, zone.offset_minutes), happens(dst.end, year, ahead)]
                });
                // Each quarter of an hour around a switch, and each day of the year in case one was missed.
                let around = switches.into_iter().flatten().flat_map(|at| (-800..800).map(move |i| at + i * 900));
                let days = (bounds[0]..bounds[1]).step_by(86_400);
                // Nearer to New Year than an offset from UTC, the year of the rule is another matter.
                for at in around.chain(days).filter(|at| (bounds[0]..bounds[1]).contains(at)) {
                    let expected = data.find_local_time_type(at).expect("a time in range").ut_offset();
                    assert_eq!(phone_offset(&zone, year, at), expected, "{name} at {at}");
                }
            }
        }
        assert_eq!(listed, ["Africa/Casablanca", "Africa/El_Aaiun", "Asia/Gaza", "Asia/Hebron"]);
    }

    #[test]
    fn the_zones_that_a_week_cannot_tell_are_known() {
        let inexact = |zone: &Zone| zone.dst.is_some_and(|dst| !dst.start.exact_by_week || !dst.end.exact_by_week);
        let zones = tzdb_data::TZ_NAMES.iter().map(|name| zone(name)).filter(inexact).map(|zone| zone.name);
        insta::assert_snapshot!(zones.collect::<Vec<_>>().join(" "), @"Africa/Cairo America/Godthab America/Nuuk America/Santiago America/Scoresbysund Asia/Gaza Asia/Hebron Asia/Jerusalem Asia/Tel_Aviv Chile/Continental Egypt Israel");
    }
}
