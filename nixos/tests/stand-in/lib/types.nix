# Types of options: what a value must be, and how several definitions become one.
#
# A type is { name, description, check, merge }, with nestedTypes and getSubOptions if it contains others. `merge` takes
# the option's location and its definitions [{ file, value }], all of which have passed `check`.
{ lib }:
let
  inherit (builtins)
    all
    attrNames
    concatMap
    elem
    filter
    head
    isAttrs
    isList
    isPath
    isString
    length
    map
    mapAttrs
    substring
    tail
    ;

  type =
    {
      name,
      description,
      check,
      merge,
      descriptionClass ? null,
      emptyValue ? { },
      getSubOptions ? _: { },
    }:
    {
      _type = "option-type";
      inherit
        name
        description
        descriptionClass
        check
        merge
        emptyValue
        getSubOptions
        ;
    };

  shown = lib.showOption;

  # One definition, or several equal ones.
  mergeEqual =
    loc: defs:
    let
      first = (head defs).value;
    in
    if all (def: def.value == first) defs then
      first
    else
      throw ''
        The option `${shown loc}' has conflicting definition values:${lib.showDefs defs}
        Use `lib.mkForce value` or `lib.mkDefault value` to change the priority on any of these definitions.'';

  mergeOne =
    loc: defs:
    if length defs == 1 then
      (head defs).value
    else
      throw "The option `${shown loc}' is defined multiple times while it's expected to be unique.${lib.showDefs defs}";

  scalar =
    name: description: check:
    type {
      inherit name description check;
      descriptionClass = "noun";
      merge = mergeEqual;
    };

  joined =
    between: name:
    type {
      inherit name;
      description = "strings concatenated with ${builtins.toJSON between}";
      descriptionClass = "noun";
      check = isString;
      merge = _: defs: builtins.concatStringsSep between (map (def: def.value) defs);
    };

  ints =
    let
      between =
        lowest: highest:
        type {
          name = "intBetween";
          description = "integer between ${toString lowest} and ${toString highest} (both inclusive)";
          descriptionClass = "noun";
          check = value: builtins.isInt value && value >= lowest && value <= highest;
          merge = mergeEqual;
        };
      signed =
        description: check:
        type {
          name = "int";
          inherit description;
          descriptionClass = "nonRestrictiveClause";
          check = value: builtins.isInt value && check value;
          merge = mergeEqual;
        };
    in
    {
      inherit between;
      positive = signed "positive integer, meaning >0" (value: value > 0);
      unsigned = signed "unsigned integer, meaning >=0" (value: value >= 0);
      u16 = type {
        name = "unsignedInt16";
        description = "16 bit unsigned integer; between 0 and 65535 (both inclusive)";
        descriptionClass = "noun";
        check = value: builtins.isInt value && value >= 0 && value <= 65535;
        merge = mergeEqual;
      };
    };

  types = {
    inherit ints;
    port = ints.u16;

    # Different values are a conflict; true does not win in nixpkgs either.
    bool = scalar "bool" "boolean" builtins.isBool;
    int = scalar "int" "signed integer" builtins.isInt;
    float = scalar "float" "floating point number" builtins.isFloat;
    str = scalar "str" "string" isString;
    strMatching =
      pattern:
      type {
        name = "strMatching ${builtins.toJSON pattern}";
        description = "string matching the pattern ${pattern}";
        descriptionClass = "noun";
        check = value: isString value && builtins.match pattern value != null;
        merge = mergeEqual;
      };
    nonEmptyStr = scalar "nonEmptyStr" "non-empty string" (
      value: isString value && builtins.match "[ \t\n]*" value == null
    );
    lines = joined "\n" "separatedString";
    commas = joined "," "separatedString";

    # A path, or text that begins with a slash.
    path = scalar "path" "absolute path" (
      value: (isPath value || isString value || value ? outPath) && substring 0 1 (toString value) == "/"
    );
    package = type {
      name = "package";
      description = "package";
      descriptionClass = "noun";
      check = value: lib.isDerivation value || lib.isStorePath value;
      merge = mergeOne;
    };
    raw = type {
      name = "raw";
      description = "raw value";
      descriptionClass = "noun";
      check = _: true;
      merge = mergeOne;
    };
    # Any value: sets are merged, anything else must be equal.
    anything = type {
      name = "anything";
      description = "anything";
      descriptionClass = "noun";
      check = _: true;
      merge =
        loc: defs:
        if all (def: isAttrs def.value && !lib.isDerivation def.value) defs then
          (types.attrsOf types.anything).merge loc defs
        else if length defs == 1 then
          (head defs).value
        else if all (def: isList def.value) defs then
          concatMap (def: def.value) defs
        else
          mergeEqual loc defs;
    };
    unspecified = types.anything // {
      name = "unspecified";
      description = "unspecified value";
    };

    enum =
      values:
      type {
        name = "enum";
        description =
          if values == [ ] then
            "impossible (empty enum)"
          else if length values == 1 then
            "value ${lib.showEnumValue (head values)} (singular enum)"
          else
            "one of ${lib.concatMapStringsSep ", " lib.showEnumValue values}";
        descriptionClass = "conjunction";
        check = value: elem value values;
        merge = mergeEqual;
      };

    nullOr =
      inner:
      type {
        name = "nullOr";
        description = "null or ${first inner}";
        descriptionClass = "conjunction";
        check = value: value == null || inner.check value;
        emptyValue.value = null;
        getSubOptions = inner.getSubOptions;
        merge =
          loc: defs:
          let
            nulls = filter (def: def.value == null) defs;
          in
          if length nulls == length defs then
            null
          else if nulls != [ ] then
            throw "The option `${shown loc}' is defined both null and not null, in ${
              lib.showFiles (map (def: def.file) defs)
            }."
          else
            inner.merge loc defs;
      };

    listOf =
      inner:
      type {
        name = "listOf";
        description = "list of ${composed inner}";
        descriptionClass = "composite";
        check = isList;
        emptyValue.value = [ ];
        getSubOptions = prefix: inner.getSubOptions (prefix ++ [ "*" ]);
        merge =
          loc: defs:
          concatMap lib.id (
            lib.imap1 (
              d: def:
              concatMap lib.id (
                lib.imap1 (
                  n: value:
                  let
                    merged = lib.mergeDefinitions (loc ++ [ "[definition ${toString d}-entry ${toString n}]" ]) inner [
                      {
                        inherit (def) file;
                        inherit value;
                      }
                    ];
                  in
                  lib.optional merged.isDefined merged.value
                ) def.value
              )
            ) defs
          );
      };

    attrsOf =
      inner:
      type {
        name = "attrsOf";
        description = "attribute set of ${composed inner}";
        descriptionClass = "composite";
        check = isAttrs;
        emptyValue.value = { };
        getSubOptions = prefix: inner.getSubOptions (prefix ++ [ "<name>" ]);
        merge =
          loc: defs:
          let
            pushed = concatMap (
              def:
              map (value: {
                inherit (def) file;
                inherit value;
              }) (lib.pushDownProperties def.value)
            ) defs;
            merged = lib.genAttrs (lib.unique (concatMap (def: attrNames def.value) pushed)) (
              name:
              lib.mergeDefinitions (loc ++ [ name ]) inner (
                concatMap (
                  def:
                  lib.optional (def.value ? ${name}) {
                    inherit (def) file;
                    value = def.value.${name};
                  }
                ) pushed
              )
            );
          in
          mapAttrs (_: one: one.value) (lib.filterAttrs (_: one: one.isDefined) merged);
      };
    # Here, accessing a name that only a false mkIf defines is an error, instead of the name being left out.
    lazyAttrsOf =
      inner:
      types.attrsOf inner
      // {
        name = "lazyAttrsOf";
        description = "lazy attribute set of ${composed inner}";
      };

    either =
      one: other:
      type {
        name = "either";
        description =
          if one.descriptionClass == "nonRestrictiveClause" then
            "${one.description}, or ${second other}"
          else
            "${first one} or ${second other}";
        descriptionClass = "conjunction";
        check = value: one.check value || other.check value;
        merge =
          loc: defs:
          if all (def: one.check def.value) defs then
            one.merge loc defs
          else if all (def: other.check def.value) defs then
            other.merge loc defs
          else
            mergeOne loc defs;
      };
    oneOf = several: lib.foldl' types.either (head several) (tail several);

    # Also accepts values of `from`, converted by `coerce`.
    coercedTo =
      from: coerce: to:
      type {
        name = "coercedTo";
        description = "${phrase [ "noun" ] to} or ${phrase [ "noun" ] from} convertible to it";
        descriptionClass = "conjunction";
        check = value: to.check value || (from.check value && to.check (coerce value));
        getSubOptions = to.getSubOptions;
        inherit (to) emptyValue;
        merge =
          loc: defs:
          to.merge loc (
            map (def: def // { value = if from.check def.value then coerce def.value else def.value; }) defs
          );
      };

    functionTo =
      inner:
      type {
        name = "functionTo";
        description = "function that evaluates to a(n) ${composed inner}";
        descriptionClass = "composite";
        check = lib.isFunction;
        merge =
          loc: defs: argument:
          (lib.mergeDefinitions (loc ++ [ "<function body>" ]) inner (
            map (def: def // { value = def.value argument; }) defs
          )).value;
      };

    submodule =
      module:
      let
        modules = if isList module then module else [ module ];
        evaluate =
          loc: definitions:
          lib.evalModules {
            modules = [
              { _module.args.name = lib.mkOptionDefault (lib.last ([ "" ] ++ loc)); }
            ]
            ++ modules
            ++ definitions;
            prefix = loc;
          };
        empty = evaluate [ ] [ ];
      in
      type {
        name = "submodule";
        description =
          if empty.freeformType == null then
            "submodule"
          else
            "open submodule of ${composed empty.freeformType}";
        descriptionClass = if empty.freeformType == null then null else "composite";
        check = value: isAttrs value || lib.isFunction value || isPath value;
        emptyValue.value = { };
        # In documentation the name is not known.
        getSubOptions =
          prefix:
          (lib.evalModules {
            modules = [ { _module.args.name = "‹name›"; } ] ++ modules;
            inherit prefix;
          }).options;
        merge =
          loc: defs:
          (evaluate loc (
            map (
              def:
              if isAttrs def.value then
                {
                  _file = def.file;
                  config = def.value;
                }
              else
                lib.setDefaultModuleLocation def.file def.value
            ) defs
          )).config;
      };
  };

  # A type within another's description: in parentheses, unless its class is one of these.
  phrase =
    classes: inner:
    if elem inner.descriptionClass classes then inner.description else "(${inner.description})";
  composed = phrase [
    "noun"
    "composite"
  ];
  first = phrase [
    "noun"
    "conjunction"
  ];
  second = phrase [
    "noun"
    "conjunction"
    "composite"
  ];
in
types
