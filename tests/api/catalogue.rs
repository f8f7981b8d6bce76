//! What is known of phones, and the words in which a fleet is written.

use insta::assert_snapshot;
use serde_json::Value;

use crate::common::Api;
use crate::fleets::phone;

/// One field of each entry of a page.
fn names(page: &Value, field: &str) -> String {
    let items = page["items"].as_array().unwrap_or_else(|| panic!("{page}"));
    items.iter().map(|item| item[field].as_str().unwrap()).collect::<Vec<_>>().join(" ")
}

#[test]
fn models_are_listed_and_shown_with_their_sources() {
    let api = Api::start(phone("yealink-t46s", ""));
    let of = |query: &str| names(&api.get(&format!("/models?{query}")).json(), "model");
    assert_snapshot!(of("q=t46"), @"yealink-t46g yealink-t46s yealink-t46u");
    assert_snapshot!(of("family=gigaset-classic"), @"gigaset-c610 gigaset-de310 gigaset-de410 gigaset-de700 gigaset-de900 gigaset-dx800a gigaset-n300 gigaset-n510 gigaset-n720-dm gigaset-n720-ip");
    assert_snapshot!(of("q=T46S&family=cisco-spa"), @"");
    let first = api.get("/models?limit=2").json();
    let rest = api.get(&format!("/models?limit=1000&after={}", first["next"].as_str().unwrap())).json();
    let all = api.get("/models?limit=1000").json();
    assert_eq!(
        format!("{} {}", names(&first, "model"), names(&rest, "model")),
        names(&all, "model"),
        "pages hold each model once"
    );
    assert_snapshot!(api.get("/models?family=yealink&q=t46s"), @r#"
    200
    {
      "items": [
        {
          "model": "yealink-t46s",
          "family": "yealink",
          "name": "Yealink T46S",
          "lines": 16,
          "keys": 27,
          "soft_keys": 13,
          "modules": 6
        }
      ]
    }
    "#);
    assert_snapshot!(api.get("/models/yealink-t46s"), @r#"
    200
    {
      "id": "yealink-t46s",
      "family": "yealink",
      "name": "Yealink T46S",
      "products": [
        "T46S"
      ],
      "ovh": "phone.yealink.t46s",
      "lines": {
        "count": 16,
        "without_modules": null,
        "at_least": false,
        "source": {
          "state": "known",
          "source": "Yealink templates and administrator guides (TPL, AG-80 to AG-86)"
        }
      },
      "keys": [
        {
          "class": "line",
          "count": 27,
          "with_modules": null,
          "at_least": false,
          "per_page": 9,
          "source": {
            "state": "known",
            "source": "Yealink parameter templates (TPL)"
          }
        }
      ],
      "soft_keys": [
        {
          "class": "programmable",
          "slots": [
            1,
            2,
            3,
            4
          ],
          "labels": true,
          "source": {
            "state": "known",
            "source": "Yealink templates (TPL): valid programmable keys"
          }
        },
        {
          "class": "programmable",
          "slots": [
            5,
            6,
            7,
            8,
            9,
            10,
            12,
            13,
            14
          ],
          "labels": false,
          "source": {
            "state": "known",
            "source": "Yealink templates (TPL): valid programmable keys"
          }
        }
      ],
      "label_widths": {
        "line": null,
        "programmable": null
      },
      "handsets": null,
      "modules": {
        "max": 6,
        "models": [
          "yealink-exp40"
        ],
        "source": {
          "state": "known",
          "source": "Yealink parameter templates (TPL)",
          "disagreement": "tancredi has 3 modules of 60 for all T46 and T48"
        }
      },
      "module_models": [
        {
          "id": "yealink-exp40",
          "name": "Yealink EXP40",
          "class": "module",
          "keys": 40,
          "keys_per_page": 20,
          "label_width": null,
          "reserved": [],
          "source": {
            "state": "known",
            "source": "Yealink parameter templates (TPL)"
          }
        }
      ]
    }
    "#);
    assert_snapshot!(api.get("/models/yealink-t4711"), @r#"
    404
    {
      "type": "urn:offhook:problem:not-found",
      "title": "there is no such thing",
      "status": 404,
      "detail": "there is nothing here, or nothing that this token sees"
    }
    "#);
    assert_snapshot!(api.get("/models?famly=yealink"), @r#"
    400
    {
      "type": "urn:offhook:problem:bad-request",
      "title": "the request cannot be understood",
      "status": 400,
      "detail": "`famly` is not known here; known are after, family, limit, q"
    }
    "#);
    assert_snapshot!(api.get("/models/yealink-t46s?verbose=true"), @r#"
    400
    {
      "type": "urn:offhook:problem:bad-request",
      "title": "the request cannot be understood",
      "status": 400,
      "detail": "this address takes nothing behind a `?`"
    }
    "#);
}

#[test]
fn settings_say_what_they_take_and_who_has_them() {
    let api = Api::start(phone("yealink-t46s", ""));
    assert_snapshot!(api.get("/settings?q=ntp"), @r#"
    200
    {
      "items": [
        {
          "name": "ntp_servers",
          "type": "host",
          "list": true,
          "scope": "phone",
          "group": "general",
          "level": "expert",
          "default": [
            "pool.ntp.org"
          ],
          "personal": false,
          "description": "Time servers, the preferred one first.",
          "families": [
            "cisco-enterprise",
            "cisco-mpp",
            "cisco-spa",
            "gigaset-classic",
            "gigaset-maxwell",
            "gigaset-nx70",
            "gigaset-p",
            "yealink"
          ]
        }
      ]
    }
    "#);
    for name in ["sip.password", "language", "sip.transport", "timezone"] {
        let page = api.get(&format!("/settings?q={name}")).json();
        let row = page["items"].as_array().unwrap().iter().find(|row| row["name"] == name);
        assert!(row.is_some_and(|row| row["type"].is_string() && row["families"] != Value::Null), "{page:#}");
    }
    assert_snapshot!(names(&api.get("/settings?scope=account&level=standard").json(), "name"), @"automatic_answer hide_my_number reject_anonymous sip.display_name sip.outbound_proxy sip.outbound_proxy_port sip.password sip.server sip.transport sip.user voicemail_number");
    let of = |query: &str| api.get(&format!("/settings?limit=1000{query}")).json()["items"].as_array().unwrap().len();
    let (all, of_family) = (of(""), of("&family=gigaset-p"));
    assert!(0 < of_family && of_family < all, "{of_family} of {all}");
    assert_eq!(of("&family=nobodys"), 0);
    assert_snapshot!(api.get("/settings?scope=fleet"), @r#"
    400
    {
      "type": "urn:offhook:problem:bad-request",
      "title": "the request cannot be understood",
      "status": 400,
      "detail": "Failed to deserialize query string: scope: unknown variant `fleet`, expected `account` or `phone`"
    }
    "#);
}

#[test]
fn functions_and_codes_are_listed() {
    let api = Api::start(phone("yealink-t46s", ""));
    let functions = api.get("/functions").json();
    assert_eq!(functions.as_array().unwrap().len(), 39);
    assert_snapshot!(format!("{:#}", functions[16]), @r#"
    {
      "function": "forward_all_to",
      "ovh": "CFUNUM",
      "group": "services",
      "parameter": "number"
    }
    "#);
    assert_snapshot!(api.get("/feature_codes"), @r#"
    200
    {
      "items": [
        {
          "table": "asterisk",
          "name": "Asterisk with FreePBX"
        },
        {
          "table": "fusionpbx",
          "name": "FusionPBX"
        },
        {
          "table": "ovh",
          "name": "OVHcloud"
        }
      ]
    }
    "#);
    let codes = api.get("/feature_codes/ovh").json();
    assert_snapshot!(codes["name"], @r#""OVHcloud""#);
    let forward = codes["codes"].as_array().unwrap().iter().find(|codes| codes["function"] == "forward_all_to");
    assert_snapshot!(format!("{:#}", forward.unwrap()), @r#"
    {
      "function": "forward_all_to",
      "dial": "*21*{number}#"
    }
    "#);
    assert_snapshot!(api.get("/feature_codes/none"), @r#"
    404
    {
      "type": "urn:offhook:problem:not-found",
      "title": "there is no such thing",
      "status": 404,
      "detail": "there is nothing here, or nothing that this token sees"
    }
    "#);
}
