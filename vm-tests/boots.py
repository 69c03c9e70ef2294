# Do machines boot, reach each other, and after a power cut keep synced data and nothing else?

start_all()

with subtest("both are up"):
    for each in (one, two):
        each.wait_for_unit("multi-user.target")
        t.assertEqual(each.succeed("systemctl is-system-running --wait").strip(), "running")

with subtest("they reach each other by name"):
    two.succeed("systemd-run --unit=server python3 -m http.server 8080 --directory /etc")
    two.wait_for_open_port(8080)
    t.assertEqual(one.succeed("curl -sf http://two:8080/hostname").strip(), "two")
    one.wait_for_closed_port(8080)

with subtest("a network cable can be unplugged"):
    two.block()
    one.fail("curl -sf --max-time 2 http://two:8080/hostname")
    two.unblock()
    one.wait_until_succeeds("curl -sf --max-time 2 http://two:8080/hostname", timeout=30)

with subtest("files are copied to a machine and back"):
    one.copy_from_host(f"{here}/questions.json", "/root/some/where/questions.json")
    two.succeed("test ! -e /root/some/where/questions.json")
    one.succeed("grep -q boots /root/some/where/questions.json")
    one.copy_from_machine("/root/some/where/questions.json", "copied")

with subtest("a crash keeps what was synced, and nothing else"):
    one.succeed("echo kept > /root/synced && sync /root/synced")
    one.succeed("echo lost > /root/unsynced")
    before = one.succeed("cat /proc/sys/kernel/random/boot_id")
    one.crash()
    t.assertFalse(one.is_up())
    one.start()
    t.assertEqual(one.succeed("cat /root/synced").strip(), "kept")
    one.fail("grep -q lost /root/unsynced")
    t.assertTrue(one.succeed("cat /proc/sys/kernel/random/boot_id") != before)

with subtest("shutdown and reboot keep everything"):
    two.succeed("echo kept > /root/file")
    two.shutdown()
    two.start(allow_reboot=True)
    two.wait_for_unit("multi-user.target")
    t.assertEqual(two.succeed("cat /root/file").strip(), "kept")
    two.fail("systemctl is-active server")
    before = two.succeed("cat /proc/sys/kernel/random/boot_id")
    two.succeed("echo kept > /root/file2")
    two.reboot()
    two.wait_for_unit("multi-user.target")
    t.assertTrue(two.succeed("cat /proc/sys/kernel/random/boot_id") != before)
    t.assertEqual(two.succeed("cat /root/file2").strip(), "kept")
