# Writes TOML: plain keys before tables, and one table per set.
{ lib }:
let
  key = name: if builtins.match "[A-Za-z0-9_-]+" name != null then name else builtins.toJSON name;
  inline =
    value:
    if builtins.isAttrs value then
      "{ ${
        lib.concatMapStringsSep ", " (name: "${key name} = ${inline value.${name}}") (
          builtins.attrNames value
        )
      } }"
    else if builtins.isList value then
      "[${lib.concatMapStringsSep ", " inline value}]"
    else if builtins.isPath value then
      builtins.toJSON (toString value)
    else
      builtins.toJSON value;
  table =
    path: set:
    let
      tables = lib.filterAttrs (_: builtins.isAttrs) set;
      plain = lib.filterAttrs (_: value: !builtins.isAttrs value) set;
    in
    lib.optionalString (path != [ ] && (plain != { } || tables == { }))
      "[${lib.concatMapStringsSep "." key path}]\n"
    + lib.concatMapStrings (name: "${key name} = ${inline plain.${name}}\n") (builtins.attrNames plain)
    + lib.concatMapStrings (name: table (path ++ [ name ]) tables.${name}) (builtins.attrNames tables);
in
table [ ]
