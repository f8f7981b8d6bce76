//! Time zones: half hours, the southern hemisphere, zones without summer time.

use insta::assert_snapshot;

use crate::common::phone;

const ZONES: [&str; 8] = [
    "Europe/Paris",
    "Europe/London",
    "UTC",
    "Asia/Kolkata",
    "Australia/Adelaide",
    "America/St_Johns",
    "Pacific/Auckland",
    "America/Phoenix",
];

fn zones(model: &str, words: &[&str]) -> String {
    let sent = |zone| format!("{zone}\n{}\n", phone(model, &format!("settings.timezone = \"{zone}\"\n")).sent(words));
    ZONES.map(sent).concat()
}

#[test]
fn yealink_zones_are_rules_not_names() {
    assert_snapshot!(zones("yealink-t46s", &["local_time.time_zone", "summer_time", "start_time", "end_time", "offset_time"]), @"
    Europe/Paris
    local_time.time_zone = +1
    local_time.summer_time = 1
    local_time.start_time = 3/5/7/2
    local_time.end_time = 10/5/7/3
    local_time.offset_time = 60
    Europe/London
    local_time.time_zone = 0
    local_time.summer_time = 1
    local_time.start_time = 3/5/7/1
    local_time.end_time = 10/5/7/2
    local_time.offset_time = 60
    UTC
    local_time.time_zone = 0
    local_time.summer_time = 0
    Asia/Kolkata
    local_time.time_zone = +5:30
    local_time.summer_time = 0
    Australia/Adelaide
    local_time.time_zone = +9:30
    local_time.summer_time = 1
    local_time.start_time = 10/1/7/2
    local_time.end_time = 4/1/7/3
    local_time.offset_time = 60
    America/St_Johns
    local_time.time_zone = -3:30
    local_time.summer_time = 1
    local_time.start_time = 3/2/7/2
    local_time.end_time = 11/1/7/2
    local_time.offset_time = 60
    Pacific/Auckland
    local_time.time_zone = +12
    local_time.summer_time = 1
    local_time.start_time = 9/5/7/2
    local_time.end_time = 4/1/7/3
    local_time.offset_time = 60
    America/Phoenix
    local_time.time_zone = -7
    local_time.summer_time = 0
    ");
}

#[test]
fn cisco_zones_are_never_gmt_plus_zero() {
    assert_snapshot!(zones("cisco-spa504g", &["<Time_Zone>", "<Daylight"]), @"
    Europe/Paris
    <Time_Zone>GMT+01:00</Time_Zone>
    <Daylight_Saving_Time_Enable>Yes</Daylight_Saving_Time_Enable>
    <Daylight_Saving_Time_Rule>start=3/-1/7/2:0:0;end=10/-1/7/3:0:0;save=1:0:0</Daylight_Saving_Time_Rule>
    Europe/London
    <Time_Zone>GMT</Time_Zone>
    <Daylight_Saving_Time_Enable>Yes</Daylight_Saving_Time_Enable>
    <Daylight_Saving_Time_Rule>start=3/-1/7/1:0:0;end=10/-1/7/2:0:0;save=1:0:0</Daylight_Saving_Time_Rule>
    UTC
    <Time_Zone>GMT</Time_Zone>
    <Daylight_Saving_Time_Enable>No</Daylight_Saving_Time_Enable>
    Asia/Kolkata
    <Time_Zone>GMT+05:30</Time_Zone>
    <Daylight_Saving_Time_Enable>No</Daylight_Saving_Time_Enable>
    Australia/Adelaide
    <Time_Zone>GMT+09:30</Time_Zone>
    <Daylight_Saving_Time_Enable>Yes</Daylight_Saving_Time_Enable>
    <Daylight_Saving_Time_Rule>start=10/1/7/2:0:0;end=4/1/7/3:0:0;save=1:0:0</Daylight_Saving_Time_Rule>
    America/St_Johns
    <Time_Zone>GMT-03:30</Time_Zone>
    <Daylight_Saving_Time_Enable>Yes</Daylight_Saving_Time_Enable>
    <Daylight_Saving_Time_Rule>start=3/8/7/2:0:0;end=11/1/7/2:0:0;save=1:0:0</Daylight_Saving_Time_Rule>
    Pacific/Auckland
    <Time_Zone>GMT+12:00</Time_Zone>
    <Daylight_Saving_Time_Enable>Yes</Daylight_Saving_Time_Enable>
    <Daylight_Saving_Time_Rule>start=9/-1/7/2:0:0;end=4/1/7/3:0:0;save=1:0:0</Daylight_Saving_Time_Rule>
    America/Phoenix
    <Time_Zone>GMT-07:00</Time_Zone>
    <Daylight_Saving_Time_Enable>No</Daylight_Saving_Time_Enable>
    ");
}

#[test]
fn gigaset_zones_are_those_that_a_source_shows() {
    assert_snapshot!(zones("gigaset-maxwell3", &["TimeZone"]), @r#"
    Europe/Paris
    <param name="System.DateAndTime.TimeZone" value="GMT+1.Europe/Amsterdam"/>
    Europe/London
    <param name="System.DateAndTime.TimeZone" value="GMT.Europe/London"/>
    UTC

    Asia/Kolkata

    Australia/Adelaide

    America/St_Johns

    Pacific/Auckland

    America/Phoenix
    "#);
    let told = phone("gigaset-maxwell3", "settings.timezone = \"Asia/Kolkata\"\n").findings();
    assert!(
        told.contains(
            "`timezone` is `Asia/Kolkata`, which phones of the family `gigaset-maxwell` do not know [unmapped-value]"
        ),
        "{told}"
    );
}
