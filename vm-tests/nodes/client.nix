# A visitor's computer: a browser, and the tools that scripts use.
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
