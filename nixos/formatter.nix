# `nix fmt`: Rust and Nix, each by its own.
{
  writeShellApplication,
  cargo,
  rustfmt,
  nixfmt,
}:
writeShellApplication {
  name = "footfall-fmt";
  runtimeInputs = [
    cargo
    rustfmt
    nixfmt
  ];
  text = ''
    cargo fmt --all
    find . -name '*.nix' -not -path './target/*' -not -path './.parts/*' -exec nixfmt {} +
  '';
}
