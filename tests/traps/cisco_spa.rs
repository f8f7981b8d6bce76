//! Traps of Cisco's SPA phones.

use insta::assert_snapshot;

use crate::common::{SITE, phone, phone_with};

#[test]
fn the_phones_own_star_codes_do_not_swallow_the_operators() {
    let codes = |site: &str| {
        let fleet = phone("cisco-spa504g", "").with("sites/a/site.toml", &format!("{site}{SITE}"));
        fleet.sent(&[
            "Call_Return_Code",
            "<Call_Pickup_Code",
            "Cfwd_All_Act",
            "Block_CID_Act",
            "Attendant_Console_Call_P",
        ])
    };
    assert_snapshot!(codes(""), @"
    <Attendant_Console_Call_Pickup_Code>*11*#</Attendant_Console_Call_Pickup_Code>
    <Call_Return_Code></Call_Return_Code>
    <Cfwd_All_Act_Code></Cfwd_All_Act_Code>
    <Block_CID_Act_Code></Block_CID_Act_Code>
    <Call_Pickup_Code></Call_Pickup_Code>
    <Attendant_Console_Call_Park_Code></Attendant_Console_Call_Park_Code>
    ");
    assert_snapshot!(codes("services = \"phone\"\n"), @"
    <Attendant_Console_Call_Pickup_Code>*11*#</Attendant_Console_Call_Pickup_Code>
    <Call_Return_Code></Call_Return_Code>
    <Cfwd_All_Act_Code>*72</Cfwd_All_Act_Code>
    <Block_CID_Act_Code>*67</Block_CID_Act_Code>
    <Call_Pickup_Code>*36</Call_Pickup_Code>
    <Attendant_Console_Call_Park_Code>*68</Attendant_Console_Call_Park_Code>
    ");
    // Where the phone does the services it keeps its codes, but for those that the site needs itself.
    assert_snapshot!(codes("services = \"phone\"\ncodes.forward_all_to = { dial = \"*72{number}\" }\n"), @"
    <Attendant_Console_Call_Pickup_Code>*11*#</Attendant_Console_Call_Pickup_Code>
    <Call_Return_Code></Call_Return_Code>
    <Cfwd_All_Act_Code></Cfwd_All_Act_Code>
    <Block_CID_Act_Code>*67</Block_CID_Act_Code>
    <Call_Pickup_Code>*36</Call_Pickup_Code>
    <Attendant_Console_Call_Park_Code>*68</Attendant_Console_Call_Park_Code>
    ");
    let text = phone("cisco-spa504g", "").file();
    let codes: Vec<&str> = text.lines().filter(|line| line.contains("_Code>")).collect();
    let kept = |line: &&&str| !line.contains("></") && !line.contains("Pickup_Code>*11*#<");
    assert!(codes.len() > 50 && codes.iter().filter(kept).count() == 0, "{codes:?}");
}

#[test]
fn module_keys_of_spa_phones_have_no_underscore_at_their_end() {
    let fleet =
        phone_with("cisco-spa509g", "modules = 1", "modules.1.keys.10 = { function = \"dial\", number = \"202\" }\n");
    assert_snapshot!(fleet.sent(&["Unit_1_Key_10", "Unit_1_Enable"]), @r#"
    <Unit_1_Enable>Yes</Unit_1_Enable>
    <Unit_1_Key_10 ua="na">fnc=sd;ext=202@$PROXY;vid=1;nme=202</Unit_1_Key_10>
    "#);
}

#[test]
fn keys_are_in_the_order_of_their_numbers() {
    let text = phone_with("cisco-spa509g", "modules = 1", "").file();
    let at = |name: &str| text.find(name).unwrap_or_else(|| panic!("{name} is there"));
    assert!(at("<Extension_2_ ") < at("<Extension_10_ ") && at("<Unit_1_Key_2 ") < at("<Unit_1_Key_10 "));
}

#[test]
fn an_extension_is_disabled_where_the_key_does_something_else() {
    let keys = "keys.2 = { function = \"dial\", number = \"202\", label = \"<Été> & 'co' \\\"x\\\"\" }\n";
    assert_snapshot!(phone("cisco-spa504g", keys).sent(&["Extension_1_", "Extension_2_", "Short_Name_2_", "Extended_Function_2_", "Share_Call_Appearance_2_"]), @r#"
    <Extension_1_ ua="na">1</Extension_1_>
    <Extension_2_ ua="na">Disabled</Extension_2_>
    <Short_Name_2_ ua="na">&lt;Été&gt; &amp; &apos;co&apos; &quot;x&quot;</Short_Name_2_>
    <Share_Call_Appearance_2_ ua="na">private</Share_Call_Appearance_2_>
    <Extended_Function_2_ ua="na">fnc=sd;ext=202@$PROXY;vid=1;nme=&lt;Été&gt; &amp; &apos;co&apos; &quot;x&quot;</Extended_Function_2_>
    "#);
}

#[test]
fn a_spa_polls_and_ends_no_run_early() {
    assert_snapshot!(phone("cisco-spa504g", "").sent(&["<Resync_", "Profile_Rule"]), @"
    <Profile_Rule>https://phones.example.org/$MA.xml</Profile_Rule>
    <Profile_Rule_B></Profile_Rule_B>
    <Profile_Rule_C></Profile_Rule_C>
    <Profile_Rule_D></Profile_Rule_D>
    <Resync_Random_Delay>2</Resync_Random_Delay>
    <Resync_At__HHmm_></Resync_At__HHmm_>
    <Resync_Periodic>3600</Resync_Periodic>
    <Resync_Error_Retry_Delay>300</Resync_Error_Retry_Delay>
    <Resync_From_SIP>Yes</Resync_From_SIP>
    <Resync_After_Upgrade_Attempt>Yes</Resync_After_Upgrade_Attempt>
    <Resync_Fails_On_FNF>Yes</Resync_Fails_On_FNF>
    <Resync_On_Reset>Yes</Resync_On_Reset>
    ");
    assert_snapshot!(phone("cisco-spa504g", "settings.provision_interval_minutes = 0\n").sent(&["<Resync_Periodic"]), @"<Resync_Periodic>0</Resync_Periodic>");
}

#[test]
fn a_spa_is_told_to_speak_sip() {
    assert_snapshot!(phone("cisco-spa525g2", "").sent(&["Signaling", "SPCP", "sccp", "SPA525-protocol"]), @"
    <Signaling_Protocol>SIP</Signaling_Protocol>
    <SPCP_Auto-detect>No</SPCP_Auto-detect>
    <SPA525-protocol>SIP</SPA525-protocol>
    <SPA525-auto-detect-sccp>No</SPA525-auto-detect-sccp>
    ");
}

#[test]
fn names_that_differ_among_spa_phones_are_both_sent() {
    assert_snapshot!(phone("cisco-spa525g2", "settings.admin_password = \"a\"\nsettings.user_password = \"u\"\n").sent(&["Passw"]), @"
    <Admin_Passwd>‹secret:admin_password@001565aabbcc›</Admin_Passwd>
    <Admin_Password>‹secret:admin_password@001565aabbcc›</Admin_Password>
    <User_Password>‹secret:user_password@001565aabbcc›</User_Password>
    <User_Web_Password>‹secret:user_password@001565aabbcc›</User_Web_Password>
    <Password></Password>
    <Password_1_></Password_1_>
    <Password_2_></Password_2_>
    <Password_3_></Password_3_>
    <Password_4_></Password_4_>
    <Password_5_></Password_5_>
    ");
}

#[test]
fn accents_need_the_character_set_said() {
    assert_snapshot!(phone("cisco-spa504g", "").sent(&["Default_Character_Encoding", "<?xml"]), @r#"
    <?xml version="1.0" encoding="UTF-8"?>
    <Default_Character_Encoding>UTF-8</Default_Character_Encoding>
    "#);
}

#[test]
fn a_word_that_a_spa_does_not_know_would_cost_it_its_soft_keys() {
    let keys = "soft_keys.1.function = \"redial\"\nsoft_keys.2.function = \"hold\"\nsoft_keys.3 = { function = \"dial\", number = \"202\" }\n";
    assert_snapshot!(phone("cisco-spa504g", keys).sent(&["Programmable_Softkey_Enable", "<PSK_", "_Key_List"]), @r#"
    <Programmable_Softkey_Enable>Yes</Programmable_Softkey_Enable>
    <PSK_1 ua="na"></PSK_1>
    <PSK_2 ua="na"></PSK_2>
    <PSK_3 ua="na">fnc=sd;ext=202@$PROXY;vid=1;nme=202</PSK_3>
    <PSK_4 ua="na"></PSK_4>
    <PSK_5 ua="na"></PSK_5>
    <PSK_6 ua="na"></PSK_6>
    <Idle_Key_List>redial|1;psk3|3;</Idle_Key_List>
    <Ringing_Key_List>answer|1;ignore|2;toggle|4;</Ringing_Key_List>
    <Connected_Key_List>hold|2;endcall;conf;xfer;toggle;bxfer;confLx;xferLx;park;phold;flash;</Connected_Key_List>
    <Hold_Key_List>resume|1;endcall|2;newcall|3;redial;dir;cfwd;dnd;</Hold_Key_List>
    "#);
    assert_snapshot!(phone("cisco-spa504g", "").sent(&["Programmable_Softkey_Enable", "_Key_List"]), @"<Programmable_Softkey_Enable>No</Programmable_Softkey_Enable>");
}

#[test]
fn a_spa9xx_gets_ascii_and_says_so() {
    let line = "display_name = \"Élodie\"\nkeys.2 = { function = \"dial\", number = \"202\", label = \"Été\" }\n";
    let fleet = phone("cisco-spa942", line);
    assert_snapshot!(fleet.sent(&["<?xml", "Default_Character_Encoding", "Display_Name_1", "Short_Name_2"]), @r#"
    <?xml version="1.0" encoding="ISO-8859-1"?>
    <Default_Character_Encoding>ISO-8859-1</Default_Character_Encoding>
    <Display_Name_1_>&#201;lodie</Display_Name_1_>
    <Short_Name_2_ ua="na">&#201;t&#233;</Short_Name_2_>
    "#);
    assert!(fleet.file().is_ascii());
    let raw = "[raw.cisco-spa]\n\"Text_Logo\" = \"Café\"\n";
    assert_snapshot!(phone_with("cisco-spa942", raw, line).sent(&["Text_Logo"]), @"<Text_Logo>Caf&#233;</Text_Logo>");
}

#[test]
fn a_spa9xx_watches_a_line_by_a_shared_call_appearance() {
    let keys =
        "keys.2 = { function = \"supervise\", number = \"202\" }\nkeys.3 = { function = \"dial\", number = \"202\" }\n";
    assert_snapshot!(phone("cisco-spa962", keys).sent(&["Extension_2_", "Share_Call_Appearance_2_", "Share_Call_Appearance_3_", "Extended_Function_2_", "Pickup_Code", "Audio_Notification"]), @r#"
    <Extension_2_ ua="na">Disabled</Extension_2_>
    <Share_Call_Appearance_2_ ua="na">shared</Share_Call_Appearance_2_>
    <Extended_Function_2_ ua="na">fnc=blf+sd+cp;sub=202@$PROXY;vid=1;nme=202</Extended_Function_2_>
    <Share_Call_Appearance_3_ ua="na">private</Share_Call_Appearance_3_>
    <Attendant_Console_Call_Pickup_Code>*11*#</Attendant_Console_Call_Pickup_Code>
    <SPA932_Call_Pickup_Code>*11*#</SPA932_Call_Pickup_Code>
    <Call_Pickup_Code></Call_Pickup_Code>
    <Group_Call_Pickup_Code></Group_Call_Pickup_Code>
    "#);
}

#[test]
fn a_spa9xx_gets_nothing_of_what_came_with_the_spa5xx() {
    let words = [
        "Signaling_Protocol",
        "SPCP",
        "PSK_",
        "Programmable_Softkey",
        "NTP_Enable",
        "Admin_Password",
        "G722",
        "LLDP",
        "XML_Directory",
        "Station_Display",
        "Back_Light",
        "Miss_Call_Banner",
        "_unPark_Code",
        "L16",
    ];
    let password = "settings.admin_password = \"a\"\n";
    for model in ["cisco-spa901", "cisco-spa921", "cisco-spa922", "cisco-spa941", "cisco-spa942", "cisco-spa962"] {
        assert_eq!(phone(model, password).sent(&words), "", "{model}");
    }
    for word in words {
        assert_ne!(phone("cisco-spa504g", password).sent(&[word]), "", "{word}");
    }
}

#[test]
fn older_adapters_have_their_network_among_the_other_elements() {
    let settings =
        "settings.admin_password = \"a\"\nsettings.timezone = \"Europe/Paris\"\nsettings.web_access = \"http\"\n";
    let words =
        ["router-configuration", "Time_Zone", "Web_Server", "Admin_Passw", "Enable_VLAN", "Prefer_G723", "Mailbox_ID"];
    for model in ["cisco-pap2t", "cisco-spa2102", "cisco-spa3102", "cisco-spa8000", "cisco-spa8800"] {
        let lines = phone(model, settings).sent(&words);
        assert!(!lines.contains("router-configuration") && lines.contains("<Time_Zone>GMT+01:00<"), "{model}: {lines}");
    }
    assert_snapshot!(phone("cisco-spa2102", settings).sent(&words), @"
    <Admin_Passwd>‹secret:admin_password@001565aabbcc›</Admin_Passwd>
    <Time_Zone>GMT+01:00</Time_Zone>
    <Enable_VLAN>No</Enable_VLAN>
    <Enable_Web_Server>Yes</Enable_Web_Server>
    <Enable_WAN_Web_Server>Yes</Enable_WAN_Web_Server>
    <Mailbox_ID_1_>123</Mailbox_ID_1_>
    <Mailbox_ID_2_></Mailbox_ID_2_>
    <Prefer_G723_Code></Prefer_G723_Code>
    ");
    assert_snapshot!(phone("cisco-spa122", settings).sent(&words), @"
    <Mailbox_ID_1_>123</Mailbox_ID_1_>
    <Mailbox_ID_2_></Mailbox_ID_2_>
    <router-configuration>
    <Time_Zone>+01 2 2</Time_Zone>
    <Web_Login_Admin_Password>‹secret:admin_password@001565aabbcc›</Web_Login_Admin_Password>
    </router-configuration>
    ");
}

#[test]
fn a_function_is_never_longer_than_the_phone_takes() {
    for model in ["cisco-spa504g", "cisco-8851-3pcc"] {
        let url = |length: usize| format!("https://phones.example.org/{}", "a".repeat(length));
        let key = |length| format!("keys.2 = {{ function = \"url\", url = \"{}\", label = \"L\" }}\n", url(length));
        let fits = 511 - "fnc=xml;url=https://phones.example.org/;nme=L".len();
        assert!(phone(model, &key(fits)).sent(&["Extended_Function_2_"]).contains(&url(fits)), "{model}");
        let found = phone(model, &key(fits + 1)).findings();
        assert!(found.contains("it would have 512 characters in `fnc`, and the phone takes 511"), "{model}: {found}");
    }
}

#[test]
fn adapters_ask_for_news_of_the_voicemail_by_names_of_their_own() {
    let asked = |model: &str| phone(model, "settings.subscribe_mwi = true\n").sent(&["_Server_1_", "Subscribe_URL"]);
    assert_snapshot!(asked("cisco-spa2102"), @"<Voice_Mail_Server_1_>sip.example.org</Voice_Mail_Server_1_>");
    let since_the_spa112 = asked("cisco-spa112");
    assert_snapshot!(since_the_spa112, @"
    <Mailbox_Subscribe_URL_1_>sip.example.org</Mailbox_Subscribe_URL_1_>
    <Mailbox_Subscribe_URL_2_></Mailbox_Subscribe_URL_2_>
    ");
    assert_eq!(asked("cisco-ata191"), since_the_spa112);
}
