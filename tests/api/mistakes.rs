//! What cannot be honoured is refused: all of it at once, each with its place in what was sent, and nothing is written.

use std::fmt::Write;

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::common::{Answer, Api};
use crate::fleets::MAC;
use crate::writing::{BASE, full};

/// The status, and a line for each mistake.
fn told(answer: &Answer) -> String {
    let problem = answer.json();
    let mut text = answer.status.to_string();
    for error in problem["errors"].as_array().into_iter().flatten() {
        let word = |field: &str| error[field].as_str().unwrap_or("-").to_owned();
        let _ = write!(text, "\n{} [{}] {}", word("pointer"), word("code"), word("detail"));
        if let Some(hint) = error["hint"].as_str() {
            let _ = write!(text, "\n  hint: {hint}");
        }
    }
    text
}

/// Puts bodies at places of a full fleet, in which nothing is written.
fn refused(method: &str, rows: &[(&str, Value)]) -> String {
    let api = Api::start(full());
    let files = api.files();
    let mut text = String::new();
    for (path, body) in rows {
        let answer = api.write(method, path, body);
        if answer.status == 200 {
            api.send("POST", &format!("/changes/{}/undo", answer.json()["number"]), &[], "");
        }
        assert_eq!(api.files(), files, "{path}");
        let _ = writeln!(text, "{path} {body}\n{}\n", told(&answer));
    }
    text
}

#[test]
fn keys_that_cannot_be_are_refused() {
    let keys = [
        ("/sites/a/lines/201/keys/99", json!({ "function": "dial", "number": "202" })),
        ("/sites/a/lines/201/keys/0", json!({ "function": "dial", "number": "202" })),
        ("/sites/a/lines/201/keys/two", json!({ "function": "dial", "number": "202" })),
        ("/sites/a/lines/201/soft_keys/99", json!({ "function": "history" })),
        ("/sites/a/lines/201/modules/2/keys/1", json!({ "function": "do_not_disturb" })),
        ("/sites/a/lines/201/modules/1/keys/99", json!({ "function": "do_not_disturb" })),
        ("/sites/a/lines/201/keys/3", json!({ "function": "dail", "number": "202" })),
        ("/sites/a/lines/201/keys/3", json!({ "function": "dial" })),
        ("/sites/a/lines/201/keys/3", json!({ "function": "supervise", "number": "204" })),
        ("/sites/a/lines/201/keys/3", json!({ "function": "queue_join", "number": "202" })),
        ("/sites/a/lines/201/keys/3", json!({ "function": "line", "line": 2 })),
        ("/sites/a/lines/201/keys/3", json!({ "function": "dial", "number": "202", "lable": "x" })),
        ("/sites/a/lines/201/keys/3", json!({ "function": "dial", "number": 202 })),
        ("/sites/a/lines/201/keys/3", json!({ "function": "dial", "number": "20\n2" })),
        ("/sites/a/lines/201/keys/3", json!({ "label": ["a", null] })),
        ("/sites/a/lines/201/keys/3", json!({ "function": "ivr" })),
        ("/sites/a/layouts/desk/keys/99", json!({ "function": "do_not_disturb" })),
    ];
    assert_snapshot!(refused("PUT", &keys), @r#"
    /sites/a/lines/201/keys/99 {"function":"dial","number":"202"}
    422
     [no-such-key] `keys.99` does not exist on `yealink-t46s`, which has 27 keys

    /sites/a/lines/201/keys/0 {"function":"dial","number":"202"}
    404

    /sites/a/lines/201/keys/two {"function":"dial","number":"202"}
    404

    /sites/a/lines/201/soft_keys/99 {"function":"history"}
    422
     [no-such-key] `soft_keys.99` does not exist on `yealink-t46s`, which has the soft keys 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 13, 14

    /sites/a/lines/201/modules/2/keys/1 {"function":"do_not_disturb"}
    422
     [no-such-module] `modules.2.keys.1` does not exist: the phone `001565aabbcc` has 1 module(s)

    /sites/a/lines/201/modules/1/keys/99 {"function":"do_not_disturb"}
    422
     [no-such-key] `modules.1.keys.99` does not exist on `yealink-exp40`, which has 40 keys

    /sites/a/lines/201/keys/3 {"function":"dail","number":"202"}
    422
    /function [unknown-function] `dail` is not a function
      hint: did you mean `dial`?

    /sites/a/lines/201/keys/3 {"function":"dial"}
    422
    /function [missing-parameter] `keys.3.number` is missing: `dial` needs a number

    /sites/a/lines/201/keys/3 {"function":"supervise","number":"204"}
    422
    /number [unknown-number] `supervise` needs a line of the site, and `204` is none
      hint: did you mean `201`?

    /sites/a/lines/201/keys/3 {"function":"queue_join","number":"202"}
    422
    /function [impossible] `queue_join` is impossible here: only the network can do this, and the site has no code for it
    /number [unknown-number] `queue_join` needs a call queue of the site, and `202` is none
      hint: say [numbers."202"] kind = "queue" in site.toml

    /sites/a/lines/201/keys/3 {"function":"line","line":2}
    422
    /function [no-such-line] `line` is 2, but the phone `001565aabbcc` has 1 line(s)

    /sites/a/lines/201/keys/3 {"function":"dial","number":"202","lable":"x"}
    422
    /lable [unknown-field] `keys.3.lable` is not a known field
      hint: did you mean `label`?

    /sites/a/lines/201/keys/3 {"function":"dial","number":202}
    422
    /number [wrong-type] `keys.3.number` must be a text, not a whole number

    /sites/a/lines/201/keys/3 {"function":"dial","number":"20\n2"}
    422
    /number [bad-number] `keys.3.number`: `202` is not a number: it holds '\n'; digits, `*`, `#` and one leading `+` were expected

    /sites/a/lines/201/keys/3 {"label":["a",null]}
    422
    /label/1 [bad-value] null takes a field away, and nothing can be taken out of a list

    /sites/a/lines/201/keys/3 {"function":"ivr"}
    422
    /function [missing-parameter] `keys.3.number` is missing: `ivr` needs the number that reaches the voice menu, or its `url`

    /sites/a/layouts/desk/keys/99 {"function":"do_not_disturb"}
    422
     [no-such-key] `keys.99` does not exist on `yealink-t46s`, which has 27 keys
    "#);
}

#[test]
fn phones_lines_and_sites_that_cannot_be_are_refused() {
    let phone = format!("/phones/{MAC}");
    let new = "/phones/001565aabb99";
    let rows = [
        (phone.as_str(), json!({ "model": "yealink-t46x" })),
        (&phone, json!({ "model": null })),
        (&phone, json!({ "lines": ["201", "209"] })),
        (&phone, json!({ "lines": ["201", "201"] })),
        (&phone, json!({ "lines": 201 })),
        (&phone, json!({ "lines": ["201", null] })),
        (&phone, json!({ "modules": 9 })),
        (&phone, json!({ "modules": ["yealink-exp50"] })),
        (&phone, json!({ "modul": 1 })),
        (&phone, json!({ "settings": { "timezone": "Europe/Pari", "langage": "fr" } })),
        (&phone, json!({ "settings": { "ntp_servers": ["a", null] }, "seed": { "ring_volume": 1.5 } })),
        (&phone, json!({ "handsets": { "1": { "line": 1 } } })),
        (&phone, json!([1])),
        (
            "/phones/7c2f80f40003",
            json!({ "model": "yealink-t19p-e2", "lines": ["201", "202", "203"], "handsets": null }),
        ),
        ("/sites/a/lines/201", json!({ "layout": "dsek" })),
        (
            "/sites/a/lines/201",
            json!({ "settings": { "timezone": "Europe/Pari" }, "keys": { "3": { "function": "x" } } }),
        ),
        ("/sites/a/lines/201/sip", json!({ "pasword": "x", "transport": "ucp" })),
        ("/sites/a", json!({ "feature_codes": "ovhh" })),
        ("/sites/a/numbers/0033972109000", json!({ "kind": "qeue" })),
        ("/fleet", json!({ "schema": 2 })),
        ("/fleet", json!({ "listen": [{ "address": "nowhere" }] })),
    ];
    let made =
        [(new, json!({ "model": "yealink-t46s", "lines": ["201"], "site": "b" })), (new, json!({ "site": "a" }))];
    let base = format!("/phones/{BASE}/handsets/999");
    assert_snapshot!(refused("PATCH", &rows), @r#"
    /phones/001565aabbcc {"model":"yealink-t46x"}
    422
    /model [unknown-model] the model `yealink-t46x` does not exist
      hint: did you mean `yealink-t46g`? Until it is known, a phone that was never served gets 2 account(s) and 2 key(s)

    /phones/001565aabbcc {"model":null}
    422
    /model [missing-field] `model` is missing

    /phones/001565aabbcc {"lines":["201","209"]}
    422
    /lines/1 [unknown-line] the line `209` does not exist in the site `a`
      hint: did you mean `201`?

    /phones/001565aabbcc {"lines":["201","201"]}
    422
    /lines/1 [twice] the line `201` is named twice

    /phones/001565aabbcc {"lines":201}
    422
    /lines [wrong-type] `lines` must be a list of texts, not a whole number

    /phones/001565aabbcc {"lines":["201",null]}
    422
    /lines/1 [bad-value] null takes a field away, and nothing can be taken out of a list

    /phones/001565aabbcc {"modules":9}
    422
    /modules [too-many-modules] `yealink-t46s` takes 6 modules at the most, not 9

    /phones/001565aabbcc {"modules":["yealink-exp50"]}
    422
    /modules [wrong-module] the module `yealink-exp50` does not fit `yealink-t46s`
      hint: it takes yealink-exp40

    /phones/001565aabbcc {"modul":1}
    422
    /modul [unknown-field] `modul` is not a known field
      hint: did you mean `model`?

    /phones/001565aabbcc {"settings":{"timezone":"Europe/Pari","langage":"fr"}}
    422
    /settings/langage [unknown-setting] `settings.langage` is not a setting
      hint: did you mean `language`?
    /settings/timezone [bad-setting] `settings.timezone` cannot be used: `Europe/Pari` is no time zone, did you mean `Europe/Paris`?; expected an IANA name such as `Europe/Paris`

    /phones/001565aabbcc {"settings":{"ntp_servers":["a",null]},"seed":{"ring_volume":1.5}}
    422
    /settings/ntp_servers/1 [bad-value] null takes a field away, and nothing can be taken out of a list
    /seed/ring_volume [bad-value] no field takes a number with a fraction, or one so large

    /phones/001565aabbcc {"handsets":{"1":{"line":1}}}
    422
    /handsets/1/line [no-handsets] `yealink-t46s` has no handsets
      hint: handsets belong to DECT bases

    /phones/001565aabbcc [1]
    422
     [bad-value] an object is expected

    /phones/7c2f80f40003 {"model":"yealink-t19p-e2","lines":["201","202","203"],"handsets":null}
    422
    - [no-such-key] `keys.2` does not exist on `yealink-t19p-e2`, which has 0 keys
    - [no-such-module] `modules.1.keys.5` does not exist: the phone `7c2f80f40003` has 0 module(s)
    /lines/1 [too-many-lines] the phone has 3 lines, but `yealink-t19p-e2` has 1; the others are not sent
    - [no-such-key] `keys.3` does not exist on `yealink-t19p-e2`, which has 0 keys
    - [no-such-key] `keys.4` does not exist on `yealink-t19p-e2`, which has 0 keys

    /sites/a/lines/201 {"layout":"dsek"}
    422
    /layout [unknown-layout] the layout `dsek` does not exist in the site `a`
      hint: did you mean `desk`?

    /sites/a/lines/201 {"settings":{"timezone":"Europe/Pari"},"keys":{"3":{"function":"x"}}}
    422
    /keys/3/function [unknown-function] `x` is not a function
      hint: `docs/fleet.md` lists the 39
    /settings/timezone [bad-setting] `settings.timezone` cannot be used: `Europe/Pari` is no time zone, did you mean `Europe/Paris`?; expected an IANA name such as `Europe/Paris`

    /sites/a/lines/201/sip {"pasword":"x","transport":"ucp"}
    422
    /pasword [unknown-setting] `sip.pasword` is not a setting
      hint: did you mean `password`?
    /transport [bad-setting] `sip.transport` is `ucp`, but must be one of udp, tcp, tls, dns; did you mean `tcp`?

    /sites/a {"feature_codes":"ovhh"}
    422
    /feature_codes [unknown-feature-codes] the table of feature codes `ovhh` does not exist
      hint: did you mean `ovh`?

    /sites/a/numbers/0033972109000 {"kind":"qeue"}
    422
    /kind [unknown-word] `kind` is `qeue`, but must be queue, hunt, fax, voicemail or external
      hint: did you mean `queue`?

    /fleet {"schema":2}
    422
    /schema [wrong-schema] `schema` is 2, but this version reads schema 1
      hint: use an offhook that knows it

    /fleet {"listen":[{"address":"nowhere"}]}
    422
    /listen/0 [bad-address] `address` is `nowhere`, but must be an address with a port, such as 0.0.0.0:8443
    "#);
    assert_snapshot!(refused("PUT", &[&made[..], &[(base.as_str(), json!({ "line": 1 })), ("/sites/b/lines/1", json!({}))]].concat()), @r#"
    /phones/001565aabb99 {"model":"yealink-t46s","lines":["201"],"site":"b"}
    422
    /site [unknown-site] there is no site named `b`

    /phones/001565aabb99 {"site":"a"}
    422
    /lines [missing-field] `lines` is missing
      hint: write `lines = []` for a spare phone
    /model [missing-field] `model` is missing

    /phones/7c2f80f40003/handsets/999 {"line":1}
    422
    /line [no-such-handset] `handsets.999` does not exist on `gigaset-n870`, which has 250

    /sites/b/lines/1 {}
    404
    "#);
}

#[test]
fn what_others_need_is_not_taken_away() {
    assert_snapshot!(refused("DELETE", &[("/sites/a/lines/201", Value::Null), ("/fleet", Value::Null)]), @"
    /sites/a/lines/201 null
    422
    - [unknown-line] the file of the line `201` was deleted; its last good version stays served
      hint: take the line out of `lines`, or bring its file back

    /fleet null
    409
    ");
    let api = Api::start(full());
    let gone = api.write("DELETE", "/sites/a/numbers/0033972109000", &Value::Null);
    assert_eq!(gone.status, 200, "nobody needs it: {gone}");
    let external = json!({ "kind": "external" });
    api.send("PUT", "/sites/a/numbers/0033972109000", &[], &external.to_string());
    let key = json!({ "function": "supervise", "number": "0033972109000" });
    assert_eq!(api.send("PUT", "/sites/a/lines/201/keys/7", &[], &key.to_string()).status, 200);
    assert_snapshot!(told(&api.write("DELETE", "/sites/a/numbers/0033972109000", &Value::Null)), @r#"
    422
    - [unknown-number] `supervise` needs a line of the site, and `0033972109000` is none
      hint: if it is somebody else's, say [numbers."0033972109000"] kind = "external" in site.toml
    "#);
}

#[test]
fn all_mistakes_of_many_writes_are_told_at_once() {
    let api = Api::start(full());
    let files = api.files();
    let writes = json!([
        { "method": "PUT", "path": "/sites/a/lines/201/keys/9", "body": { "function": "dail" } },
        { "method": "PATCH", "path": "/sites/a/lines/202", "body": { "display_name": 3, "keys": { "2": { "lable": "x" } } }, "if_match": "*" },
        { "method": "PUT", "path": "/sites/a/lines/201/keys/10", "body": { "function": "supervise", "number": "299" } },
        { "method": "PUT", "path": format!("/phones/{MAC}"), "body": 3, "if_match": "*" },
        { "method": "PUT", "path": "/phones/001565aabb99", "body": { "model": "yealink-t46s", "lines": [] } },
        { "method": "PATCH", "path": "/sites/a/settings", "body": { "ntp_servers": [null] }, "if_match": "*" },
    ]);
    assert_snapshot!(told(&api.bulk(&writes)), @"
    422
    /writes/3/body [bad-value] an object is expected
    /writes/4/body/site [missing-field] `site` is missing: a new phone needs one
    /writes/5/body/ntp_servers/0 [bad-value] null takes a field away, and nothing can be taken out of a list
    /writes/0/body/function [unknown-function] `dail` is not a function
      hint: did you mean `dial`?
    /writes/1/body/display_name [wrong-type] `display_name` must be a text, not a whole number
    /writes/1/body/keys/2/lable [unknown-field] `keys.2.lable` is not a known field
      hint: did you mean `label`?
    ");
    let addresses = json!([
        { "method": "PUT", "path": "/nowhere", "body": {} },
        { "method": "DELETE", "path": "/sites/a/lines/201", "if_match": "201" },
        { "method": "DELETE", "path": "/sites/a/lines/202", "if_match": "*" },
    ]);
    assert_snapshot!(told(&api.bulk(&addresses)), @"
    422
    /writes/0 [bad-write] `/nowhere` is no address that can be written
    /writes/1 [bad-write] If-Match is a list of entity tags as ETag told them, with their quotes
    ");
    assert_eq!(api.files(), files);
}

/// What was wrong before, somewhere else in the file or in a phone that the write reaches, is none of the writer's.
#[test]
fn old_mistakes_elsewhere_stop_nobody() {
    let api = Api::start(
        full()
            .with("sites/a/lines/203.toml", "keys.99.function = \"do_not_disturb\"\n")
            .with("sites/a/phones/001565aabb98.toml", "model = \"yealink-t46s\"\nlines = [\"203\"]\n"),
    );
    let done = api.write("PATCH", "/sites/a/lines/203", &json!({ "display_name": "Hall" }));
    assert_eq!(done.status, 200, "{done}");
    api.by_hand("sites/a/lines/203.toml", "display_nam = \"x\"\n");
    let refused = api.write("PATCH", "/sites/a/lines/203/keys", &json!({ "2": { "function": "do_not_disturb" } }));
    assert_snapshot!(told(&refused), @"
    422
    - [unknown-field] `display_nam` is not a known field
      hint: did you mean `display_name`?
    ");
    api.by_hand("sites/a/lines/203.toml", "display_nam = \n");
    assert_snapshot!(told(&api.send("PATCH", "/sites/a/lines/203", &[("if-match", "*")], "{}")), @"409");
}
