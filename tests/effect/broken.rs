//! Files that are broken, or make files that are; and what lies over the catalogue.

use insta::assert_snapshot;

use crate::common::repository;
use crate::house::{T46S, edited, fleet, told};

#[test]
fn a_broken_file_breaks_its_phones_and_no_others() {
    assert_snapshot!(edited("sites/a/site.toml", "sip.server = "), @"
    2 Breaks: 001565aabb01 001565aabb02
      served: as yealink-t46s → not, since its site has no good version: see `sites/a/site.toml`
    1 Breaks: 001de5aabb03
      served: as cisco-spa509g → not, since its site has no good version: see `sites/a/site.toml`
    ");
    let broken = fleet().with("sites/a/lines/201.toml", "layout = ");
    assert_snapshot!(told(&fleet(), &broken), @"
    1 Breaks: 001565aabb01
      served: as yealink-t46s → not, since the line `201` has no good version: see `sites/a/lines/201.toml`
    ");
    assert_snapshot!(told(&broken, &fleet()), @"
    1 Mends: 001565aabb01
      served: not, since the line `201` has no good version: see `sites/a/lines/201.toml` → as yealink-t46s
    ");
}

#[test]
fn a_template_and_a_model_of_ones_own() {
    let shipped = std::fs::read_to_string(repository("templates/yealink/phone.cfg")).unwrap();
    let template =
        fleet().with_bytes("overrides/templates/yealink/phone.cfg", format!("{shipped}\nfeatures.x = 1\n").as_bytes());
    assert_snapshot!(told(&fleet(), &template), @"
    2 Changes: 001565aabb01 001565aabb02
      {mac}.cfg of 2
        +
        +features.x = 1
    ");
    let shipped = std::fs::read_to_string(repository("models/yealink/t46s.toml")).unwrap();
    let model = fleet().with_bytes(
        "overrides/models/yealink/t46s.toml",
        format!("{shipped}\n[settings]\nprovision_interval_minutes = 60\n").as_bytes(),
    );
    assert_snapshot!(told(&fleet(), &model), @"
    2 Changes: 001565aabb01 001565aabb02
      settings.provision_interval_minutes: 1440 (product) → 60 (model)
      {mac}.cfg of 2
        -static.auto_provision.repeat.minutes = 1440
        +static.auto_provision.repeat.minutes = 60
    ");
}

#[test]
fn a_file_that_cannot_be_made_any_more() {
    let told = edited(T46S, "model = \"yealink-t46s\"\nlines = [\"201\"]\nraw.yealink.\"a b\" = \"1\"\n");
    assert_snapshot!(told, @"
    1 Changes: 001565aabb01
      [raw] changes
      the file {mac}.cfg: made → cannot be made: an edit of `[raw]` cannot be made: raw `a b`: expected a name of letters, digits, `_`, `.` and `-`
    ");
}

#[test]
fn a_file_that_its_phone_could_not_read_any_more() {
    let template =
        "#!version:1.0.0.1\n{% for key in keys %}{% if key.value == \"999\" %}no name\n{% endif %}{% endfor %}";
    let with = |number: &str| {
        let line = format!("keys.7 = {{ function = \"dial\", number = \"{number}\" }}\n");
        fleet()
            .with_bytes("overrides/templates/yealink/phone.cfg", template.as_bytes())
            .with("sites/a/lines/201.toml", &line)
    };
    assert_snapshot!(told(&with("102"), &with("103")), @"");
    assert_snapshot!(told(&with("102"), &with("999")), @"
    1 Changes: 001565aabb01
      keys.7: dial 102 → dial 999
      the file {mac}.cfg: made → cannot be made: what the template `templates/yealink/phone.cfg` makes is not valid: line 2: expected `name = value` from the start of the line, a comment or a blank line
    ");
}
