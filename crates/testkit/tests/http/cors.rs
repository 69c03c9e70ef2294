//! A page of another origin may send with credentials and with headers of its own, as sendBeacon and tracing libraries do.

use footfall_testkit::{Pipeline, shared};

const METHODS: [(&str, &str); 3] =
    [("/analytics", "POST, OPTIONS"), ("/analytics/", "POST, OPTIONS"), ("/pixel.gif", "GET, HEAD, OPTIONS")];

#[tokio::test]
async fn a_preflight_names_the_origin_and_allows_the_headers_that_are_asked_for() {
    let pipeline = Pipeline::start(shared().await).await;
    let asked = "baggage,content-type,sentry-trace,traceparent,tracestate,x-request-id";
    for origin in ["https://shop.example", "http://localhost:3000", "null"] {
        for (path, methods) in METHODS {
            let headers = [
                ("origin", origin),
                ("access-control-request-method", "POST"),
                ("access-control-request-headers", asked),
                ("access-control-request-private-network", "true"),
            ];
            let answer = pipeline.http.send("OPTIONS", &pipeline.url(3001, path), &headers, "").await.unwrap();
            let case = format!("{origin} {path} {answer:?}");
            assert_eq!((answer.status.as_u16(), answer.body.len()), (204, 0), "{case}");
            for (name, value) in [
                ("access-control-allow-origin", origin),
                ("access-control-allow-credentials", "true"),
                ("access-control-allow-methods", methods),
                ("access-control-allow-headers", asked),
                ("access-control-allow-private-network", "true"),
                ("access-control-max-age", "86400"),
                ("vary", "Origin"),
            ] {
                assert_eq!(answer.header(name), Some(value), "{name}: {case}");
            }
        }
    }
}

#[tokio::test]
async fn without_an_origin_the_answers_are_the_first_generations() {
    let pipeline = Pipeline::start(shared().await).await;
    for (method, body) in [("POST", "{}"), ("OPTIONS", ""), ("GET", "")] {
        let answer = pipeline.http.send(method, &pipeline.url(3001, "/analytics"), &[], body).await.unwrap();
        assert_eq!(answer.header("access-control-allow-origin"), Some("*"), "{answer:?}");
        assert_eq!(answer.header("access-control-allow-credentials"), None, "{answer:?}");
        assert_eq!(answer.header("vary"), None, "{answer:?}");
        let headers = (method == "OPTIONS").then_some("content-type, content-encoding");
        assert_eq!(answer.header("access-control-allow-headers"), headers, "{answer:?}");
    }
}
