# Does a click in a real browser become a row, a count, and a number on the live page and in Grafana's query?

import re

DASHBOARD = "/usr/share/footfall/grafana/dashboards/analytics-platform.json"
BUTTON = "btn-action-1"

start_all()
wait_for_footfall(appliance)
client.wait_for_unit("multi-user.target")
password = appliance.succeed("cat /var/lib/footfall/secrets/access.password").strip()


def number_in_grafana(panel: str) -> str:
    """Runs the query of a panel of events as Grafana does, without filters, for the last hour."""
    dashboard = json.loads(appliance.succeed(f"cat {dashboard_file()}"))
    queries = [query for query in queries_of(dashboard["panels"], panel)]
    t.assertEqual(len(queries), 1, f"queries of {panel}")
    sql = queries[0].replace("$__timeFrom()", "now() - interval '1 hour'").replace("$__timeTo()", "now() + interval '3 s'")
    # "All" is selected, whose custom value is NULL, and the text box is empty.
    sql = re.sub(r"\$\{page_prefix:sqlstring\}", "''", sql)
    sql = re.sub(r"\$\{\w+:sqlstring\}", "NULL", sql)
    sql = sql.replace("$__interval", "1 minute").replace("${__timezone}", "UTC")
    t.assertNotIn("$", sql, "a macro that this script does not know")
    # A stat with a sparkline shows the sum of its buckets.
    return ask_database(appliance, f'SET ROLE footfall_reader; SELECT sum("Events") FROM ({sql}) AS buckets')


def dashboard_file() -> str:
    """Where it is on Debian, or in the package in the Nix store."""
    return appliance.succeed(
        f"ls {DASHBOARD} 2>/dev/null || ls -d /nix/store/*footfall*/share/footfall/grafana/dashboards/analytics-platform.json"
    ).split()[0]


def queries_of(panels: list[Any], title: str) -> list[str]:
    found = [target["rawSql"] for panel in panels if panel.get("title") == title for target in panel.get("targets", [])]
    return found + [query for panel in panels for query in queries_of(panel.get("panels", []), title)]


def page_shows_what_is_stored(_last: bool) -> bool:
    """Both are read each time, because the visitor's page records events when its tab is hidden."""
    text = "return document.querySelector('[data-number=\"events\"]').textContent"
    shown = browse(client, ["tab", "first"], ["run", text])[1]
    return str(shown) == ask_database(appliance, "SELECT count(*) FROM analytics_events")


with subtest("no number is shown without a login"):
    browse(client, ["open", "http://appliance/live/"], ["wait_text", "body", "(?i)password"])

with subtest("with the password, the page is shown, empty"):
    browse(
        client,
        ["type", "#password", password],
        ["press", "Enter"],
        ["wait_text", '[data-number="events"]', "^0$"],
        ["wait_text", "#state", "(?i)live"],
    )

with subtest("a visitor's click on the site"):
    browse(
        client,
        ["tab", "visitor"],
        ["open", "http://appliance/"],
        # The log panel of the demo site: the page view is recorded.
        ["wait_text", "#log-entries", "page_view"],
        ["click", f"#{BUTTON}"],
        ["wait_text", "#log-entries", "button_click"],
    )

with subtest("is a row, with the page's fields"):
    wait_for_rows(appliance, "button_click", 1)
    row = "SELECT button_id, page_url, browser, bot FROM analytics_events WHERE event_type = 'button_click'"
    t.assertEqual(ask_database(appliance, row), f"{BUTTON}|http://appliance/|Chrome|f")

with subtest("is counted by the minute"):
    counted = "SELECT sum(event_count) FROM analytics_summary WHERE event_type = 'button_click'"
    t.assertEqual(ask_database(appliance, counted), "1")

with subtest("is a number on the live page, without a reload"):
    retry(page_shows_what_is_stored, 30)
    browse(client, ["wait_text", "body", BUTTON])

with subtest("is a number in Grafana's query"):
    t.assertEqual(number_in_grafana("All events"), ask_database(appliance, "SELECT count(*) FROM analytics_events"))

with subtest("footfall check finds the host's services and reports no problem"):
    appliance.succeed("footfall check")

with subtest("how long it takes, measured in the two pages"):
    # Logged only, without a limit, because this machine is shared. Both pages use the same clock.
    browse(
        client,
        ["tab", "first"],
        [
            "run",
            """
            window.changed = [];
            const number = () => document.querySelector('[data-number="events"]').textContent;
            let last = number();
            new MutationObserver(() => { if (number() !== last) { last = number(); window.changed.push(Date.now()); } })
                .observe(document.querySelector("#totals"), { childList: true, subtree: true });
            """,
        ],
        ["tab", "visitor"],
    )
    took: list[int] = []
    for _ in range(5):
        # Earlier events are already shown, so the next change is caused by this click.
        retry(page_shows_what_is_stored, 30)
        before = int(browse(client, ["tab", "first"], ["run", "return window.changed.length"])[1])
        click = f"const now = Date.now(); document.getElementById('{BUTTON}').click(); return now"
        clicked_at = int(browse(client, ["tab", "visitor"], ["run", click])[1])

        def has_changed(_last: bool) -> bool:
            return int(browse(client, ["tab", "first"], ["run", "return window.changed.length"])[1]) > before

        retry(has_changed, 30)
        changed_at = int(browse(client, ["run", f"return window.changed[{before}]"])[0])
        took.append(changed_at - clicked_at)
    log.info(f"click to number: {took} ms")

with subtest("screenshots for a person to look at"):
    browse(client, ["tab", "first"], ["screenshot", "/root/live.png"], ["tab", "visitor"], ["screenshot", "/root/site.png"])
    browse(client, ["quit"])
    for name in ("live.png", "site.png"):
        client.copy_from_machine(f"/root/{name}")
