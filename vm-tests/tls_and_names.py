# With a domain name and certificates: is everything encrypted, only that name served, and a login never sent in the clear?

NAME = "stats.example"

start_all()
wait_for_footfall(appliance)
client.wait_for_unit("multi-user.target")

# Only this test's client knows the certificate's authority and the name's address.
client.succeed(f"cat > /tmp/ca.pem <<'END'\n{appliance.succeed('cat /etc/tls/ca.pem')}\nEND")
address = client.succeed("getent ahostsv4 appliance | head -1 | cut -d' ' -f1").strip()
CURL = f"curl -sS --max-time 20 --cacert /tmp/ca.pem --resolve '*:443:{address}' --resolve '*:80:{address}'"


def ask(what: str) -> str:
    return client.succeed(f"{CURL} {what}")


with subtest("the certificate is for the name"):
    t.assertEqual(ask(f"-o /dev/null -w '%{{http_code}} %{{ssl_verify_result}}' https://{NAME}/"), "200 0")
    client.fail(f"curl -sS --max-time 20 --resolve '*:443:{address}' https://{NAME}/")

with subtest("another name gets no answer"):
    client.fail(f"{CURL} -k https://other.example/")
    client.fail(f"{CURL} -k https://{address}/")

with subtest("old protocols are refused"):
    client.fail(f"{CURL} --tls-max 1.1 https://{NAME}/")

with subtest("plain HTTP redirects to HTTPS, and accepts no event"):
    said = ask(f"-o /dev/null -w '%{{http_code}} %{{redirect_url}}' http://{NAME}/page2.html?a=b")
    t.assertEqual(said, f"301 https://{NAME}/page2.html?a=b")
    clear = event("tls", "clear")
    t.assertEqual(ask(f"-o /dev/null -w '%{{http_code}}' -d {shlex.quote(clear)} http://{NAME}/analytics"), "301")

with subtest("a browser is told to come back by HTTPS only"):
    for path in ("/", "/live/", "/analytics.js", "/health"):
        headers = ask(f"-D - -o /dev/null https://{NAME}{path}")
        t.assertIn("strict-transport-security: max-age=31536000", headers.lower(), path)
    t.assertNotIn("strict-transport-security", ask(f"-D - -o /dev/null http://{NAME}/").lower())

with subtest("an event arrives"):
    body = shlex.quote(event("tls", "encrypted"))
    page = f"-H 'Content-Type: application/json' -H 'Origin: https://{NAME}'"
    ask(f"--fail-with-body {page} -d {body} https://{NAME}/analytics")
    wait_for_rows(appliance, "tls", 1)

with subtest("cookies are sent over HTTPS only"):
    password = appliance.succeed("cat /var/lib/footfall/secrets/access.password").strip()
    page = ask(f"-L -c /tmp/jar -b /tmp/jar https://{NAME}/live/")
    t.assertIn("password", page)
    headers = ask(
        f"-D - -o /dev/null -c /tmp/jar -b /tmp/jar -H 'Origin: https://{NAME}' -H 'Sec-Fetch-Site: same-origin'"
        f" --data-urlencode password={shlex.quote(password)} https://{NAME}/live/login"
    )
    cookies = [line for line in headers.splitlines() if line.lower().startswith("set-cookie:")]
    # The session, and what the browser is known by the next time.
    t.assertEqual(len(cookies), 2, headers)
    for word in ("Secure", "HttpOnly", "SameSite="):
        for cookie in cookies:
            t.assertIn(word, cookie)
    page = ask(f"-b /tmp/jar https://{NAME}/live/")
    t.assertNotIn('type="password"', page)
