//! Masks what a URL's query must not tell: passwords and tokens by their names, e-mail addresses and signed tokens by their
//! looks. Sites put them there in links of mails, logins and forms; to count pages they are not needed.

use percent_encoding::percent_decode_str;

/// Names of parameters, in lower case, whose values are masked unless the operator names others.
pub const MASKED_NAMES: [&str; 36] = [
    "access_token",
    "api_key",
    "api_token",
    "apikey",
    "auth",
    "auth_token",
    "authorization",
    "client_secret",
    "e-mail",
    "email",
    "id_token",
    "jsessionid",
    "jwt",
    "mail",
    "otp",
    "pass",
    "passwd",
    "password",
    "phone",
    "phpsessid",
    "pwd",
    "refresh_token",
    "reset_token",
    "secret",
    "session",
    "session_id",
    "sessionid",
    "sid",
    "sig",
    "signature",
    "tel",
    "ticket",
    "token",
    "user_email",
    "username",
    "x-amz-signature",
];

/// In the place of a value.
const MASK: &str = "***";
const SEPARATORS: [char; 4] = ['?', '#', '&', ';'];

/// The URL with its secrets masked; `None` if it has none. `names`: of parameters, in lower case; without any, nothing is masked.
pub(crate) fn masked(url: &str, names: &[String]) -> Option<String> {
    if names.is_empty() {
        return None;
    }
    let mut rest = &url[url.find(['?', '#'])?..];
    let mut masked = url[..url.len() - rest.len()].to_owned();
    let mut has_secret = false;
    // A query, or what follows the route in a fragment. One URL within another is divided, too.
    while let Some(separator) = rest.chars().next() {
        let pair = &rest[separator.len_utf8()..];
        let pair = &pair[..pair.find(SEPARATORS).unwrap_or(pair.len())];
        let (name, value) = pair.split_once('=').unwrap_or(("", pair));
        masked.push(separator);
        if is_secret(name, value, names) {
            has_secret = true;
            masked.push_str(&pair[..pair.len() - value.len()]);
            masked.push_str(MASK);
        } else {
            masked.push_str(pair);
        }
        rest = &rest[separator.len_utf8() + pair.len()..];
    }
    has_secret.then_some(masked)
}

fn is_secret(name: &str, value: &str, names: &[String]) -> bool {
    if value.is_empty() || value == MASK {
        return false;
    }
    let decoded = |text| percent_decode_str(text).decode_utf8_lossy();
    let (name, value) = (decoded(name).to_lowercase(), decoded(value));
    names.contains(&name) || has_email_address(&value) || is_signed_token(&value)
}

fn has_email_address(text: &str) -> bool {
    text.match_indices('@').any(|(at, _)| {
        let has_user = text[..at].ends_with(|last: char| last.is_alphanumeric() || "._%+-".contains(last));
        let host = &text[at + 1..];
        let host = &host[..host.find(|c: char| !c.is_alphanumeric() && !".-".contains(c)).unwrap_or(host.len())];
        let last = host.trim_end_matches('.').rsplit_once('.');
        has_user
            && last.is_some_and(|(first, last)| {
                !first.is_empty() && last.chars().count() > 1 && last.chars().all(char::is_alphabetic)
            })
    })
}

/// A JSON Web Token: three parts, of which the first is a JSON object in base64.
fn is_signed_token(text: &str) -> bool {
    text.starts_with("eyJ") && text.split('.').filter(|part| !part.is_empty()).count() == 3
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(url: &str) -> Option<String> {
        masked(url, &MASKED_NAMES.map(str::to_owned))
    }

    #[test]
    fn names_are_in_order() {
        assert!(MASKED_NAMES.is_sorted());
        assert!(MASKED_NAMES.iter().all(|name| *name == name.to_lowercase()));
    }

    #[test]
    fn secrets_are_masked_by_their_names_and_by_their_looks() {
        for (url, stored) in [
            ("https://a.b/?token=abc", "https://a.b/?token=***"),
            (
                "https://a.b/reset?lang=de&Reset_Token=abc%3D&x=1#top",
                "https://a.b/reset?lang=de&Reset_Token=***&x=1#top",
            ),
            ("https://a.b/cb#access_token=abc&state=1", "https://a.b/cb#access_token=***&state=1"),
            ("https://a.b/#/login?password=a=b", "https://a.b/#/login?password=***"),
            ("https://a.b/?%70assword=x", "https://a.b/?%70assword=***"),
            ("https://a.b/?u=jane.doe%2Bshop%40example.org&p=1", "https://a.b/?u=***&p=1"),
            ("https://a.b/?jane@example.org", "https://a.b/?***"),
            ("https://a.b/?to=mailto:jäne@bücher.example", "https://a.b/?to=***"),
            ("https://a.b/?next=/in?sid=1&utm_source=x", "https://a.b/?next=/in?sid=***&utm_source=x"),
            ("https://a.b/?t=eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln", "https://a.b/?t=***"),
            ("https://a.b/;jsessionid=1?jsessionid=2;x=3", "https://a.b/;jsessionid=1?jsessionid=***;x=3"),
        ] {
            assert_eq!(of(url).as_deref(), Some(stored), "{url}");
            assert_eq!(of(stored), None, "{stored}");
        }
    }

    #[test]
    fn everything_else_stays_as_it_was_sent() {
        for url in [
            "https://a.b/",
            "https://a.b/jane@example.org",
            "https://a.b/?q=@home&at=5@noon&v=a@b&w=@a.example",
            "https://a.b/?token=&token&tokens=3&utm_source=mail",
            "https://a.b/?q=eyJ.x&z=eyJhbGciOiJIUzI1NiJ9.only-two",
            "https://a.b/?a=%ff&&&=",
            "https://a.b/#/@jane",
            "no url at all",
        ] {
            assert_eq!(of(url), None, "{url}");
        }
        assert_eq!(masked("https://a.b/?token=abc&u=jane@example.org", &[]), None, "switched off");
        assert_eq!(
            masked("https://a.b/?mine=abc&token=1", &["mine".to_owned()]).as_deref(),
            Some("https://a.b/?mine=***&token=1")
        );
    }
}
