//! What the log never says.

use offhook::live::Changed;

use crate::house::{ALL, House, LOCAL, PUBLIC, STRANGER, Way, YEALINK, put};
use crate::log::Log;

#[test]
fn no_password_and_no_token_is_logged() {
    let log = Log::default();
    tracing::subscriber::set_global_default(log.subscriber(tracing::Level::TRACE)).unwrap();
    let house = House::new();
    for phone in ALL {
        for target in
            [format!("/{}", phone.file), format!("/~t0kenOfAPhone/{}", phone.file), "/~t0kenOfAPhone/x".into()]
        {
            for user_agent in [phone.user_agent, "Yealink SIP-T46S 66.86.0.15 00:15:65:aa:00:99"] {
                for (peer, local) in [(LOCAL.peer, LOCAL.local), (STRANGER, PUBLIC)] {
                    house.ask(&target, Way { user_agent: Some(user_agent), peer, local, ..LOCAL });
                }
            }
        }
    }
    // Mistakes beside a password, and in it.
    for bad in [
        "sip.password = \"Secret201x\"\nnonsense = 1\n",
        "sip.password = \"Secret201x\n",
        "sip.password = [\"Secret201x\"]\n",
        "sip.password = \"Secret201x\\u0007\"\n",
        "sip.pasword = \"Secret201x\"\n",
        "Secret201x\n",
    ] {
        put(house.folder.path(), "sites/a/lines/201.toml", bad);
        house.live.follow(&Changed { everything: true, ..Changed::default() });
        std::thread::sleep(std::time::Duration::from_millis(15));
        house.live.follow(&Changed { everything: true, ..Changed::default() });
        house.get(&format!("/{}", YEALINK.file));
    }
    let text = log.text();
    assert!(text.contains("served") && text.contains("refused") && text.contains("reloaded with"), "{text}");
    for secret in ["Secret20", "Secret30", "t0kenOfAPhone", "pair-"] {
        let found: Vec<&str> = text.lines().filter(|line| line.contains(secret)).collect();
        assert!(found.is_empty(), "{found:#?}");
    }
}
