# Secrets that nobody has to think of: footfall-secrets.service makes those that are missing, on the first boot. A host
# that names files of its own in services.footfall.*.secrets takes those instead.
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
      Where the secrets lie that are made on the first boot, for root alone: `privacy.visitor_secret`, and
      `access.password` of the live page.
    '';
  };
}
