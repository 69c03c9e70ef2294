# Somebody's computer: a browser, and what scripts ask with.
{ pkgs, ... }:
{
  imports = [ ./blank.nix ];
  virtualisation.memorySize = pkgs.lib.mkForce 2048;
  environment.systemPackages = [
    pkgs.chromium
    pkgs.chromedriver
    pkgs.curl
    pkgs.python3
  ];
}
