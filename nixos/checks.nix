# What `nix flake check` builds besides the machines of vm-tests.
{ pkgs }:
let
  inherit (pkgs) footfall;
  # The workspace with the package's dependencies, but with a different build command.
  withCargo =
    name: tools: command:
    footfall.overrideAttrs (old: {
      pname = "footfall-${name}";
      nativeBuildInputs = (old.nativeBuildInputs or [ ]) ++ tools;
      buildPhase = command;
      doCheck = false;
      installPhase = ''touch "$out"'';
      postInstall = "";
    });
in
{
  # Builds the programs, and runs the unit tests as its check phase.
  package = footfall;

  clippy = withCargo "clippy" [
    pkgs.clippy
  ] "cargo clippy --offline --workspace --all-targets -- -D warnings";

  rustfmt = withCargo "rustfmt" [ pkgs.rustfmt ] "cargo fmt --all --check";

  nixfmt =
    pkgs.runCommand "footfall-nixfmt"
      {
        nativeBuildInputs = [
          pkgs.nixfmt
          pkgs.deadnix
        ];
      }
      ''
        cd ${../.}
        find . -name '*.nix' -exec nixfmt --check {} +
        deadnix --fail --no-lambda-pattern-names .
        touch "$out"
      '';

  options-reference = pkgs.runCommand "footfall-options-reference" { } ''
    diff -u ${../docs/nixos-options.md} ${pkgs.callPackage ./options-reference.nix { }}
    touch "$out"
  '';
}
