# Runs one question by the NixOS test driver. The one place where all of these tests are set up.
{
  pkgs,
  footfall,
  name,
  question,
}:
let
  inherit (pkgs) lib;
in
pkgs.testers.runNixOSTest {
  inherit name;
  # No question hangs for ever, whatever its script waits for.
  globalTimeout = question.timeout_s;
  nodes = lib.mapAttrs (_: kind: {
    imports = [ (./nodes + "/${kind}.nix") ];
  }) question.machines;
  defaults = {
    imports = [ footfall ];
    _module.args.question = question;
  };
  # As in the lab: the folder of the scripts, what they share, and the question's own.
  testScript = lib.concatLines [
    "here = \"${./.}\""
    (builtins.readFile ./common.py)
    (builtins.readFile (./. + "/${name}.py"))
  ];
  # NixOS's checks know neither the names that the lab declares nor `Machine`; vm-tests/lab/check.py holds every script to
  # the driver's interface.
  skipTypeCheck = true;
  skipLint = true;
  meta.description = question.why;
}
