# Generates docs/nixos-options.md from the options.
{
  lib,
  pkgs,
  writeText,
}:
let
  evaluated = lib.evalModules {
    modules = [
      ./module.nix
      {
        # The NixOS options that the module sets are not declared here.
        _module.check = false;
        _module.args.pkgs = pkgs;
      }
    ];
  };
  options = lib.filter (option: option.visible && !option.internal) (
    lib.optionAttrSetToDocList evaluated.options
  );
  ours = lib.filter (option: lib.hasPrefix "services.footfall." option.name) options;
  code = text: if lib.hasInfix "\n" text then "\n\n```nix\n${text}\n```" else " `${text}`";
  shown = value: if value._type == "literalMD" then " ${value.text}" else code value.text;
  one =
    option:
    lib.concatStringsSep "\n" (
      [
        "## ${option.name}"
        ""
        (lib.trim option.description)
        ""
        "- Type: ${option.type}${lib.optionalString option.readOnly ", read only"}"
      ]
      ++ lib.optional (option ? default) "- Default:${shown option.default}"
      ++ lib.optional (option ? example) "- Example:${shown option.example}"
    )
    + "\n";
in
writeText "nixos-options.md" ''
  # services.footfall: the options on NixOS

  Generated from the module (nixos/module.nix) by `cargo xtask nix --write`; a test fails if it is stale.

  ${lib.concatMapStringsSep "\n" one ours}''
