# Secrets that need no configuration: footfall-secrets.service generates missing ones on the first boot. Files named in
# services.footfall.*.secrets are used instead.
{ lib, config, ... }:
let
  inherit (lib) mkOption types;
in
{
  options.services.footfall.secretsDir = mkOption {
    type = types.path;
    default = "/var/lib/footfall/secrets";
    readOnly = true;
    description = ''
      The folder of the secrets that are generated on the first boot, readable only by root: `privacy.visitor_secret`, and
      `access.password` of the live page.
    '';
  };
}
