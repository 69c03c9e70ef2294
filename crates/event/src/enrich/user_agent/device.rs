//! The kind of device, by its user agent: there are five, and each device that people browse with is one of them.

/// What else is known of the device.
pub(super) struct Known<'a> {
    /// Sec-CH-UA-Mobile.
    pub(super) mobile: Option<&'a str>,
    pub(super) os: Option<&'a str>,
}

/// Television sets, what is plugged into them, and consoles that are.
const TV: &[&str] = &[
    "SMART-TV",
    "SmartTV",
    "Smart TV",
    "smart-tv",
    "Smart-TV",
    "HbbTV",
    "Apple TV",
    "AppleTV",
    "tvOS",
    "GoogleTV",
    "Google TV",
    "Android TV",
    "AndroidTV",
    "BRAVIA",
    "NetCast",
    "NETTV",
    "Web0S",
    "webOS.TV",
    "Roku",
    "CrKey",
    "Chromecast",
    "VIDAA",
    " VIERA",
    "Viera/",
    "; Viera",
    "Vizio",
    "ViziOS",
    "InettvBrowser",
    "OPR TV",
    "Opera TV",
    "MiTV",
    "MiBOX",
    "MIBOX",
    "SHIELD Android TV",
    "TV Bro",
    "TV Safari",
    "CE-HTML",
    "Espial",
    "NETRANGEMMH",
    "PlayStation 3",
    "PLAYSTATION 3",
    "PlayStation 4",
    "PlayStation 5",
    "Xbox",
    "XBOX",
    "Nintendo",
];
/// Models of Amazon's Fire TV begin like this; after what each may stand.
const FIRE_TV: [&str; 5] = [" AFT", ";AFT", "(AFT", "_AFT", "/AFT"];

/// Worn, driven or spoken to.
const OTHER: &[&str] = &[
    "Apple Watch",
    "AppleWatch",
    "watchOS",
    "Watch OS",
    "SM-R",
    "Wear OS",
    "OculusBrowser",
    "PicoBrowser",
    "QtCarBrowser",
    "Tesla/",
    "CarPlay",
    "Android Automotive",
    "SmartSpeaker",
];

/// Tablets and readers that say so.
const TABLET: &[&str] = &[
    "iPad",
    "ipad",
    "Kindle",
    "Silk/",
    "PlayBook",
    "Nook",
    "NOOK",
    "Kobo",
    "PocketBook",
    "Pixel Tablet",
    "Nexus 7",
    "Nexus 9",
    "Nexus 10",
    "FBID/tablet",
    "/apad",
    "TouchPad",
    "Surface Duo",
];
/// Models of tablets begin like this, and then a digit follows or a letter: Samsung's, Lenovo's, and Amazon's Fire.
const TABLET_MODELS: [&str; 6] = ["SM-T", "SM-X", "SM-P", "GT-P", "TB", "KF"];
/// A tablet's model has one of these words, alone or at the end of another: Galaxy Tab, MediaPad.
const TABLET_WORDS: [&str; 4] = ["Tab", "TAB", "Pad", "PAD"];

const MOBILE: &[&str] = &[
    "Mobi",
    "iPhone",
    "iPod",
    "Windows Phone",
    "Lumia",
    "Opera Mini",
    "BlackBerry",
    "MIDP",
    "Symbian",
    "SymbOS",
    "KAIOS",
    "PlayStation Vita",
    "PlayStation Portable",
];

const DESKTOP: &[&str] =
    &["Windows NT", "Macintosh", "Mac OS X", "X11", "CrOS", "Linux x86_64", "Linux i686", "Windows;", "Win64"];

/// desktop, mobile, tablet, tv or other.
pub(super) fn class(user_agent: &str, known: &Known<'_>) -> &'static str {
    let has = |marks: &[&str]| marks.iter().any(|mark| user_agent.contains(mark));
    let is_android = known.os == Some("Android");
    let is_handheld = has(&["PlayStation Vita", "PlayStation Portable", "Nintendo 3DS", "Nintendo DS"]);
    if is_handheld {
        "mobile"
    } else if has(TV) || has(&FIRE_TV) || (has(&[" TV "]) && !has(&["Mobile"])) {
        "tv"
    } else if has(OTHER) {
        "other"
    } else if has(TABLET)
        || is_ipad_as_mac(user_agent)
        || is_tablet_model(user_agent)
        || says_tablet(user_agent, is_android)
    {
        "tablet"
    } else if known.mobile == Some("?1") || has(MOBILE) {
        "mobile"
    } else if is_android {
        // On a phone, Android's browsers say `Mobile`; its other programs never do.
        if has(&["AppleWebKit/", "Gecko/"]) { "tablet" } else { "mobile" }
    } else if has(DESKTOP) || known.os == Some("macOS") {
        "desktop"
    } else if known.os == Some("iOS") {
        "mobile"
    } else {
        "other"
    }
}

/// An iPad asks for the pages of a desktop and says that it is a Mac, but no Mac has a build of iOS.
pub(super) fn is_ipad_as_mac(user_agent: &str) -> bool {
    user_agent.contains("Macintosh") && (user_agent.contains(" Mobile/") || user_agent.contains("iPad"))
}

fn says_tablet(user_agent: &str, is_android: bool) -> bool {
    let goes_on = |end: usize| user_agent[end..].starts_with(|char: char| char.is_alphabetic());
    let has_word = |word: &&str| user_agent.match_indices(*word).any(|(at, _)| !goes_on(at + word.len()));
    (user_agent.contains("Tablet") && !user_agent.contains("Tablet PC"))
        || (is_android && TABLET_WORDS.iter().any(has_word))
}

fn is_tablet_model(user_agent: &str) -> bool {
    TABLET_MODELS.iter().any(|model| {
        user_agent.match_indices(model).any(|(at, _)| {
            let before = user_agent[..at].chars().next_back();
            let after = user_agent[at + model.len()..].chars().next();
            let begins = before.is_none_or(|char| !char.is_alphanumeric());
            begins && after.is_some_and(|char| char.is_ascii_digit() || (*model == "KF" && char.is_ascii_uppercase()))
        })
    })
}
