# The programs, and share/ with everything that they, NixOS, nginx, Kafka, PostgreSQL and Grafana read.
{
  lib,
  rustPlatform,
  pkg-config,
  rdkafka,
  zlib,
  zstd,
}:
let
  manifest = lib.importTOML ../Cargo.toml;
  installed = lib.importJSON ./install.json;
  # What a build reads. A change elsewhere (a document, a test's driver) then builds nothing anew.
  read = [
    "Cargo.lock"
    "Cargo.toml"
    "crates"
    "grafana"
    "nixos"
    "rustfmt.toml"
    "clippy.toml"
    "sql"
    "web"
    "xtask"
  ];
in
rustPlatform.buildRustPackage {
  pname = "footfall";
  inherit (manifest.workspace.package) version;

  src = lib.cleanSourceWith {
    src = ../.;
    filter =
      path: _:
      let
        below = lib.removePrefix "${toString ../.}/" (toString path);
      in
      lib.elem (lib.head (lib.splitString "/" below)) read;
  };

  cargoLock.lockFile = ../Cargo.lock;

  nativeBuildInputs = [ pkg-config ];
  buildInputs = [
    rdkafka
    zlib
    zstd
  ];
  # librdkafka of nixpkgs, which gets its security updates, instead of building the one in the crate.
  env.CARGO_FEATURE_DYNAMIC_LINKING = "1";

  cargoBuildFlags = lib.concatMap (program: [
    "--bin"
    program
  ]) installed.programs;
  # The tests of testkit start Kafka, PostgreSQL and a browser; those are the lab's and vm-tests' business.
  cargoTestFlags = [
    "--workspace"
    "--exclude=footfall-testkit"
    "--exclude=xtask"
  ];

  postInstall = ''
    ${lib.concatLines (
      lib.mapAttrsToList (from: to: ''
        mkdir -p "$(dirname "$out/${to}")"
        cp -r --no-dereference ${lib.escapeShellArg from} "$out/${to}"
      '') installed.files
    )}
    for unit in "$out"/lib/systemd/system/*.*; do
      [[ -f $unit ]] || continue
      sed -i "s|/usr/bin/footfall|$out/bin/footfall|g; s|/usr/share/footfall|$out/share/footfall|g" "$unit"
    done
  '';

  meta = {
    description = "First-party event analytics: from a click to a number within a second, and nothing lost on the way";
    license = lib.licenses.asl20;
    mainProgram = "footfall";
    platforms = lib.platforms.linux;
  };
}
