# The system users, as nixos/sysusers.d/footfall.conf lists them.
{ lib, config, ... }:
let
  cfg = config.services.footfall;
  lines = lib.splitString "\n" (builtins.readFile ../sysusers.d/footfall.conf);
  # [ name description ] of a line "u NAME ID "DESCRIPTION""; null of any other.
  user = builtins.match "u +([^ ]+) +[^ ]+ +\"([^\"]*)\".*";
  users = lib.filter (found: found != null) (map user lines);
  nameOf = lib.head;
  # NixOS has its own user for Kafka.
  here = lib.filter (found: nameOf found != "footfall-kafka") users;
in
{
  config = lib.mkIf cfg.enable {
    users.users = lib.listToAttrs (
      map (
        found:
        lib.nameValuePair (nameOf found) {
          isSystemUser = true;
          group = nameOf found;
          description = lib.last found;
        }
      ) here
    );
    users.groups = lib.listToAttrs (map (found: lib.nameValuePair (nameOf found) { }) here);
  };
}
