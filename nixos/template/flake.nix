{
  description = "A host that runs Footfall";

  # Where your copy of Footfall is: git+https://..., or path:/srv/footfall.
  inputs.footfall.url = "path:/srv/footfall";
  inputs.nixpkgs.follows = "footfall/nixpkgs";

  outputs =
    { nixpkgs, footfall, ... }:
    {
      nixosConfigurations.host = nixpkgs.lib.nixosSystem {
        modules = [
          footfall.nixosModules.default
          ./configuration.nix
          ./hardware-configuration.nix
        ];
      };
    };
}
