//! Traps of Cisco's multiplatform phones.

use insta::assert_snapshot;

use crate::common::{SITE, phone, phone_with};

#[test]
fn an_mpp_phones_own_star_codes_do_not_swallow_the_operators() {
    let codes = |site: &str| {
        let fleet = phone("cisco-8841-3pcc", "").with("sites/a/site.toml", &format!("{site}{SITE}"));
        fleet.sent(&["Call_Return_Code", "Call_Pickup_Code", "Blind_Transfer_Code", "Block_CID_Act", "<Call_Unpark"])
    };
    assert_snapshot!(codes(""), @"
    <Attendant_Console_Call_Pickup_Code>*11*#</Attendant_Console_Call_Pickup_Code>
    <Call_Pickup_Code>*11*</Call_Pickup_Code>
    <Call_Return_Code></Call_Return_Code>
    <Blind_Transfer_Code></Blind_Transfer_Code>
    <Block_CID_Act_Code></Block_CID_Act_Code>
    <Call_Unpark_Code></Call_Unpark_Code>
    <Group_Call_Pickup_Code></Group_Call_Pickup_Code>
    ");
    assert_snapshot!(codes("services = \"phone\"\n"), @"
    <Attendant_Console_Call_Pickup_Code>*11*#</Attendant_Console_Call_Pickup_Code>
    <Call_Pickup_Code>*11*</Call_Pickup_Code>
    <Call_Return_Code></Call_Return_Code>
    <Blind_Transfer_Code>*95</Blind_Transfer_Code>
    <Block_CID_Act_Code></Block_CID_Act_Code>
    <Call_Unpark_Code>#88</Call_Unpark_Code>
    <Group_Call_Pickup_Code>#98</Group_Call_Pickup_Code>
    ");
    let text = phone("cisco-8841-3pcc", "").file();
    let codes: Vec<&str> = text.lines().filter(|line| line.contains("_Code>")).collect();
    let kept = |line: &&&str| !line.contains("></") && !line.contains("Pickup_Code>*11*");
    assert!(codes.len() > 45 && codes.iter().filter(kept).count() == 0, "{codes:?}");
}

#[test]
fn names_are_those_of_multiplatform_phones_and_not_of_spa_phones() {
    let settings = "settings.admin_password = \"a\"\nsettings.user_password = \"u\"\nsettings.ring_tone = \"3\"\n";
    let fleet = phone_with("cisco-6851-3pcc", "modules = 1", settings);
    assert_snapshot!(fleet.sent(&["_Password>", "Default_Ring_1_", "park_Code", "Park_Code", "Alternate_Proxy_1_"]), @"
    <Admin_Password>‹secret:admin_password@001565aabbcc›</Admin_Password>
    <User_Password>‹secret:user_password@001565aabbcc›</User_Password>
    <LDAP_Password></LDAP_Password>
    <Alternate_Proxy_1_></Alternate_Proxy_1_>
    <Default_Ring_1_>3</Default_Ring_1_>
    <Call_Park_Code></Call_Park_Code>
    <Call_Unpark_Code></Call_Unpark_Code>
    <Attendant_Console_Call_Park_Code></Attendant_Console_Call_Park_Code>
    <Attendant_Console_Call_unPark_Code></Attendant_Console_Call_unPark_Code>
    ");
    let text = fleet.file();
    for spa in [
        "<Use_Auth_ID_",
        "<Use_Outbound_Proxy_",
        "<Admin_Passwd>",
        "<Unit_1_Enable>",
        "<Default_Ring__",
        "<NTP_Enable>",
        "<Unit_1_Key_1 ",
        "UnPark",
    ] {
        assert!(!text.contains(spa), "{spa}");
    }
    let adapter = phone("cisco-ata191", settings).file();
    assert!(adapter.contains("<Use_Auth_ID_1_>Yes<") && !adapter.contains("<Extension_1_"), "{adapter}");
}

#[test]
fn module_keys_of_mpp_phones_end_in_an_underscore_and_modules_have_a_type() {
    let sent = |model: &str, modules: &str, place: &str| {
        let fleet = phone_with(
            model,
            &format!("modules = {modules}"),
            &format!("{place} = {{ function = \"dial\", number = \"202\" }}\n"),
        );
        let key = place.rsplit('.').next().unwrap_or_default();
        fleet.sent(&[&format!("Unit_1_Key_{key}_ "), "Number_of_Units", "KEM_Type", "PoE_Power"])
    };
    assert_snapshot!(sent("cisco-8851-3pcc", "2", "modules.1.keys.36"), @r#"
    <PoE_Power_Required>Maximum</PoE_Power_Required>
    <Number_of_Units>2</Number_of_Units>
    <KEM_Type>BEKEM</KEM_Type>
    <Unit_1_Key_36_ ua="na">fnc=sd;ext=202@$PROXY;vid=1;nme=202</Unit_1_Key_36_>
    "#);
    assert_snapshot!(sent("cisco-8861-3pcc", "[\"cisco-cp-8800-audio\"]", "modules.1.keys.28"), @r#"
    <PoE_Power_Required>Maximum</PoE_Power_Required>
    <Number_of_Units>1</Number_of_Units>
    <KEM_Type>CP-8800-Audio</KEM_Type>
    <Unit_1_Key_28_ ua="na">fnc=sd;ext=202@$PROXY;vid=1;nme=202</Unit_1_Key_28_>
    "#);
    assert_snapshot!(sent("cisco-8865-3pcc", "[\"cisco-cp-8800-video\"]", "modules.1.keys.28"), @r#"
    <PoE_Power_Required>Maximum</PoE_Power_Required>
    <Number_of_Units>1</Number_of_Units>
    <KEM_Type>CP-8800-Video</KEM_Type>
    <Unit_1_Key_28_ ua="na">fnc=sd;ext=202@$PROXY;vid=1;nme=202</Unit_1_Key_28_>
    "#);
    assert_snapshot!(sent("cisco-dp-9861", "1", "modules.1.keys.40"), @r#"
    <PoE_Power_Required>Maximum</PoE_Power_Required>
    <Number_of_Units>1</Number_of_Units>
    <KEM_Type>DP-9800-KEM</KEM_Type>
    <Unit_1_Key_40_ ua="na">fnc=sd;ext=202@$PROXY;vid=1;nme=202</Unit_1_Key_40_>
    "#);
    assert_snapshot!(sent("cisco-6851-3pcc", "1", "modules.1.keys.28"), @r#"
    <PoE_Power_Required>Maximum</PoE_Power_Required>
    <Number_of_Units>1</Number_of_Units>
    <Unit_1_Key_28_ ua="na">fnc=sd;ext=202@$PROXY;vid=1;nme=202</Unit_1_Key_28_>
    "#);
    assert_snapshot!(phone("cisco-8861-3pcc", "").sent(&["Number_of_Units", "PoE_Power"]), @"
    <PoE_Power_Required>Normal</PoE_Power_Required>
    <Number_of_Units>0</Number_of_Units>
    ");
}

#[test]
fn modules_of_one_phone_are_alike() {
    assert_snapshot!(phone_with("cisco-8861-3pcc", "modules = [\"cisco-bekem\", \"cisco-cp-8800-audio\"]", "").findings(), @"error: sites/a/phones/001565aabbcc.toml:3: `cisco-8861-3pcc` takes modules of one model only, not `cisco-bekem` and `cisco-cp-8800-audio` [mixed-modules]");
}

#[test]
fn a_module_gives_more_lines_and_may_carry_them() {
    let twelve = |phone: &str| {
        let names: Vec<String> = (1..=12).map(|n| format!("\"3{n:02}\"")).collect();
        let mut fleet = phone_with("cisco-8851-3pcc", &format!("lines = [{}]\n{phone}", names.join(", ")), "");
        for n in 1..=12 {
            let keys = "modules.1.keys.1 = { function = \"line\", line = 11 }\nmodules.1.keys.2 = { function = \"line\", line = 12, label = \"Twelve\" }\n";
            fleet = fleet.with(&format!("sites/a/lines/3{n:02}.toml"), if n == 1 { keys } else { "" });
        }
        fleet
    };
    let with = twelve("modules = 1");
    assert_snapshot!(with.findings(), @"");
    assert_snapshot!(with.sent(&["<User_ID_10_", "<User_ID_12_", "<User_ID_16_", "Unit_1_Extension_1_", "Unit_1_Short_Name_1_", "Unit_1_Extension_2_", "Unit_1_Short_Name_2_", "Unit_1_Extension_3_"]), @r#"
    <User_ID_10_>310</User_ID_10_>
    <User_ID_12_>312</User_ID_12_>
    <User_ID_16_></User_ID_16_>
    <Unit_1_Extension_1_ ua="na">11</Unit_1_Extension_1_>
    <Unit_1_Short_Name_1_ ua="na">$USER</Unit_1_Short_Name_1_>
    <Unit_1_Extension_2_ ua="na">12</Unit_1_Extension_2_>
    <Unit_1_Short_Name_2_ ua="na">Twelve</Unit_1_Short_Name_2_>
    <Unit_1_Extension_3_ ua="na">Disabled</Unit_1_Extension_3_>
    "#);
    assert_snapshot!(twelve("").findings(), @"
    error: sites/a/lines/301.toml:1: `modules.1.keys.1` does not exist: the phone `001565aabbcc` has 0 module(s) [no-such-module]
      hint: it is kept, and not sent
    error: sites/a/lines/301.toml:2: `modules.1.keys.2` does not exist: the phone `001565aabbcc` has 0 module(s) [no-such-module]
      hint: it is kept, and not sent
    error: sites/a/phones/001565aabbcc.toml:2: the phone has 12 lines, but `cisco-8851-3pcc` has 10; the others are not sent [too-many-lines]
      hint: with an expansion module it has 16
    ");
}

#[test]
fn with_modules_a_9871_keeps_eight_keys_and_theirs_follow() {
    let keys = "keys.9 = { function = \"dial\", number = \"202\" }\n";
    let module = "modules.1.keys.1 = { function = \"dial\", number = \"203\" }\nmodules.2.keys.40 = { function = \"dial\", number = \"204\" }\n";
    let fleet = phone_with("cisco-dp-9871", "modules = 2", &format!("{keys}{module}"));
    assert_snapshot!(fleet.findings(), @"
    error: sites/a/lines/201.toml:1: `keys.9` does not exist on `cisco-dp-9871`, which has 8 keys beside a module [no-such-key]
      hint: it is kept, and not sent
    ");
    assert_snapshot!(fleet.sent(&["fnc=", "Number_of_Phone_Lines"]), @r#"
    <Number_of_Phone_Lines>8</Number_of_Phone_Lines>
    <Extended_Function_9_ ua="na">fnc=sd;ext=203@$PROXY;vid=1;nme=203</Extended_Function_9_>
    <Extended_Function_88_ ua="na">fnc=sd;ext=204@$PROXY;vid=1;nme=204</Extended_Function_88_>
    "#);
    assert_snapshot!(phone("cisco-dp-9871", keys).sent(&["fnc=", "Number_of_Phone_Lines"]), @r#"<Extended_Function_9_ ua="na">fnc=sd;ext=202@$PROXY;vid=1;nme=202</Extended_Function_9_>"#);
}

#[test]
fn figures_that_nobody_knows_are_said_to_be_unknown() {
    let fleet = phone_with(
        "cisco-dp-9841",
        "lines = [\"201\", \"202\"]",
        "keys.2 = { function = \"dial\", number = \"202\" }\n",
    );
    assert_snapshot!(fleet.findings(), @"
    error: sites/a/lines/201.toml:1: `keys.2` does not exist on `cisco-dp-9841`, which is only known to have 1 keys [no-such-key]
      hint: it is kept, and not sent
    error: sites/a/phones/001565aabbcc.toml:2: the phone has 2 lines, but `cisco-dp-9841` is only known to have 1; the others are not sent [too-many-lines]
    ");
}

#[test]
fn a_user_does_not_set_free_keys() {
    let sent = |model: &str, firmware: &str, may: bool| {
        let line = format!("settings.user_may_edit_keys = {may}\n");
        phone_with(model, firmware, &line).sent(&["PLK", "<Extended_Function_2_"])
    };
    assert_snapshot!(sent("cisco-8841-3pcc", "", false), @r#"
    <Enable_Direct_PLK_Configuration>No</Enable_Direct_PLK_Configuration>
    <Customizable_PLK_Options></Customizable_PLK_Options>
    <Extended_Function_2_ ua="na"></Extended_Function_2_>
    "#);
    assert_snapshot!(sent("cisco-8841-3pcc", "", true), @r#"
    <Enable_Direct_PLK_Configuration>Yes</Enable_Direct_PLK_Configuration>
    <Customizable_PLK_Options>sd;</Customizable_PLK_Options>
    <Extended_Function_2_ ua="rw"></Extended_Function_2_>
    "#);
    // Old firmware has no such switch.
    assert_snapshot!(sent("cisco-8841-3pcc", "firmware = \"11.3.6\"", false), @r#"
    <Customizable_PLK_Options></Customizable_PLK_Options>
    <Extended_Function_2_ ua="na">fnc=inert</Extended_Function_2_>
    "#);
    assert_snapshot!(sent("cisco-8841-3pcc", "firmware = \"11.3.7\"", false), @r#"
    <Enable_Direct_PLK_Configuration>No</Enable_Direct_PLK_Configuration>
    <Customizable_PLK_Options></Customizable_PLK_Options>
    <Extended_Function_2_ ua="na"></Extended_Function_2_>
    "#);
    assert_snapshot!(sent("cisco-dp-9861", "firmware = \"3.2.1\"", false), @r#"
    <Enable_Direct_PLK_Configuration>No</Enable_Direct_PLK_Configuration>
    <Customizable_PLK_Options></Customizable_PLK_Options>
    <Extended_Function_2_ ua="na"></Extended_Function_2_>
    "#);
    assert_snapshot!(sent("cisco-7811-3pcc", "", false), @"<Customizable_PLK_Options></Customizable_PLK_Options>");
}

#[test]
fn old_firmware_switches_do_not_disturb_by_a_soft_key_only() {
    let site = format!("services = \"phone\"\n{}", SITE.replace("feature_codes = \"ovh\"", ""));
    let sent = |model: &str, firmware: &str| {
        let keys = "keys.2.function = \"do_not_disturb\"\nsoft_keys.1.function = \"do_not_disturb\"\n";
        phone_with(model, firmware, keys)
            .with("sites/a/site.toml", &site)
            .sent(&["<Extended_Function_2_", "<Idle_Key_List"])
    };
    assert_snapshot!(sent("cisco-8841-3pcc", "firmware = \"12.0.1\""), @r#"
    <Extended_Function_2_ ua="na">fnc=dnd</Extended_Function_2_>
    <Idle_Key_List>dnd|1;</Idle_Key_List>
    "#);
    assert_snapshot!(sent("cisco-8841-3pcc", "firmware = \"11.0.1\""), @r#"
    <Extended_Function_2_ ua="na">fnc=inert</Extended_Function_2_>
    <Idle_Key_List>dnd|1;</Idle_Key_List>
    "#);
    assert_snapshot!(sent("cisco-dp-9861", "firmware = \"3.2.1\""), @r#"
    <Extended_Function_2_ ua="na">fnc=dnd</Extended_Function_2_>
    <Idle_Key_List>dnd|1;</Idle_Key_List>
    "#);
}

#[test]
fn a_label_cannot_say_a_function() {
    let keys = "keys.2 = { function = \"dial\", number = \"202\", label = \"a;fnc=dnd+$USER <b>\" }\n";
    assert_snapshot!(phone("cisco-7841-3pcc", keys).sent(&["Short_Name_2_", "Extended_Function_2_"]), @r#"
    <Short_Name_2_ ua="na">a;fnc=dnd+ USER &lt;b&gt;</Short_Name_2_>
    <Extended_Function_2_ ua="na">fnc=sd;ext=202@$PROXY;vid=1;nme=a,fnc-dnd  USER &lt;b&gt;</Extended_Function_2_>
    "#);
}

#[test]
fn a_list_of_servers_is_not_put_into_speed_dials() {
    let line = "sip.backup_server = \"sip2.example.org\"\nkeys.2 = { function = \"dial\", number = \"202\" }\nsoft_keys.1 = { function = \"dial\", number = \"203\" }\nmodules.1.keys.1 = { function = \"supervise\", number = \"203\" }\n";
    assert_snapshot!(phone_with("cisco-8851-3pcc", "modules = 1", line).sent(&["<Proxy_1_", "fnc="]), @r#"
    <Proxy_1_>sip.example.org:SRV=sip.example.org:5060:p=0|sip2.example.org:5060:p=1</Proxy_1_>
    <Extended_Function_2_ ua="na">fnc=sd;ext=202@sip.example.org;vid=1;nme=202</Extended_Function_2_>
    <Unit_1_Key_1_ ua="na">fnc=blf+sd+cp;sub=203@sip.example.org;vid=1;nme=203</Unit_1_Key_1_>
    <PSK_1 ua="na">fnc=sd;ext=203@sip.example.org;vid=1;nme=203</PSK_1>
    "#);
}

#[test]
fn a_word_that_an_mpp_phone_does_not_know_would_cost_it_its_soft_keys() {
    let keys = "soft_keys.1.function = \"redial\"\nsoft_keys.2.function = \"hold\"\nsoft_keys.3 = { function = \"dial\", number = \"202\" }\nsoft_keys.4.function = \"reject\"\nsoft_keys.5.function = \"retrieve\"\nsoft_keys.16.function = \"history\"\n";
    let lists = |model: &str| phone(model, keys).sent(&["Programmable_Softkey_Enable", "<PSK_3", "_Key_List"]);
    assert_snapshot!(lists("cisco-8841-3pcc"), @r#"
    <Programmable_Softkey_Enable>Yes</Programmable_Softkey_Enable>
    <PSK_3 ua="na">fnc=sd;ext=202@$PROXY;vid=1;nme=202</PSK_3>
    <Idle_Key_List>redial|1;psk3|3;recents|16;</Idle_Key_List>
    <Ringing_Key_List>ignore|4;answer;</Ringing_Key_List>
    <Connected_Key_List>hold|2;bxfer;xfer;endcall;conf;crdstart;crdstop;confLx;xferLx;park;phold;flash;dnd;</Connected_Key_List>
    <Hold_Key_List>resume|5;endcall;newcall;redial;dir;cfwd;dnd;crdstart;crdstop;</Hold_Key_List>
    "#);
    assert_snapshot!(lists("cisco-dp-9861"), @r#"
    <Programmable_Softkey_Enable>Yes</Programmable_Softkey_Enable>
    <PSK_3 ua="na">fnc=sd;ext=202@$PROXY;vid=1;nme=202</PSK_3>
    <Idle_Key_List>redial|1;psk3|3;recents|16;</Idle_Key_List>
    <Ringing_Key_List>ignore|4;answer;ignoresilent;ignoreall;home;</Ringing_Key_List>
    <Connected_Key_List>hold|2;endcall;newcall;conf;xfer;bxfer;park;phold;crdstart;crdpause;crdresume;crdstop;home;</Connected_Key_List>
    <Hold_Key_List>resume|5;endcall;newcall;home;</Hold_Key_List>
    "#);
    // The words of the sheet, and those that FusionPBX's exports have besides.
    let known = "answer ignore ignoresilent hold resume endcall cancel xfer bxfer xferLx conf confLx join park unpark pickup gpickup redial recents \
        miss lcr dir favorites messages settings cfwd dnd newcall acd_login acd_logout avail unavail astate barge phold swap starcode option \
        crdstart crdstop crdpause crdresume flash home ignoreall psk3";
    for model in ["cisco-8841-3pcc", "cisco-dp-9861", "cisco-6871-3pcc"] {
        for line in lists(model).lines().filter(|line| line.contains("_Key_List>")) {
            let list = line.split(['<', '>']).nth(2).unwrap_or_default();
            let words =
                list.split(';').filter(|word| !word.is_empty()).map(|word| word.split('|').next().unwrap_or_default());
            words.for_each(|word| assert!(known.split(' ').any(|known| known == word), "{model}: {word}"));
        }
    }
    assert_snapshot!(phone("cisco-8841-3pcc", "").sent(&["Programmable_Softkey_Enable", "_Key_List"]), @"<Programmable_Softkey_Enable>No</Programmable_Softkey_Enable>");
}

#[test]
fn an_mpp_phone_polls_and_ends_no_run_early() {
    assert_snapshot!(phone("cisco-8841-3pcc", "").sent(&["<Resync_", "Profile_Rule", "<Upgrade_"]), @"
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
    <Upgrade_Enable>Yes</Upgrade_Enable>
    <Resync_On_Reset>Yes</Resync_On_Reset>
    <Upgrade_Rule></Upgrade_Rule>
    ");
}

#[test]
fn an_https_rule_wants_a_name() {
    let fleet = phone("cisco-8841-3pcc", "").with("fleet.toml", "schema = 1\npublic_url = \"https://192.0.2.1\"\n");
    assert_snapshot!(fleet.findings(), @"
    warning: fleet.toml: phones of the family `cisco-mpp` do not fetch from `https://192.0.2.1`: over https they need a name [needs-host-name]
      hint: give public_url a host name, or a plain listener
    ");
}

#[test]
fn the_network_side_of_an_adapter_is_in_its_own_block() {
    let text = phone(
        "cisco-ata192",
        "settings.admin_password = \"a\"\nsettings.vlan_mode = \"voice\"\nsettings.vlan_voice_id = 20\n",
    )
    .file();
    let (flat, block) = text.split_once("<router-configuration>").expect("the block is there");
    assert!(!flat.contains("VLAN") && !flat.contains("Time_Zone") && !flat.contains("Web_Login"), "{flat}");
    assert_snapshot!(block.trim(), @"
    <WAN_VLAN_Setting>
    <WAN_VLAN_Enable>1</WAN_VLAN_Enable>
    <WAN_VLAN_ID>20</WAN_VLAN_ID>
    </WAN_VLAN_Setting>
    <CLDP_Setting>
    <CDP_ENABLE>1</CDP_ENABLE>
    <LLDP_ENABLE>1</LLDP_ENABLE>
    </CLDP_Setting>
    <Time_Setup>
    <Time_Zone>+01 2 2</Time_Zone>
    <Auto_Adjust_Clock>1</Auto_Adjust_Clock>
    <Time_Server_Mode>manual</Time_Server_Mode>
    <Time_Server>pool.ntp.org</Time_Server>
    <Time_Mode>1</Time_Mode>
    </Time_Setup>
    <Web_Login_Admin_Password>‹secret:admin_password@001565aabbcc›</Web_Login_Admin_Password>
    </router-configuration>


    </flat-profile>
    ");
}

#[test]
fn a_9800_has_names_of_its_own() {
    let line = "settings.language = \"en\"\nsettings.hide_my_number = true\n";
    let words = ["Language", "Block_CID", "Share_Ext_1_", "Voice_Mail_Enable_1_", "Back_Light", "Connected_Meeting"];
    assert_snapshot!(phone("cisco-dp-9851", line).sent(&words), @"
    <Phone_Language>English-US</Phone_Language>
    <Block_CID_Setting>Yes</Block_CID_Setting>
    <Share_Ext_1_>No</Share_Ext_1_>
    <Voice_Mail_Enable_1_>Yes</Voice_Mail_Enable_1_>
    <Block_CID_Enable_1_>Yes</Block_CID_Enable_1_>
    <Block_CID_Enable_2_>No</Block_CID_Enable_2_>
    <Block_CID_Enable_3_>No</Block_CID_Enable_3_>
    <Block_CID_Enable_4_>No</Block_CID_Enable_4_>
    <Block_CID_Enable_5_>No</Block_CID_Enable_5_>
    <Block_CID_Enable_6_>No</Block_CID_Enable_6_>
    <Block_CID_Per_Call_Act_Code></Block_CID_Per_Call_Act_Code>
    <Block_CID_Per_Call_Deact_Code></Block_CID_Per_Call_Deact_Code>
    <Block_CID_Act_Code></Block_CID_Act_Code>
    <Block_CID_Deact_Code></Block_CID_Deact_Code>
    ");
    assert_snapshot!(phone("cisco-8841-3pcc", line).sent(&words), @"
    <Language_Selection>English-US</Language_Selection>
    <Back_Light_Timer>5m</Back_Light_Timer>
    <Block_CID_Setting>Yes</Block_CID_Setting>
    <Share_Ext_1_>private</Share_Ext_1_>
    <Block_CID_Per_Call_Act_Code></Block_CID_Per_Call_Act_Code>
    <Block_CID_Per_Call_Deact_Code></Block_CID_Per_Call_Deact_Code>
    <Block_CID_Act_Code></Block_CID_Act_Code>
    <Block_CID_Deact_Code></Block_CID_Deact_Code>
    ");
}
