{
  description = "A stand-in for nixpkgs: enough to evaluate Footfall's flake and build its outputs without a binary cache";

  # Those outputs of nixpkgs' flake that ours uses.
  outputs =
    { self }:
    let
      lib = import ./lib;
      packagesFor = system: import ./pkgs { inherit lib system; };
      nixosSystem =
        {
          modules,
          specialArgs ? { },
          system ? null,
        }:
        import ./nixos {
          inherit lib specialArgs;
          modules = modules ++ lib.optional (system != null) { nixpkgs.hostPlatform = lib.mkDefault system; };
          packagesFor = packagesFor;
        };
    in
    {
      lib = lib // {
        inherit nixosSystem;
      };
      legacyPackages = lib.genAttrs lib.platforms.linux packagesFor;
    };
}
