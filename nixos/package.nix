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
  # Only what the build reads, so that a change elsewhere (a document, a test driver) does not trigger a rebuild.
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
  # nixpkgs' librdkafka, which gets security updates, instead of the one bundled in the crate.
  env.CARGO_FEATURE_DYNAMIC_LINKING = "1";

  cargoBuildFlags = lib.concatMap (program: [
    "--bin"
    program
  ]) installed.programs;
  # testkit's tests start Kafka, PostgreSQL and a browser; whole machines are tested by the lab and vm-tests.
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
    description = "First-party event analytics: a click becomes a number within a second, and nothing is lost on the way";
    license = lib.licenses.asl20;
    mainProgram = "footfall";
    platforms = lib.platforms.linux;
  };
}
