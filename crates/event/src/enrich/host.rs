//! What the name of a host says about how a visitor came from there.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::channel_name::{MAIL, SEARCH};

/// A line of data/channels.txt knows about a host.
#[derive(Clone, Copy)]
struct Known {
    channel: &'static str,
    /// Whether the hosts below it are of the same channel.
    covers: bool,
}

static HOSTS: LazyLock<HashMap<&str, Known>> = LazyLock::new(|| {
    let lines = include_str!("../../data/channels.txt").lines().filter(|line| !line.starts_with('#'));
    let words = lines.map(str::split_ascii_whitespace);
    words
        .flat_map(|mut words| {
            let channel = words.next().unwrap_or_default();
            words.map(move |word| {
                let host = word.strip_prefix("*.");
                (host.unwrap_or(word), Known { channel, covers: channel != SEARCH || host.is_some() })
            })
        })
        .collect()
});

/// The channel of the longest known host that is the host itself or, if it covers them, a parent domain of it. A host that
/// is not known may say by its name that it is a webmail.
pub(super) fn of_host(host: &str) -> Option<&'static str> {
    /// Where a site has its pages for phones, and `www.` where it was not taken off.
    const FRONTS: [&str; 6] = ["", "www.", "m.", "mobile.", "wap.", "www1."];
    let suffixes = std::iter::successors(Some(host), |host| host.split_once('.').map(|(_, parent)| parent));
    let found = suffixes.into_iter().find_map(|suffix| Some((known(suffix)?, host.strip_suffix(suffix)?)));
    let channel = found.filter(|(known, front)| known.covers || FRONTS.contains(front)).map(|(known, _)| known.channel);
    channel.or_else(|| is_webmail(host).then_some(MAIL))
}

/// `webmail.example.com`, but not `mail.com`.
fn is_webmail(host: &str) -> bool {
    const NAMES: [&str; 7] = ["mail", "webmail", "email", "roundcube", "owa", "zimbra", "horde"];
    host.split_once('.').is_some_and(|(name, domain)| NAMES.contains(&name) && domain.contains('.'))
}

fn known(host: &str) -> Option<Known> {
    HOSTS.get(host).or_else(|| HOSTS.get(&*any_country(host)?)).copied()
}

/// `google.*` for `google.de` and `google.co.uk`, but not for `google.example.com` or `google.example`, which anyone could
/// own, and not for `yandex.cloud`, which is no search.
fn any_country(host: &str) -> Option<String> {
    let (name, ending) = host.rsplit_once('.')?;
    let is_country = ending.len() == 2 && ending.bytes().all(|byte| byte.is_ascii_lowercase());
    let second_level = name.rsplit_once('.').filter(|(_, kind)| matches!(*kind, "co" | "com" | "ne" | "or"));
    match second_level {
        Some((name, _)) if is_country => Some(format!("{name}.*")),
        // Catalonia has a domain of three letters.
        _ => (is_country || ending == "com" || ending == "cat").then(|| format!("{name}.*")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::channel_name::{PAID, REFERRAL, SOCIAL};

    #[test]
    fn the_list_names_each_host_once_and_only_known_channels() {
        let lines = include_str!("../../data/channels.txt").lines().filter(|line| !line.starts_with('#'));
        let words: Vec<&str> = lines.clone().flat_map(|line| line.split_ascii_whitespace().skip(1)).collect();
        let mut sorted = words.clone();
        sorted.sort_unstable();
        let twice: Vec<_> = sorted.windows(2).filter(|pair| pair[0] == pair[1]).collect();
        assert!(twice.is_empty(), "{twice:?}");
        assert_eq!(words.len(), HOSTS.len());
        assert!(words.iter().all(|host| host.to_ascii_lowercase() == **host && host.contains('.')), "{words:?}");
        let channels = [MAIL, SOCIAL, SEARCH, PAID, REFERRAL];
        assert!(lines.clone().all(|line| channels.contains(&line.split(' ').next().unwrap())));
    }

    const SEARCHES: &str = "
        google.com google.de google.co.uk google.com.br google.cat images.google.fr news.google.de
        scholar.google.com lens.google.com cse.google.com m.google.com bing.com cn.bing.com www.bing.com
        duckduckgo.com html.duckduckgo.com lite.duckduckgo.com yahoo.com yahoo.co.jp search.yahoo.com
        uk.search.yahoo.com r.search.yahoo.com images.search.yahoo.com search.yahoo.co.jp yandex.ru
        yandex.com.tr ya.ru m.yandex.ru baidu.com m.baidu.com image.baidu.com wap.sogou.com m.so.com
        search.naver.com m.search.naver.com naver.com search.daum.net search.seznam.cz seznam.cz ecosia.org
        qwant.com lite.qwant.com search.brave.com startpage.com kagi.com go.mail.ru nova.rambler.ru
        perplexity.ai s3-eu4.startpage.com uk.ask.com search.tb.ask.com";
    const OTHERS: &str = "
        accounts.google.com docs.google.com classroom.google.com calendar.google.com meet.google.com
        drive.google.com groups.google.com translate.google.com translate.google.de sites.google.com
        maps.google.com maps.google.co.uk photos.google.com cloud.google.com play.google.com support.google.com
        myaccount.google.com keep.google.com colab.research.google.com developers.google.com firebase.google.com
        mail.google.com gemini.google.com ads.google.com chat.google.com contacts.google.com
        notebooklm.google.com forms.google.com script.google.com mail.yandex.ru disk.yandex.ru music.yandex.com
        market.yandex.ru yandex.cloud mail.yahoo.com finance.yahoo.com news.yahoo.com sports.yahoo.com
        news.yahoo.co.jp login.yahoo.com baike.baidu.com tieba.baidu.com pan.baidu.com zhidao.baidu.com
        wenku.baidu.com onedrive.live.com outlook.live.com copilot.microsoft.com edgeservices.bing.com msn.com
        mail.naver.com blog.naver.com cafe.naver.com m.blog.naver.com news.naver.com mail.daum.net cafe.daum.net
        accounts.ecosia.org blog.ecosia.org email.seznam.cz maps.qwant.com help.duckduckgo.com talk.brave.com
        community.brave.com brave.com mail.rambler.ru news.mail.ru mail.ru translate.kagi.com chatgpt.com
        claude.ai google.evil.example google.example notgoogle.com google.com.evil.example doubleclick.net";

    #[test]
    fn a_search_engines_other_services_are_no_search() {
        for host in SEARCHES.split_whitespace() {
            assert_eq!(of_host(host), Some(SEARCH), "{host}");
        }
        for host in OTHERS.split_whitespace() {
            assert_ne!(of_host(host), Some(SEARCH), "{host}");
        }
    }

    #[test]
    fn a_host_is_of_its_own_channel() {
        for (host, channel) in [
            ("mail.google.com", Some(MAIL)),
            ("mail.yahoo.co.jp", Some(MAIL)),
            ("e.mail.ru", Some(MAIL)),
            ("mail.yandex.kz", Some(MAIL)),
            ("email.seznam.cz", Some(MAIL)),
            ("email.t-online.de", Some(MAIL)),
            ("navigator.web.de", Some(MAIL)),
            ("deref-gmx.net", Some(MAIL)),
            ("outlook.live.com", Some(MAIL)),
            ("outlook.cloud.microsoft", Some(MAIL)),
            ("mail.proton.me", Some(MAIL)),
            ("email.ionos.de", Some(MAIL)),
            ("com.google.android.gm", Some(MAIL)),
            ("webmail.provider.example", Some(MAIL)),
            ("mail.university.example", Some(MAIL)),
            ("mail.yahoo.de", Some(MAIL)),
            ("mail.example", None),
            ("web.de", None),
            ("gmx.net", None),
            ("mail.ru", None),
            ("proton.me", None),
            ("drive.proton.me", None),
            ("l.facebook.com", Some(SOCIAL)),
            ("lm.facebook.com", Some(SOCIAL)),
            ("l.instagram.com", Some(SOCIAL)),
            ("out.reddit.com", Some(SOCIAL)),
            ("away.vk.com", Some(SOCIAL)),
            ("lnkd.in", Some(SOCIAL)),
            ("youtube.com", Some(SOCIAL)),
            ("my.mail.ru", Some(SOCIAL)),
            ("tieba.baidu.com", Some(SOCIAL)),
            ("cafe.naver.com", Some(SOCIAL)),
            ("chiebukuro.yahoo.co.jp", Some(SOCIAL)),
            ("dzen.ru", Some(SOCIAL)),
            ("com.instagram.barcelona", Some(SOCIAL)),
            ("googleads.g.doubleclick.net", Some(PAID)),
            ("googleadservices.com", Some(PAID)),
            ("syndicatedsearch.goog", Some(PAID)),
            ("tpc.googlesyndication.com", Some(PAID)),
            ("gemini.google.com", None),
            ("chatgpt.com", None),
        ] {
            assert_eq!(of_host(host), channel, "{host}");
        }
    }
}
