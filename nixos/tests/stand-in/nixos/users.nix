# Users and groups, written as sysusers.d, from which a Debian that boots the result creates them.
{ lib, config, ... }:
let
  inherit (lib) mkOption types;
in
{
  options.users = {
    users = mkOption {
      default = { };
      type = types.attrsOf (
        types.submodule {
          options = {
            isSystemUser = mkOption {
              type = types.bool;
              default = false;
            };
            isNormalUser = mkOption {
              type = types.bool;
              default = false;
            };
            group = mkOption {
              type = types.str;
              default = "";
            };
            extraGroups = mkOption {
              type = types.listOf types.str;
              default = [ ];
            };
            description = mkOption {
              type = types.str;
              default = "";
            };
            home = mkOption {
              type = types.path;
              default = "/var/empty";
            };
          };
        }
      );
    };
    groups = mkOption {
      default = { };
      type = types.attrsOf (
        types.submodule {
          options.members = mkOption {
            type = types.listOf types.str;
            default = [ ];
          };
        }
      );
    };
  };
  config = {
    assertions = lib.mapAttrsToList (name: user: {
      assertion = user.isSystemUser != user.isNormalUser;
      message = "Exactly one of users.users.${name}.isSystemUser and users.users.${name}.isNormalUser must be set.";
    }) config.users.users;
    environment.etc."sysusers.d/nixos.conf".text = lib.concatLines (
      map (group: "g ${group} -") (lib.attrNames config.users.groups)
      ++ lib.mapAttrsToList (
        name: user: ''u ${name} -:${user.group} "${user.description}" ${user.home}''
      ) config.users.users
      ++ lib.concatLists (
        lib.mapAttrsToList (
          name: user: map (group: "m ${name} ${group}") user.extraGroups
        ) config.users.users
      )
    );
  };
}
