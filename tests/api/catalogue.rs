//! What is known of phones.

use insta::assert_snapshot;

use crate::common::Api;
use crate::fleets::phone;

#[test]
fn who_asks_says_with_which_token() {
    let api = Api::start(phone("yealink-t46s", ""));
    assert_snapshot!(api.get("/sites"), @r#"
    200
    {
      "items": [
        {
          "site": "a",
          "feature_codes": "ovh"
        }
      ]
    }
    "#);
    assert_snapshot!(api.get_as("nobody", "/sites"), @r#"
    401
    {
      "type": "urn:offhook:problem:unauthorized",
      "title": "a good token is needed",
      "status": 401,
      "detail": "this token is not good, or not any more"
    }
    "#);
}
