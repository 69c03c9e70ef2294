{
  description = "A stand-in for nixpkgs: enough of it to evaluate Footfall's flake, and to build what it says, without a binary cache";

  # The same outputs as nixpkgs' flake, as far as ours uses them.
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
