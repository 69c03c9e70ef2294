# Runs the given lib's module system through a list of cases. module-system.json holds the answers of nixpkgs' own
# (nix-community/nixpkgs.lib, commit de42d442): the stand-in must give the same values and errors.
{ lib }:
let
  inherit (lib) mkOption types;
  inherit (types)
    attrsOf
    bool
    enum
    int
    listOf
    nullOr
    oneOf
    port
    str
    submodule
    ;
  configOf = modules: (lib.evalModules { inherit modules; }).config;
  # One option `x` of this type, with these definitions.
  merged =
    type: definitions:
    (configOf (
      [ { options.x = mkOption { inherit type; }; } ] ++ map (x: { config.x = x; }) definitions
    )).x;
  from = file: x: {
    _file = file;
    config = { inherit x; };
  };
  of = type: { options.x = mkOption { inherit type; }; };
  person = submodule (
    { name, config, ... }:
    {
      options.name = mkOption {
        type = str;
        default = name;
      };
      options.shout = mkOption { type = str; };
      config.shout = "${config.name}!";
    }
  );
  open = submodule {
    freeformType = attrsOf (oneOf [
      int
      str
      (listOf str)
    ]);
    options.known = mkOption {
      type = port;
      default = 1;
    };
  };
in
{
  values = {
    default_is_weakest = merged int [
      (lib.mkDefault 1)
      2
    ];
    force_is_strongest = merged int [
      1
      (lib.mkForce 2)
      (lib.mkDefault 3)
    ];
    override_inside_if = merged int [
      (lib.mkIf true (lib.mkForce 2))
      1
    ];
    lists_add_up_in_order = merged (listOf int) [
      [ 1 ]
      (lib.mkBefore [ 0 ])
      (lib.mkAfter [ 9 ])
      [ 2 ]
    ];
    lines_in_order = merged types.lines [
      (lib.mkAfter "last")
      "middle"
      (lib.mkBefore "first")
    ];
    false_ifs_vanish = merged (attrsOf int) [
      { a = lib.mkIf false 1; }
      { b = 2; }
      (lib.mkIf false { c = 3; })
      (lib.mkMerge [
        { d = 4; }
        { e = lib.mkIf true 5; }
      ])
    ];
    false_ifs_in_lists = merged (listOf int) [
      [
        1
        (lib.mkIf false 2)
        3
      ]
    ];
    attributes_by_priority = merged (attrsOf int) [
      {
        a = lib.mkDefault 1;
        b = lib.mkDefault 1;
      }
      { b = 2; }
    ];
    submodules_know_their_name = merged (attrsOf person) [
      {
        ada = { };
        bob.name = "Robert";
      }
    ];
    submodule_from_a_function = merged person [
      (
        { config, ... }:
        {
          name = "Ada";
        }
      )
    ];
    open_submodule = merged open [
      { known = 2; }
      {
        other = "x";
        more = [ "a" ];
      }
      { more = [ "b" ]; }
    ];
    null_or = merged (nullOr int) [ null ];
    same_values_agree = merged str [
      "x"
      "x"
    ];
    either_picks = merged (oneOf [
      bool
      int
      (listOf str)
    ]) [ [ "a" ] ];
    coerced = merged (types.coercedTo (listOf str) (lib.concatStringsSep ",") types.commas) [
      [
        "a"
        "b"
      ]
      "c"
    ];
    apply_comes_last =
      (configOf [
        {
          options.x = mkOption {
            type = int;
            default = 2;
            apply = x: x * 10;
          };
        }
      ]).x;
    default_is_used =
      (configOf [
        {
          options.x = mkOption {
            type = attrsOf int;
            default.a = 1;
          };
        }
      ]).x;
    definition_replaces_default =
      (configOf [
        {
          options.x = mkOption {
            type = attrsOf int;
            default.a = 1;
          };
        }
        { x.b = 2; }
      ]).x;
    imports_count_once =
      (configOf [
        {
          options.x = mkOption { type = listOf int; };
          imports = [
            { x = [ 1 ]; }
            { x = [ 2 ]; }
          ];
          config.x = [ 3 ];
        }
      ]).x;
    arguments =
      (configOf [
        (of int)
        (
          { given, ... }:
          {
            x = given + 1;
          }
        )
        { _module.args.given = 1; }
      ]).x;
    unchecked =
      (configOf [
        (of int)
        {
          _module.check = false;
          x = 1;
          y = 2;
        }
      ]).x;
    function_to = merged (types.functionTo (listOf int)) [
      (n: [ n ])
      (n: [ (n + 1) ])
    ] 5;
    priority_of_a_whole_set = merged (attrsOf int) [
      (lib.mkForce { a = 1; })
      { b = 2; }
    ];
    documentation =
      map
        (option: {
          inherit (option)
            name
            type
            internal
            visible
            readOnly
            ;
          default = option.default.text or null;
          example = option.example.text or null;
        })
        (
          lib.filter (option: option.name != "_module.args" && !option.internal) (
            lib.optionAttrSetToDocList
              (lib.evalModules {
                modules = [
                  {
                    options.services.a = {
                      enable = lib.mkEnableOption "a";
                      people = mkOption {
                        type = attrsOf person;
                        default = { };
                        example.ada = { };
                        description = "People.";
                      };
                      list = mkOption {
                        type = listOf (nullOr str);
                        default = [ "x" ];
                        readOnly = true;
                        description = "List.";
                      };
                      "dotted.key" = mkOption {
                        type = enum [
                          "a"
                          "b"
                        ];
                        default = "a";
                        defaultText = lib.literalExpression "something";
                        description = "Dotted.";
                      };
                    };
                  }
                ];
              }).options
          )
        );
    types = map (type: type.description) [
      (listOf (nullOr str))
      (attrsOf (oneOf [
        str
        int
      ]))
      (nullOr (enum [
        "a"
        "b"
      ]))
      types.lines
      types.commas
      types.ints.positive
      (types.ints.between 1 5)
      (nullOr types.ints.positive)
      (types.either types.ints.positive str)
      (types.coercedTo (listOf str) (_: "") str)
      (types.functionTo (listOf types.package))
      open
      (attrsOf person)
      (types.strMatching "a+")
    ];
  };

  # Each is an error.
  errors = {
    typo = configOf [
      (of int)
      (from "host.nix" 1)
      {
        _file = "host.nix";
        config.y = 2;
      }
    ];
    typo_in_a_submodule = merged (attrsOf person) [ { ada.nmae = "Ada"; } ];
    wrong_type = configOf [
      (of int)
      (from "host.nix" "one")
    ];
    wrong_type_in_a_list = merged (listOf int) [ [ "one" ] ];
    wrong_type_in_a_set = merged (attrsOf port) [ { a = 70000; } ];
    wrong_type_of_a_free_key = merged open [ { other = true; } ];
    wrong_type_of_a_known_key = merged open [ { known = "x"; } ];
    not_one_of = merged (enum [
      "a"
      "b"
    ]) [ "c" ];
    contradiction = merged str [
      "a"
      "b"
    ];
    missing = configOf [ (of int) ];
    read_only_twice = configOf [
      {
        options.x = mkOption {
          type = int;
          readOnly = true;
        };
      }
      { x = 1; }
      { x = lib.mkForce 2; }
    ];
    declared_twice = configOf [
      (of int)
      (of str)
    ];
    beside_config = configOf [
      (of int)
      {
        _file = "host.nix";
        config.x = 1;
        x = 1;
      }
    ];
  };
}
