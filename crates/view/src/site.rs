//! Serves the site and the tracker as nginx does with nixos/nginx/footfall-locations.conf: the same paths, cache
//! lifetimes and security headers. A test compares the two.
//!
//! The files are read once, at startup, so requests cannot reach any others. A file's ETag is the hash of its content,
//! because all files of a package may have the same modification time. A large or changing site needs a web server.

use std::collections::HashMap;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use httpdate::fmt_http_date;
use hyper::header::{
    ACCEPT_ENCODING, ACCESS_CONTROL_ALLOW_ORIGIN, ALLOW, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY,
    CONTENT_TYPE, ETAG, EXPIRES, HeaderName, HeaderValue, IF_NONE_MATCH, REFERRER_POLICY, VARY, X_CONTENT_TYPE_OPTIONS,
};
use hyper::{HeaderMap, Method, Response, StatusCode};
use percent_encoding::percent_decode_str;
use thiserror::Error;

use crate::answer::{Answer, whole};

/// All files and their compressed forms, which stay in memory.
const SITE_BYTES_MAX: usize = 32 * 1024 * 1024;
/// A smaller file gains nothing from compression.
const GZIP_BYTES_MIN: usize = 512;
const SECOND: Duration = Duration::from_secs(1);
const FIVE_MINUTES: Duration = Duration::from_secs(300);
const YEAR: Duration = Duration::from_secs(365 * 24 * 3_600);

/// Why the site cannot be served.
#[derive(Debug, Error)]
pub(crate) enum SiteError {
    /// A file or folder cannot be read.
    #[error("{}: {source}", path.display())]
    File { path: PathBuf, source: io::Error },
    /// The site is too large to keep in memory.
    #[error("its files are larger than {} MiB together: have a web server serve them", SITE_BYTES_MAX / 1024 / 1024)]
    TooLarge,
}

pub(crate) const CROSS_ORIGIN_RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// A file's content in one encoding.
struct Form {
    bytes: Bytes,
    etag: HeaderValue,
}

impl Form {
    fn new(bytes: impl Into<Bytes>) -> Self {
        let bytes = bytes.into();
        let hash = blake3::hash(&bytes).to_hex();
        let etag = HeaderValue::from_str(&format!("\"{}\"", &hash[..32]));
        // Quoted hexadecimal digits are always a valid header value.
        Self { bytes, etag: etag.unwrap_or(HeaderValue::from_static("\"\"")) }
    }
}

struct File {
    content_type: &'static str,
    plain: Form,
    gzip: Option<Form>,
    br: Option<Form>,
}

/// How long a browser may cache an answer.
#[derive(Clone, Copy)]
enum Age {
    /// The browser revalidates it each time, by its ETag.
    AskAgain,
    /// A fixed tracker soon reaches every page, and a visit does not fetch it again for each page.
    FiveMinutes,
    /// The file's name changes with its content.
    ForEver,
    /// An error, sent without caching headers.
    Unsaid,
}

pub(crate) struct Site {
    /// By path under `site/`, with a leading slash.
    pages: HashMap<String, File>,
    /// By path under `tracker/dist/`, with a leading slash.
    scripts: HashMap<String, File>,
}

impl Site {
    /// Reads `dir`/site and `dir`/tracker/dist.
    ///
    /// # Errors
    /// See [`SiteError`].
    pub(crate) fn read(dir: &Path) -> Result<Self, SiteError> {
        let mut left = SITE_BYTES_MAX;
        Ok(Self { pages: files(&dir.join("site"), &mut left)?, scripts: files(&dir.join("tracker/dist"), &mut left)? })
    }

    pub(crate) fn answer(&self, method: &Method, path: &str, headers: &HeaderMap) -> Answer {
        let path = percent_decode_str(path).decode_utf8_lossy();
        match self.find(&path) {
            Some(_) if !matches!(*method, Method::GET | Method::HEAD) => {
                let mut answer = sent(StatusCode::METHOD_NOT_ALLOWED, Bytes::new());
                answer.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
                answer
            }
            Some((file, age)) => {
                let mut answer = file.answer(StatusCode::OK, age, headers);
                if script_of_today(&path).is_some() {
                    // With an integrity attribute a browser reads the script by CORS.
                    answer.headers_mut().insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
                }
                answer
            }
            None => match self.pages.get("/404.html") {
                Some(page) => page.answer(StatusCode::NOT_FOUND, Age::Unsaid, headers),
                None => sent(StatusCode::NOT_FOUND, "There is nothing here.\n"),
            },
        }
    }

    fn find(&self, path: &str) -> Option<(&File, Age)> {
        if let Some(today) = script_of_today(path) {
            return match self.scripts.get(path) {
                Some(script) if today != path => Some((script, Age::ForEver)),
                // Requested by a page of another release.
                _ => self.scripts.get(&today).map(|script| (script, Age::FiveMinutes)),
            };
        }
        let page = match path {
            "/" => self.pages.get("/index.html"),
            // A single-page application: one document for all its paths.
            _ if path.starts_with("/shop/") => self.pages.get("/shop.html"),
            _ => self.pages.get(path).or_else(|| self.pages.get(&format!("{path}.html"))),
        };
        page.map(|page| (page, Age::AskAgain))
    }
}

/// The path without a hash, if it is the tracker's, with or without one.
fn script_of_today(path: &str) -> Option<String> {
    let stem = path.strip_suffix(".js")?;
    let is_hash = |text: &str| text.len() == 12 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let stem = stem.rsplit_once('.').filter(|(_, hash)| is_hash(hash)).map_or(stem, |(stem, _)| stem);
    matches!(stem, "/analytics" | "/analytics.core").then(|| format!("{stem}.js"))
}

/// All files below a folder, except hidden ones.
fn files(folder: &Path, left: &mut usize) -> Result<HashMap<String, File>, SiteError> {
    let mut all = HashMap::new();
    let mut folders = vec![(folder.to_owned(), String::new())];
    while let Some((folder, prefix)) = folders.pop() {
        let error = |source| SiteError::File { path: folder.clone(), source };
        for entry in std::fs::read_dir(&folder).map_err(error)? {
            let path = entry.map_err(error)?.path();
            let Some(name) = path.file_name().and_then(|name| name.to_str()).filter(|name| !name.starts_with('.'))
            else {
                continue;
            };
            let address = format!("{prefix}/{name}");
            // Path::is_dir follows symlinks, which the tracker's folder contains.
            if path.is_dir() {
                folders.push((path, address));
            } else {
                let file = read(&path)?;
                *left = left.checked_sub(file.size()).ok_or(SiteError::TooLarge)?;
                all.insert(address, file);
            }
        }
    }
    Ok(all)
}

fn read(path: &Path) -> Result<File, SiteError> {
    let size = std::fs::metadata(path).map_err(|source| SiteError::File { path: path.to_owned(), source })?.len();
    if usize::try_from(size).is_ok_and(|size| size > SITE_BYTES_MAX) {
        return Err(SiteError::TooLarge);
    }
    let bytes = std::fs::read(path).map_err(|source| SiteError::File { path: path.to_owned(), source })?;
    let packed = |extension: &str| {
        let mut path = path.as_os_str().to_owned();
        path.push(extension);
        std::fs::read(path).ok().map(Form::new)
    };
    let (content_type, is_text) = content_type(path);
    let gzip = packed(".gz").or_else(|| gzip(&bytes).filter(|_| is_text && bytes.len() >= GZIP_BYTES_MIN));
    Ok(File { content_type, gzip, br: packed(".br"), plain: Form::new(bytes) })
}

fn gzip(bytes: &[u8]) -> Option<Form> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    // Writing to a Vec cannot fail.
    encoder.write_all(bytes).ok()?;
    encoder.finish().ok().map(Form::new)
}

/// By extension, and whether compression is worthwhile.
fn content_type(path: &Path) -> (&'static str, bool) {
    match path.extension().and_then(|extension| extension.to_str()).unwrap_or_default() {
        "html" => ("text/html; charset=utf-8", true),
        "css" => ("text/css", true),
        "js" => ("text/javascript", true),
        "json" | "map" => ("application/json", true),
        "svg" => ("image/svg+xml", true),
        "png" => ("image/png", false),
        "ico" => ("image/x-icon", false),
        "txt" => ("text/plain; charset=utf-8", false),
        _ => ("application/octet-stream", false),
    }
}

impl File {
    fn size(&self) -> usize {
        let forms = [Some(&self.plain), self.gzip.as_ref(), self.br.as_ref()];
        forms.into_iter().flatten().map(|form| form.bytes.len()).sum()
    }

    fn answer(&self, status: StatusCode, age: Age, headers: &HeaderMap) -> Answer {
        let (form, encoding) = match (&self.br, &self.gzip) {
            (Some(br), _) if accepts(headers, "br") => (br, Some("br")),
            (_, Some(gzip)) if accepts(headers, "gzip") => (gzip, Some("gzip")),
            _ => (&self.plain, None),
        };
        let is_known = status == StatusCode::OK && is_known(headers, &form.etag);
        let mut answer =
            if is_known { sent(StatusCode::NOT_MODIFIED, Bytes::new()) } else { sent(status, form.bytes.clone()) };
        let headers = answer.headers_mut();
        if !is_known {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(self.content_type));
            if let Some(encoding) = encoding {
                headers.insert(CONTENT_ENCODING, HeaderValue::from_static(encoding));
            }
        }
        if self.gzip.is_some() || self.br.is_some() {
            headers.insert(VARY, HeaderValue::from_static("Accept-Encoding"));
        }
        headers.insert(ETAG, form.etag.clone());
        age.write(headers);
        answer
    }
}

impl Age {
    fn write(self, headers: &mut HeaderMap) {
        let now = SystemTime::now();
        let (control, expires) = match self {
            Self::AskAgain => ("no-cache", now - SECOND),
            Self::FiveMinutes => ("max-age=300", now + FIVE_MINUTES),
            Self::ForEver => ("max-age=31536000", now + YEAR),
            Self::Unsaid => return,
        };
        headers.insert(CACHE_CONTROL, HeaderValue::from_static(control));
        if matches!(self, Self::ForEver) {
            headers.append(CACHE_CONTROL, HeaderValue::from_static("immutable"));
        }
        if let Ok(expires) = HeaderValue::from_str(&fmt_http_date(expires)) {
            headers.insert(EXPIRES, expires);
        }
    }
}

/// Whether a client accepts this encoding (RFC 9110, 12.5.3): it is listed, and its weight is not 0.
fn accepts(headers: &HeaderMap, encoding: &str) -> bool {
    let values = headers.get_all(ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|one| {
        let mut parts = one.split(';').map(str::trim);
        let is_named = parts.next().is_some_and(|name| name.eq_ignore_ascii_case(encoding));
        let is_refused = parts
            .filter_map(|parameter| parameter.strip_prefix("q=").or_else(|| parameter.strip_prefix("Q=")))
            .any(|weight| weight.parse() == Ok(0.0));
        is_named && !is_refused
    })
}

/// Whether a client already has this version (RFC 9110, 13.1.2).
fn is_known(headers: &HeaderMap, etag: &HeaderValue) -> bool {
    let values = headers.get_all(IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).map(str::trim).any(|one| {
        let strong = one.strip_prefix("W/").unwrap_or(one);
        strong == "*" || etag == strong
    })
}

fn sent(status: StatusCode, body: impl Into<Bytes>) -> Answer {
    let mut answer = Response::new(whole(body));
    *answer.status_mut() = status;
    secure(answer.headers_mut());
    answer
}

/// Sets the security headers of everything except the live page.
pub(crate) fn secure(headers: &mut HeaderMap) {
    const POLICY: &str =
        "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'";
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    // Pages of any origin include the script, also under a Cross-Origin-Embedder-Policy.
    headers.insert(CROSS_ORIGIN_RESOURCE_POLICY, HeaderValue::from_static("cross-origin"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("strict-origin-when-cross-origin"));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn site() -> Site {
        Site::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../web")).unwrap()
    }

    fn headers(pairs: &[(HeaderName, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.clone(), HeaderValue::from_static(value))).collect()
    }

    #[test]
    fn no_path_leads_out_of_the_site() {
        let site = site();
        for path in [
            "/../README.md",
            "/..%2fREADME.md",
            "/%2e%2e/README.md",
            "//etc/passwd",
            "/etc/passwd",
            "/site/index.html",
            "/tracker/dist/analytics.js",
            "/../tracker/src/core.js",
            "/analytics.js/../../README.md",
            "/%00",
            "/%",
            "/index.html/",
            "",
        ] {
            let answer = site.answer(&Method::GET, path, &HeaderMap::new());
            assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{path}");
        }
        assert_eq!(site.answer(&Method::GET, "/page2%2ehtml", &HeaderMap::new()).status(), StatusCode::OK);
    }

    #[test]
    fn a_client_that_has_it_is_told_so_and_each_form_has_a_tag_of_its_own() {
        let site = site();
        let mut tags = std::collections::HashSet::new();
        for encoding in ["identity", "gzip", "gzip;q=0.5, br;q=0", "br, gzip"] {
            let accept = (ACCEPT_ENCODING, encoding);
            let answer = site.answer(&Method::GET, "/analytics.js", &headers(std::slice::from_ref(&accept)));
            let tag = answer.headers()[ETAG].clone();
            let mut again = headers(&[accept]);
            again.insert(IF_NONE_MATCH, HeaderValue::from_str(&format!("\"x\", W/{}", tag.to_str().unwrap())).unwrap());
            let again = site.answer(&Method::GET, "/analytics.js", &again);
            assert_eq!((again.status(), &again.headers()[ETAG]), (StatusCode::NOT_MODIFIED, &tag), "{encoding}");
            assert_eq!(again.headers()[CACHE_CONTROL], "max-age=300");
            tags.insert(tag);
        }
        assert_eq!(tags.len(), 3);
    }

    #[test]
    fn a_script_of_another_release_is_todays_and_one_of_ours_is_kept_for_ever() {
        let site = site();
        let control = |path: &str| {
            let answer = site.answer(&Method::GET, path, &HeaderMap::new());
            assert_eq!(answer.status(), StatusCode::OK, "{path}");
            let lines = answer.headers().get_all(CACHE_CONTROL).iter();
            lines.map(|line| line.to_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        let ours = site.scripts.keys().find(|path| script_of_today(path).is_some_and(|today| today != **path)).unwrap();
        assert_eq!(control(ours), ["max-age=31536000", "immutable"]);
        for other in ["/analytics.0123456789ab.js", "/analytics.core.0123456789ab.js", "/analytics.js"] {
            assert_eq!(control(other), ["max-age=300"]);
        }
        let none = site.answer(&Method::GET, "/analytics.0123456789aB.js", &HeaderMap::new());
        assert_eq!(none.status(), StatusCode::NOT_FOUND);
    }

    #[test]
    fn a_site_that_does_not_fit_into_memory_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        for folder in ["site", "tracker/dist"] {
            std::fs::create_dir_all(dir.path().join(folder)).unwrap();
        }
        assert!(Site::read(dir.path()).is_ok());
        let film = std::fs::File::create(dir.path().join("site/film.mp4")).unwrap();
        film.set_len(SITE_BYTES_MAX as u64 + 1).unwrap();
        assert!(matches!(Site::read(dir.path()), Err(SiteError::TooLarge)));
        assert!(matches!(Site::read(&dir.path().join("nowhere")), Err(SiteError::File { .. })));
    }
}
