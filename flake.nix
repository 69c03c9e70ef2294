{
  description = "Footfall: first-party event analytics, ready to run";

  inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-26.05";

  outputs =
    { self, nixpkgs }:
    let
      inherit (nixpkgs) lib;
      systems = [
        "x86_64-linux"
        "aarch64-linux"
      ];
      overlay = final: _: { footfall = final.callPackage ./nixos/package.nix { }; };
      eachSystem = f: lib.genAttrs systems (system: f (nixpkgs.legacyPackages.${system}.extend overlay));
    in
    {
      overlays.default = overlay;

      # The module builds the package with the host's own nixpkgs, so a host needs no overlay.
      nixosModules.default.imports = [ ./nixos/module.nix ];

      packages = eachSystem (pkgs: {
        default = pkgs.footfall;
        inherit (pkgs) footfall;
        oci-image = pkgs.callPackage ./nixos/image.nix { };
        options-reference = pkgs.callPackage ./nixos/options-reference.nix { };
      });

      apps = eachSystem (pkgs: import ./nixos/apps.nix { inherit pkgs; });

      devShells = eachSystem (pkgs: {
        default = pkgs.callPackage ./nixos/dev-shell.nix { };
      });

      formatter = eachSystem (pkgs: pkgs.callPackage ./nixos/formatter.nix { });

      checks = eachSystem (
        pkgs:
        import ./nixos/checks.nix { inherit pkgs; }
        // import ./vm-tests {
          inherit pkgs;
          footfall = self.nixosModules.default;
        }
        // lib.mapAttrs' (
          name: modules:
          lib.nameValuePair "host-${name}"
            (lib.nixosSystem {
              modules = [
                self.nixosModules.default
                { nixpkgs.hostPlatform = lib.mkDefault pkgs.stdenv.hostPlatform.system; }
              ]
              ++ modules;
            }).config.system.build.toplevel
        ) (import ./nixos/tests/hosts.nix)
      );

      templates.default = {
        path = ./nixos/template;
        description = "A host that runs Footfall";
      };
    };
}
