# `nix fmt`: rustfmt for Rust, nixfmt for Nix.
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
