# The light profile; `become-appliance` is what its owner runs later: the same host with another profile.
{ lib, pkgs, ... }:
{
  services.footfall.enable = true;
  services.footfall.openFirewall = true;
  services.footfall.site.port = 80;
  # Of these tests one client sends what thousands would.
  services.footfall.ingest.settings.rates.events_per_s = 0;
  services.footfall.profile = lib.mkDefault "light";
  specialisation.appliance.configuration.services.footfall.profile = "appliance";
  environment.systemPackages = [
    (pkgs.writeShellScriptBin "become-appliance" ''
      exec /run/current-system/specialisation/appliance/bin/switch-to-configuration test
    '')
  ];

  virtualisation.memorySize = 3072;
  virtualisation.diskSize = 4096;
  virtualisation.cores = 2;
  system.stateVersion = "26.05";
}
