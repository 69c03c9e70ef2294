//! The style sheet, script and icon. They are compiled in, and their names change with their content.

use std::sync::LazyLock;

use hyper::header::HeaderValue;

pub(crate) struct Asset {
    pub(crate) content: &'static str,
    pub(crate) content_type: HeaderValue,
    /// Contains part of the content's hash.
    pub(crate) name: String,
}

impl Asset {
    fn new(content: &'static str, content_type: &'static str, stem: &str, extension: &str) -> Self {
        let hash = blake3::hash(content.as_bytes()).to_hex();
        let name = format!("{stem}-{}.{extension}", &hash[..12]);
        Self { content, content_type: HeaderValue::from_static(content_type), name }
    }

    /// The URL's path.
    pub(crate) fn address(&self, base_path: &str) -> String {
        format!("{base_path}assets/{}", self.name)
    }
}

macro_rules! asset {
    ($constant:ident, $stem:literal, $extension:literal, $content_type:literal) => {
        pub(crate) static $constant: LazyLock<Asset> = LazyLock::new(|| {
            let content = include_str!(concat!("../assets/", $stem, ".", $extension));
            Asset::new(content, $content_type, $stem, $extension)
        });
    };
}

asset!(STYLE, "live", "css", "text/css; charset=utf-8");
asset!(SCRIPT, "live", "js", "text/javascript; charset=utf-8");
asset!(ICON, "icon", "svg", "image/svg+xml");

pub(crate) fn named(name: &str) -> Option<&'static Asset> {
    [&STYLE, &SCRIPT, &ICON].into_iter().map(|asset| &**asset).find(|asset| asset.name == name)
}
