# Everything needed to build and test: `cargo xtask test` finds all programs here and downloads none.
{
  mkShell,
  lib,
  stdenv,
  cargo,
  clippy,
  rustc,
  rustfmt,
  rust-analyzer,
  pkg-config,
  zlib,
  zstd,
  postgresql_17,
  nginx,
  jre_headless,
  apacheKafka,
  maven,
  nodejs,
  python3,
  curl,
  chromium,
  chromedriver,
  nixfmt,
  deadnix,
  footfall,
}:
mkShell {
  inputsFrom = [ footfall ];
  packages = [
    cargo
    clippy
    rustc
    rustfmt
    rust-analyzer
    pkg-config
    zlib
    zstd
    (postgresql_17.withPackages (packages: [ packages.timescaledb-apache ]))
    nginx
    jre_headless
    maven
    nodejs
    python3
    curl
    nixfmt
    deadnix
  ]
  ++ lib.optionals stdenv.hostPlatform.isLinux [
    chromium
    chromedriver
  ];
  FOOTFALL_KAFKA_LIBS = "${apacheKafka}/libs";
}
