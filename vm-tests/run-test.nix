# Runs one question with the NixOS test driver. All of these tests are set up only here.
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
  # A question cannot hang forever.
  globalTimeout = question.timeout_s;
  nodes = lib.mapAttrs (_: kind: {
    imports = [ (./nodes + "/${kind}.nix") ];
  }) question.machines;
  defaults = {
    imports = [ footfall ];
    _module.args.question = question;
  };
  # As in the lab: the scripts' folder, the common script, and the question's script.
  testScript = lib.concatLines [
    "here = \"${./.}\""
    (builtins.readFile ./common.py)
    (builtins.readFile (./. + "/${name}.py"))
  ];
  # NixOS's checks do not know the names that the lab declares, nor `Machine`; vm-tests/lab/check.py checks every script
  # against the driver's interface.
  skipTypeCheck = true;
  skipLint = true;
  meta.description = question.why;
}
