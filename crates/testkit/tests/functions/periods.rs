//! The ranges of named periods.

use crate::one_day::one_day;

#[tokio::test]
async fn a_name_gives_a_range_and_one_to_compare_with() {
    let day = one_day().await;
    // Half a minute past 11:30 on Tuesday, 27 October 2026, in Berlin, where summer time ended on the 25th.
    let at = "'Europe/Berlin', '2026-10-27 10:30:30Z'";
    for (name, answer) in [
        (
            "realtime",
            r#"("2026-10-27 10:01:00+00","2026-10-27 10:31:00+00","2026-10-27 09:31:00+00","2026-10-27 10:01:00+00",00:01:00)"#,
        ),
        (
            "24h",
            r#"("2026-10-26 10:31:00+00","2026-10-27 10:31:00+00","2026-10-25 10:31:00+00","2026-10-26 10:31:00+00",01:00:00)"#,
        ),
        (
            "today",
            r#"("2026-10-26 23:00:00+00","2026-10-27 10:31:00+00","2026-10-25 23:00:00+00","2026-10-26 10:31:00+00",01:00:00)"#,
        ),
        (
            "yesterday",
            r#"("2026-10-25 23:00:00+00","2026-10-26 23:00:00+00","2026-10-24 22:00:00+00","2026-10-25 23:00:00+00",01:00:00)"#,
        ),
        (
            "7d",
            r#"("2026-10-20 22:00:00+00","2026-10-27 10:31:00+00","2026-10-13 22:00:00+00","2026-10-20 09:31:00+00","1 day")"#,
        ),
        (
            "30d",
            r#"("2026-09-27 22:00:00+00","2026-10-27 10:31:00+00","2026-08-28 22:00:00+00","2026-09-27 09:31:00+00","1 day")"#,
        ),
        (
            "month",
            r#"("2026-09-30 22:00:00+00","2026-10-27 10:31:00+00","2026-08-31 22:00:00+00","2026-09-27 09:31:00+00","1 day")"#,
        ),
        (
            "year",
            r#"("2025-12-31 23:00:00+00","2026-10-27 10:31:00+00","2024-12-31 23:00:00+00","2025-10-27 10:31:00+00","1 mon")"#,
        ),
    ] {
        day.answers(&format!("footfall.period('{name}', {at})"), &[answer]).await;
    }
    // The last day of a month is compared with up to the last day of a shorter month.
    let short = "(SELECT previous_until FROM footfall.period('month', at => '2026-03-31 10:30:30Z'))";
    day.answers(short, &[r#"("2026-02-28 10:31:00+00")"#]).await;
    assert_eq!(day.refusal("footfall.period('fortnight')").await, "unknown period: \"fortnight\"");
}

#[tokio::test]
async fn a_period_that_is_not_over_ends_with_the_next_minute_and_not_after_its_day() {
    let day = one_day().await;
    let until = |name: &str, zone: &str, at: &str| {
        format!("(SELECT until, previous_until FROM footfall.period('{name}', '{zone}', '{at}'))")
    };
    for (name, zone, at, answer) in [
        // A client's clock may be two seconds ahead.
        ("24h", "UTC", "2026-10-27 10:30:57.999999Z", r#"("2026-10-27 10:31:00+00","2026-10-26 10:31:00+00")"#),
        ("24h", "UTC", "2026-10-27 10:30:58Z", r#"("2026-10-27 10:32:00+00","2026-10-26 10:32:00+00")"#),
        ("today", "UTC", "2026-10-27 23:59:59Z", r#"("2026-10-28 00:00:00+00","2026-10-27 00:00:00+00")"#),
        ("month", "UTC", "2026-10-27 23:59:59Z", r#"("2026-10-28 00:00:00+00","2026-09-28 00:00:00+00")"#),
        // 30 days of April are compared with the first 30 of March.
        ("month", "UTC", "2026-04-30 23:59:59Z", r#"("2026-05-01 00:00:00+00","2026-03-31 00:00:00+00")"#),
        ("month", "UTC", "2026-03-31 23:59:59Z", r#"("2026-04-01 00:00:00+00","2026-03-01 00:00:00+00")"#),
        // The minutes of a zone are those of UTC.
        ("7d", "Asia/Kathmandu", "2026-10-27 18:14:10Z", r#"("2026-10-27 18:15:00+00","2026-10-20 18:15:00+00")"#),
    ] {
        day.answers(&until(name, zone, at), &[answer]).await;
    }
}

#[tokio::test]
async fn a_period_begins_with_its_first_day_also_if_a_midnight_comes_twice_or_not_at_all() {
    let day = one_day().await;
    for (name, zone, at, answer) in [
        // Between the two midnights, and after the second. The day before ends with the first.
        ("today", "Atlantic/Azores", "2026-10-25 00:30Z", r#"("2026-10-25 00:00:00+00","2026-10-25 00:31:00+00")"#),
        ("today", "Atlantic/Azores", "2026-10-25 01:30Z", r#"("2026-10-25 00:00:00+00","2026-10-25 01:31:00+00")"#),
        ("yesterday", "Atlantic/Azores", "2026-10-25 00:30Z", r#"("2026-10-24 00:00:00+00","2026-10-25 00:00:00+00")"#),
        ("7d", "Atlantic/Azores", "2026-10-31 12:00Z", r#"("2026-10-25 00:00:00+00","2026-10-31 12:01:00+00")"#),
        // The day begins at 01:00.
        ("today", "Africa/Cairo", "2026-04-24 00:00Z", r#"("2026-04-23 22:00:00+00","2026-04-24 00:01:00+00")"#),
        // There was no 30 December.
        ("yesterday", "Pacific/Apia", "2011-12-31 00:00Z", r#"("2011-12-30 10:00:00+00","2011-12-30 10:00:00+00")"#),
        // One minute past midnight, the clock was put back to 23:01.
        ("today", "America/Goose_Bay", "2010-11-07 03:30Z", r#"("2010-11-07 03:00:00+00","2010-11-07 03:31:00+00")"#),
    ] {
        let range = format!("(SELECT since, until FROM footfall.period('{name}', '{zone}', '{at}'))");
        day.answers(&range, &[answer]).await;
    }
}

/// Names that Debian keeps in the package tzdata-legacy. Browsers report 18 of them, such as Asia/Calcutta and Europe/Kiev.
const FORMER_NAMES: &str = "\
    Africa/Asmera America/Argentina/ComodRivadavia America/Buenos_Aires America/Catamarca America/Cordoba \
    America/Fort_Wayne America/Godthab America/Indianapolis America/Jujuy America/Knox_IN America/Louisville \
    America/Mendoza America/Rosario Antarctica/South_Pole Asia/Ashkhabad Asia/Calcutta Asia/Choibalsan \
    Asia/Chungking Asia/Dacca Asia/Katmandu Asia/Macao Asia/Rangoon Asia/Saigon Asia/Thimbu Asia/Ujung_Pandang \
    Asia/Ulan_Bator Atlantic/Faeroe Australia/ACT Australia/LHI Australia/NSW Australia/North Australia/Queensland \
    Australia/South Australia/Tasmania Australia/Victoria Australia/West Brazil/Acre Brazil/DeNoronha Brazil/East \
    Brazil/West Canada/Atlantic Canada/Central Canada/Eastern Canada/Mountain Canada/Newfoundland Canada/Pacific \
    Canada/Saskatchewan Canada/Yukon Chile/Continental Chile/EasterIsland Cuba Egypt Eire Europe/Kiev \
    Europe/Uzhgorod Europe/Zaporozhye GB GB-Eire Greenwich Hongkong Iceland Iran Israel Jamaica Japan Kwajalein \
    Libya Mexico/BajaNorte Mexico/BajaSur Mexico/General NZ NZ-CHAT Navajo PRC Pacific/Enderbury Pacific/Ponape \
    Pacific/Truk Poland Portugal ROC ROK Singapore Turkey US/Alaska US/Aleutian US/Arizona US/Central \
    US/East-Indiana US/Eastern US/Hawaii US/Indiana-Starke US/Michigan US/Mountain US/Pacific US/Samoa Universal \
    W-SU";

/// Some that are in tzdata.
const OTHER_NAMES: &str = "UTC GMT Etc/UTC Etc/GMT Etc/GMT+12 EST5EDT Asia/Kolkata Europe/Kyiv America/Argentina/Buenos_Aires \
    America/Indiana/Indianapolis Antarctica/Troll Pacific/Kanton Pacific/Chatham Zulu";

#[tokio::test]
async fn postgresql_knows_every_name_that_a_browser_reports() {
    let day = one_day().await;
    let names = FORMER_NAMES.split(' ').chain(OTHER_NAMES.split(' '));
    let mut refused = Vec::new();
    for name in names {
        let question = "SELECT FROM footfall.period('today', $1)";
        if day.reader.query(question, &[&name]).await.is_err() {
            refused.push(name);
        }
    }
    assert!(refused.is_empty(), "install tzdata-legacy where PostgreSQL is: it does not know {refused:?}");
    // What a browser reports if it cannot tell.
    let refusal = day.refusal("footfall.period('today', 'Etc/Unknown')").await;
    assert_eq!(refusal, r#"time zone "Etc/Unknown" not recognized"#);
}
