//! The security headers and caching of the live page.

use crate::view::View;

#[tokio::test]
async fn the_policy_allows_nothing_inline_and_the_page_has_nothing_inline() {
    let view = View::public().await;
    for path in ["/live/", "/live/?period=fortnight", "/live/nothing"] {
        let answer = view.get(path, &[]).await;
        let policy = answer.header("content-security-policy").unwrap();
        assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
        assert!(policy.contains("frame-ancestors 'none'"));
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        let page = String::from_utf8(answer.body.to_vec()).unwrap();
        for inline in [" style=", "<style", "onclick=", "onload=", "javascript:"] {
            assert!(!page.contains(inline), "{inline} in {path}");
        }
        assert_eq!(page.matches("<script").count(), page.matches("<script src=").count());
    }
}

#[tokio::test]
async fn style_and_script_are_cached_forever_under_names_with_a_hash() {
    let view = View::public().await;
    let page = String::from_utf8(view.get("/live/", &[]).await.body.to_vec()).unwrap();
    let names: Vec<_> = page.split('"').filter(|text| text.starts_with("/live/assets/")).collect();
    assert!(names.iter().any(|name| name.ends_with(".css")) && names.iter().any(|name| name.ends_with(".js")));
    for name in names {
        let answer = view.get(name, &[]).await;
        assert_eq!(answer.status, 200, "{name}");
        assert_eq!(answer.header("cache-control"), Some("public, max-age=31536000, immutable"));
    }
    assert_eq!(view.get("/live/assets/live-000000000000.css", &[]).await.status, 404);
}

#[tokio::test]
async fn another_origin_can_read_the_api_only_if_configured() {
    let asked = [("origin", "https://intranet.example")];
    let open = View::start("access.public = true\nhttp.cors_origins = [\"https://intranet.example\"]", &[]).await;
    let answer = open.get("/live/api/v1/totals", &asked).await;
    assert_eq!(answer.header("access-control-allow-origin"), Some("https://intranet.example"));
    let answer = open.get("/live/api/v1/totals", &[("origin", "https://other.example")]).await;
    assert_eq!(answer.header("access-control-allow-origin"), None);
    // A library for tracing adds headers of its own.
    let preflight = [asked[0], ("access-control-request-headers", "authorization,traceparent")];
    let url = open.url("/live/api/v1/totals");
    let answer = open.http.send("OPTIONS", &url, &preflight, "").await.unwrap();
    assert_eq!(answer.header("access-control-allow-headers"), Some("authorization,traceparent"));
    let others = [("origin", "https://other.example"), preflight[1]];
    let answer = open.http.send("OPTIONS", &url, &others, "").await.unwrap();
    assert_eq!(answer.header("access-control-allow-headers"), None);
    let answer = open.http.send("DELETE", &url, &asked, "").await.unwrap();
    assert_eq!(
        (answer.status.as_u16(), answer.header("access-control-allow-origin")),
        (405, Some("https://intranet.example"))
    );
    let closed = View::public().await;
    assert_eq!(closed.get("/live/api/v1/totals", &asked).await.header("access-control-allow-origin"), None);
}
